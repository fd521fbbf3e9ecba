"""``LayeredStore``: a durable store behind, a fast one in front. The first is the truth, the other has copies.

The protocol, and why no reader meets an older value after a newer one, is told in docs/layered.md.
"""

import math
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from django.core.exceptions import ImproperlyConfigured

from statestore.backends.base import StateStore
from statestore.backends.layered_epoch import SCOPE as EPOCH_SCOPE
from statestore.backends.layered_epoch import Epoch
from statestore.backends.layered_front import COPY, EPOCH_SIZE, LEASE, NOTHING, Cells, Front, FrontDown
from statestore.entries import ABSENT, Page, Record, Sentinel, Stamp
from statestore.exceptions import StoreTimeout

Answer = TypeVar("Answer")

DEFAULTS = {"durable": "default", "fast": "fast", "trust": 1.0, "longest_transaction": 300.0}
WAITS = (0.001, 0.002, 0.004, 0.008, 0.016, 0.032)  # seconds, for a copy that somebody else is fetching
HEAD = 1 + EPOCH_SIZE


class LayeredStore(StateStore):
    """Database safety at cache speed: ``OPTIONS: {"durable": alias, "fast": alias}``."""

    durable = True
    shared = True
    composite = True

    def __init__(self, alias: str = "default", params: Mapping[str, Any] | None = None) -> None:
        super().__init__(alias, params)
        for problem in self.option_problems(alias, params or {}):
            raise ImproperlyConfigured(f"STATESTORE['STORES'][{alias!r}]: {problem}")
        self.options = DEFAULTS | dict(self.config.options)
        self._own = threading.local()

    @classmethod
    def option_problems(cls, alias: str, params: Mapping[str, Any]) -> list[str]:
        """Return what is wrong with ``OPTIONS``, as sentences."""
        options = params.get("OPTIONS") or {}
        found = [
            f"OPTIONS: {name!r} is not an option of a LayeredStore." for name in options if name not in DEFAULTS
        ]
        given = DEFAULTS | dict(options)
        for name in ("trust", "longest_transaction"):
            if type(given[name]) not in (int, float) or not 0 < given[name] < math.inf:
                found.append(f"OPTIONS: {name} is a number of seconds above 0.")
        if alias in (given["durable"], given["fast"]) or given["durable"] == given["fast"]:
            found.append("OPTIONS: durable and fast name two other stores.")
        return found

    @property
    def transactional(self) -> bool:  # type: ignore[override]
        """Does a write belong to the caller's database transaction?"""
        return self._sibling("durable").transactional

    def _sibling(self, role: str) -> StateStore:
        if self.siblings is None:
            raise ImproperlyConfigured(
                "A LayeredStore finds its two stores in STATESTORE: use it through stores[…]."
            )
        return self.siblings[self.options[role]]

    def _open(self) -> None:
        self._back = self._sibling("durable")
        self._front = Front(self._sibling("fast"), self.alias, self.options["longest_transaction"])
        self._epoch = Epoch(self._back, self.alias, self.options["trust"])

    # -- reading

    def _read_one(self, scope: str, key: str) -> Record | None:
        return self._read(scope, (key,)).get(key)

    def _read(self, scope: str, keys: Collection[str] | None) -> Mapping[str, Record]:
        if keys is None:
            return self._without_epoch(scope, self._behind(scope, None))
        try:
            if self._wrote_here(scope) or (epoch := self._trusted_epoch()) is None:
                return self._behind(scope, keys)
            return self._read_through(scope, keys, epoch)
        except FrontDown:
            return self._behind(scope, keys)

    def _read_through(self, scope: str, keys: Collection[str], epoch: bytes) -> Mapping[str, Record]:
        cells = self._front.read(scope, keys, self.now())
        if cells.marked:
            return self._behind(scope, keys)
        copies = {key: _copy(cells.found.get(key), epoch) for key in keys}
        missing = [key for key, copy in copies.items() if copy is ABSENT]
        fetched: Mapping[str, Record | None] = {}
        if len(missing) == 1:
            fetched = self._fetch_alone(scope, missing[0], cells, epoch)
        elif missing:
            fetched = self._fetch_leased(scope, missing, self._front.lease(scope, missing, None, self.now()), epoch)
        return {key: record for key, record in {**copies, **fetched}.items() if isinstance(record, Record)}

    def _fetch_alone(self, scope: str, key: str, cells: Cells, epoch: bytes) -> Mapping[str, Record | None]:
        """Fetch one key for all who miss it now: one gets the lease, the others wait a little for the copy."""
        cell = cells.found.get(key)
        if cell is None or cell.text != LEASE:
            lease = self._front.lease(scope, [key], ABSENT if cell is None else cell.version, self.now())
            if lease:
                return self._fetch_leased(scope, [key], lease, epoch)
        for seconds in WAITS:
            time.sleep(seconds)
            cells = self._front.read(scope, [key], self.now())
            copy = _copy(cells.found.get(key), epoch)
            if cells.marked or key not in cells.found:
                break
            if copy is not ABSENT:
                return {key: copy}
        return {key: self._behind_one(scope, key)}

    def _fetch_leased(
        self, scope: str, keys: Collection[str], lease: str | None, epoch: bytes
    ) -> Mapping[str, Record | None]:
        if self._front.is_marked(scope, self.now()):
            self._front.give_up(scope, keys, self.now())
            return self._behind(scope, keys)
        found = self._behind(scope, keys)
        records = {key: found.get(key) for key in keys}
        try:
            self._front.fill(scope, records, epoch, str(lease), self.now())
        except FrontDown:
            pass  # the copy was only for next time
        return records

    def _behind(self, scope: str, keys: Collection[str] | None) -> Mapping[str, Record]:
        return self._back._ask(self._back._read, scope, keys if keys is None else list(keys))

    def _behind_one(self, scope: str, key: str) -> Record | None:
        return self._back._ask(self._back._read_one, scope, key)

    def _read_to_change(self, scope: str, key: str) -> Record | None:
        return self._back._ask(self._back._read_to_change, scope, key)

    def _stamps(self, scope: str) -> Mapping[str, Stamp]:
        return self._without_epoch(scope, self._back._ask(self._back._stamps, scope))

    def _scan(self, prefix: str, after: str, limit: int, idle_since: int | None, now: int) -> Page:
        return self._back._ask(self._back._scan, prefix, after, limit, idle_since, now)

    def _without_epoch(self, scope: str, found: Mapping[str, Any]) -> Mapping[str, Any]:
        if scope != EPOCH_SCOPE:
            return found
        return {key: value for key, value in found.items() if key != self._epoch.key}

    def _trusted_epoch(self) -> bytes | None:
        """Return the epoch whose copies may be believed; None while the fast store is not to be used."""
        if self._front.is_resting:
            return None
        epoch, suspended = self._epoch.current()
        if suspended and not self._back._in_transaction():
            self._front.is_marked(EPOCH_SCOPE, self.now())  # is it back? If not, this ends here
            self._epoch.renew(self.now())
            epoch, suspended = self._epoch.current()
        return None if suspended else epoch

    # -- writing

    def _write(self, scope: str, texts: Mapping[str, bytes], stamp: Stamp, expect: str | Sentinel | None) -> bool:
        return self._change(
            {scope: texts}, lambda: self._back._tell(self._back._write, scope, texts, stamp, expect)
        )

    def _remove(self, scope: str, keys: Collection[str], expect: str | None, now: int) -> list[str]:
        return self._change({scope: keys}, lambda: self._back._tell(self._back._remove, scope, keys, expect, now))

    def _delete(
        self, scope: str, now: int, unused_since: int | None = None, versions: Mapping[str, str] | None = None
    ) -> int | None:
        hook = self._back._delete
        return self._change({scope: None}, lambda: self._back._tell(hook, scope, now, unused_since, versions))

    def _clean(self, names: Iterable[str], unused_since: int, now: int) -> dict[str, int]:
        scopes = list(names)
        hook = self._back._clean
        return self._change(dict.fromkeys(scopes), lambda: self._back._tell(hook, scopes, unused_since, now))

    def _touch(self, scope: str, now: int) -> bool:
        return self._back._tell(self._back._touch, scope, now)

    def _sweep(self, prefix: str, after: str, last: str | None, now: int) -> None:
        self._back._tell(self._back._sweep, prefix, after, last, now)
        try:
            self._front._tell(self._front.store._sweep, prefix, after, last, now)
        except FrontDown:
            pass  # there it costs only room

    def _change(self, places: Mapping[str, Collection[str] | None], write: Callable[[], Answer]) -> Answer:
        """Write behind, with the scopes marked in front until it is committed."""
        self._remember(places)
        try:
            tokens = {scope: self._front.mark(scope, keys, self.now()) for scope, keys in places.items()}
        except FrontDown:
            return self._change_unmarked(write)
        try:
            answer = write()
        except StoreTimeout:
            raise  # it may have happened, or be happening still: the marks stay till they expire
        except BaseException:
            self._settle(places, tokens)
            raise
        self._after_commit(lambda: self._settle(places, tokens))
        return answer

    def _change_unmarked(self, write: Callable[[], Answer]) -> Answer:
        """Write behind while the fast store can't be told: nobody may believe it any more."""
        if not self._epoch.current()[1]:
            self._epoch.suspend(self.now())
        with self._back._transaction():
            if not self._epoch.is_suspended_for_sure():
                self._epoch.suspend(self.now())
            return write()

    def _settle(self, places: Mapping[str, Collection[str] | None], tokens: Mapping[str, str]) -> None:
        self._own.scopes = set() if not self._in_transaction() else self._own_scopes()
        try:
            for scope, keys in places.items():
                self._front.unmark(scope, keys, tokens[scope], self.now())
        except FrontDown:
            pass  # the marks stay till they expire, and the copies are gone

    def _remember(self, places: Iterable[str]) -> None:
        if self._in_transaction():
            self._own.scopes = self._own_scopes() | set(places)

    def _wrote_here(self, scope: str) -> bool:
        """Did the transaction that is open here write to this scope? (After a rollback the answer may linger.)"""
        if not self._own_scopes():
            return False
        if not self._in_transaction():
            self._own.scopes = set()
        return scope in self._own_scopes()

    def _own_scopes(self) -> set[str]:
        return getattr(self._own, "scopes", set())

    # -- the rest

    def _in_transaction(self) -> bool:
        return self._back._in_transaction()

    def _transaction(self) -> AbstractContextManager[Any]:
        return self._back._transaction()

    def _after_commit(self, action: Callable[[], None]) -> None:
        self._back._after_commit(action)

    def _health(self) -> tuple[str, str, list[str]]:
        server, version, threats = self._back._ask(self._back._health)
        front = self._sibling("fast").health()
        if not front.reachable:
            threats = [*threats, f"The fast store {front.alias!r} does not answer: reads are slower."]
        name = f"{server} behind {front.server}" if front.server else server
        return name, version, threats


def _copy(cell: Record | None, epoch: bytes) -> Record | Sentinel | None:
    """Return the record that a cell copies; None where it says that there is none; ``ABSENT`` if it is no copy."""
    if cell is None or cell.text[1:HEAD] != epoch:
        return ABSENT
    kind = cell.text[:1]
    if kind == COPY:
        return cell._replace(text=cell.text[HEAD:])
    return None if kind == NOTHING else ABSENT
