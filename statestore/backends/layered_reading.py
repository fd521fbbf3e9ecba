"""How ``LayeredStore`` reads: from the fast store; what is missing there from the durable one, with a copy left."""

import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

from statestore.backends.core import Core
from statestore.backends.layered_epoch import Epoch
from statestore.backends.layered_front import COPY, HEAD, LEASE, NOTHING, Cells, Front, copied, sorted_out
from statestore.backends.layered_line import FrontDown
from statestore.backends.layered_marks import CELL
from statestore.entries import ABSENT, Record

WAITS = (0.001, 0.002, 0.004, 0.008, 0.016, 0.032)  # seconds, for a copy that somebody else is fetching

Found = Mapping[str, Record | None]


class Through:
    """Reads through the fast store. ``FrontDown`` where that can't be done."""

    def __init__(
        self, front: Front, back: Core, epoch: Epoch, now: Callable[[], int], ask_behind: Callable[[], object]
    ) -> None:
        self.front = front
        self.back = back
        self.epoch = epoch
        self.now = now
        self.ask_behind = ask_behind

    def read_one(self, scope: str, key: str, epoch: bytes) -> Record | None:
        """Return the record under one key, as ``read`` does. A hit is the hottest path of all.

        It is not asked whether a mark is there: its writer would have removed the copy before it wrote.
        """
        found = self.front.fetch_one(scope, key)
        if found is None:
            return self._complete(scope, (key,), {}, epoch).get(key)
        text, version, updated_at, expires_at = found
        if text.startswith(self.epoch.copies_begin()):  # should it have expired, so has the entry
            return Record(text[HEAD:], version, updated_at, expires_at)
        return self._complete(scope, (key,), {CELL + key: found}, epoch).get(key)

    def read(self, scope: str, keys: Collection[str], epoch: bytes) -> Mapping[str, Record]:
        """Return the records there are under these keys, and leave copies of those that had none."""
        return self._complete(scope, keys, self.front.fetch(scope, keys), epoch)

    def texts(self, scope: str, keys: Collection[str], epoch: bytes, now: int) -> Mapping[str, bytes]:
        """Return the texts of the live records under these keys: quicker than ``read`` where all have copies."""
        cells = self.front.fetch_texts(scope, keys, now)
        heads = {text[:HEAD] for text in cells.values()}
        if len(cells) == len(keys) and heads <= {COPY + epoch, NOTHING + epoch} and self.epoch.is_still(epoch):
            return {name[1:]: text[HEAD:] for name, text in cells.items() if text[:1] == COPY}
        return {key: record.text for key, record in self.read(scope, keys, epoch).items() if record.is_live(now)}

    def _complete(
        self, scope: str, keys: Collection[str], found: Mapping[str, Record], epoch: bytes
    ) -> Mapping[str, Record]:
        cells = sorted_out(found, self.now())
        if cells.marked:
            return self.behind(scope, keys)
        copies: dict[str, Any] = _copies(cells, keys, epoch)
        missing = [key for key, copy in copies.items() if copy is ABSENT]
        if missing:
            copies = dict(self._fetch(scope, keys, missing, cells, epoch))  # what was found may be gone since
        if not self.epoch.is_still(epoch):  # others began the next one, perhaps on another server
            return self.behind(scope, keys)
        return {key: record for key, record in copies.items() if isinstance(record, Record)}

    def behind(self, scope: str, keys: Collection[str] | None) -> Mapping[str, Record]:
        """Return the records that the durable store has."""
        self.ask_behind()
        return self.back._ask(self.back._read, scope, keys if keys is None else list(keys))

    def behind_one(self, scope: str, key: str) -> Record | None:
        self.ask_behind()
        return self.back._ask(self.back._read_one, scope, key)

    def _fetch(self, scope: str, keys: Collection[str], missing: list[str], cells: Cells, epoch: bytes) -> Found:
        """Fetch what is missing, and with it all that was asked for.

        What was found is of a moment that is over: beside it the rest of a later write would be half of that.
        """
        if len(missing) > 1:
            return self._fetch_leased(
                scope, keys, missing, self.front.lease(scope, missing, None, self.now()), epoch
            )
        found = cells.found.get(missing[0])
        if found is None or found.text != LEASE:  # one who misses it gets the lease, the others wait a little
            expect = ABSENT if found is None else found.version
            lease = self.front.lease(scope, missing, expect, self.now())
            if lease[0]:
                return self._fetch_leased(scope, keys, missing, lease, epoch)
        return self._wait_for_copy(scope, keys, missing[0], epoch)

    def _wait_for_copy(self, scope: str, keys: Collection[str], missing: str, epoch: bytes) -> Found:
        for seconds in WAITS:
            time.sleep(seconds)
            cells = self.front.read(scope, keys, self.now())
            copies = _copies(cells, keys, epoch)
            if cells.marked or missing not in cells.found:
                break
            if ABSENT not in copies.values():
                return copies
        return self.behind(scope, keys)

    def _fetch_leased(
        self, scope: str, keys: Collection[str], missing: list[str], lease: tuple[str | None, bool], epoch: bytes
    ) -> Found:
        version, marked = lease
        if marked:
            self.front.give_up(scope, missing, self.now())
            return self.behind(scope, keys)
        found = self.behind(scope, keys)
        try:
            copied_now = {key: found.get(key) for key in missing}
            self.front.fill(scope, copied_now, epoch, str(version), self.now())
        except FrontDown:
            pass  # the copies were only for next time
        return found


def _copies(cells: Cells, keys: Collection[str], epoch: bytes) -> dict[str, Any]:
    """Return what the cells copy: a record, None for nothing, ``ABSENT`` where there is no copy."""
    return {key: copied(cells.found.get(key), epoch) for key in keys}
