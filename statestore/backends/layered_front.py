"""The fast store in front, as ``LayeredStore`` uses it: copies of what the durable store said, and writers' marks.

In the fast store a scope has its own name and, beside no user's key, these fields:

``=KEY``  a cell: a copy (``=``, the epoch, the text), the news that nothing is there (``-``, the epoch), or a lease
          (``?``): somebody is about to put a copy here.
``!``     the mark: the tokens of writers that are between "about to write" and "committed".

A copy is put only over the putter's own lease, and a lease is given up when a mark is there after it was taken;
a writer sets its mark first and removes the cells then. So no copy can be older than what was committed.
"""

import logging
import time
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

import orjson

from statestore.backends.core import Core
from statestore.backends.rules import new_version
from statestore.entries import ABSENT, Record, Sentinel, Stamp
from statestore.exceptions import StoreError, StoreUnavailable

logger = logging.getLogger("statestore")

MARK = "!"
COPY, NOTHING, LEASE = b"=", b"-", b"?"
EPOCH_SIZE = 16
LEASED_FOR = 3_000_000  # microseconds that a reader may take to fetch a copy
NOTHING_FOR = 60_000_000  # microseconds that the news of nothing is kept
RETRY_AFTER = 1.0  # seconds without the fast store once it has failed
TRIES = 1000  # at changing a mark against other writers


class FrontDown(Exception):
    """The fast store can't be used now; the durable one can."""


class Cells(NamedTuple):
    """What the fast store has of some keys: the cells by key, and whether a writer has marked the scope."""

    found: Mapping[str, Record]
    marked: bool


class Front:
    """Talks to the fast store; says once that it is down, and once that it is back."""

    def __init__(self, store: Core, alias: str, longest_transaction: float) -> None:
        self.store = store
        self.alias = alias
        self.marked_for = int(longest_transaction * 1_000_000)
        self._retry_at = 0.0
        self._is_down = False

    @property
    def is_resting(self) -> bool:
        """Did it fail a moment ago?"""
        return time.monotonic() < self._retry_at

    def read(self, scope: str, keys: Collection[str], now: int) -> Cells:
        found = self._ask(self.store._read, scope, [MARK, *(f"={key}" for key in keys)])
        live = {name: record for name, record in found.items() if record.is_live(now)}
        return Cells({name[1:]: record for name, record in live.items() if name != MARK}, MARK in live)

    def is_marked(self, scope: str, now: int) -> bool:
        record = self._ask(self.store._read_one, scope, MARK)
        return record is not None and record.is_live(now)

    # -- copies

    def lease(self, scope: str, keys: Collection[str], expect: str | Sentinel | None, now: int) -> str | None:
        """Take leases and return their version; with ``expect`` (of one key) None if somebody was quicker."""
        stamp = Stamp(new_version(), now, now + LEASED_FOR)
        taken = self._tell(self.store._write, scope, {f"={key}": LEASE for key in keys}, stamp, expect)
        return stamp.version if taken else None

    def give_up(self, scope: str, keys: Iterable[str], now: int) -> None:
        self._tell(self.store._remove, scope, [f"={key}" for key in keys], None, now)

    def fill(self, scope: str, records: Mapping[str, Record | None], epoch: bytes, lease: str, now: int) -> None:
        """Put copies over our leases; where a lease is gone, so is the right to."""
        for key, record in records.items():
            if record is None:
                text, stamp = NOTHING + epoch, Stamp(new_version(), now, now + NOTHING_FOR)
            else:
                text, stamp = COPY + epoch + record.text, Stamp(*record[1:])
            self._tell(self.store._write, scope, {f"={key}": text}, stamp, lease)

    # -- marks

    def mark(self, scope: str, keys: Collection[str] | None, now: int) -> str:
        """Announce a write and remove the copies of these keys (None: of the whole scope); return our token."""
        token = new_version()
        mine = [token, now + self.marked_for]
        if not self._put_mark(scope, [mine], token, ABSENT, now):
            self._change_mark(scope, lambda others: [*others, mine], now)
        self.drop(scope, keys, now)
        return token

    def unmark(self, scope: str, keys: Collection[str] | None, token: str, now: int) -> None:
        """Remove the copies once more and take our token away."""
        self.drop(scope, keys, now)
        if not self._tell(self.store._remove, scope, [MARK], token, now):
            self._change_mark(scope, lambda others: [other for other in others if other[0] != token], now)

    def drop(self, scope: str, keys: Collection[str] | None, now: int) -> None:
        """Remove cells."""
        if keys is None:
            names = [name for name in self._ask(self.store._stamps, scope) if name != MARK]
        else:
            names = [f"={key}" for key in keys]
        for first in range(0, len(names), 1000):
            self._tell(self.store._remove, scope, names[first : first + 1000], None, now)

    def _change_mark(self, scope: str, change: Any, now: int) -> None:
        for _ in range(TRIES):
            record = self._ask(self.store._read_one, scope, MARK)
            record = record if record and record.is_live(now) else None
            tokens = [token for token in (orjson.loads(record.text) if record else []) if token[1] > now]
            wanted, version = change(tokens), record.version if record else ABSENT
            if wanted == tokens:
                return
            if not wanted and self._tell(self.store._remove, scope, [MARK], version, now):
                return
            if wanted and self._put_mark(scope, wanted, new_version(), version, now):
                return
        raise self._down(StoreUnavailable("too many writers at once"))

    def _put_mark(self, scope: str, tokens: list[Any], version: str, expect: str | Sentinel, now: int) -> bool:
        stamp = Stamp(version, now, max(token[1] for token in tokens))
        return self._tell(self.store._write, scope, {MARK: orjson.dumps(tokens)}, stamp, expect)

    # -- up and down

    def _ask(self, hook: Any, *args: Any) -> Any:
        return self._reach(self.store._ask, hook, *args)

    def _tell(self, hook: Any, *args: Any) -> Any:
        return self._reach(self.store._tell, hook, *args)

    def _reach(self, way: Any, hook: Any, *args: Any) -> Any:
        if self.is_resting:
            raise FrontDown
        try:
            answer = way(hook, *args)
        except StoreError as error:
            raise self._down(error) from error
        if self._is_down:
            self._is_down = False
            logger.info("The fast store %r of %r is back", self.store.alias, self.alias)
        return answer

    def _down(self, error: StoreError) -> FrontDown:
        self._retry_at = time.monotonic() + RETRY_AFTER
        if not self._is_down:
            self._is_down = True
            logger.warning(
                "The fast store %r of %r is down; %r serves", self.store.alias, self.alias, "the durable one"
            )
        return FrontDown(str(error))
