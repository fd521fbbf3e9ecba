"""``LayeredStore``: a durable store behind, a fast one in front. The first is the truth, the other has copies.

The protocol, and why no reader meets an older value after a newer one, is told in docs/layered.md.
"""

import logging
import math
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from typing import Any, TypeVar

from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from statestore.backends.base import StateStore
from statestore.backends.layered_epoch import SCOPE as EPOCH_SCOPE
from statestore.backends.layered_epoch import Epoch
from statestore.backends.layered_front import Front
from statestore.backends.layered_line import FrontDown
from statestore.backends.layered_marks import Mark, Places
from statestore.backends.layered_own import Own
from statestore.backends.layered_reading import Through
from statestore.backends.rules import new_version
from statestore.conf import store_params
from statestore.entries import Page, Record, Sentinel, Stamp
from statestore.exceptions import StoreError, StoreUnavailable, UsageError, shown
from statestore.logs import event

logger = logging.getLogger("statestore")

Answer = TypeVar("Answer")

DEFAULTS: dict[str, Any] = {"durable": "default", "fast": "fast", "trust": 1.0, "longest_transaction": 300.0}
MARKED_FOR, REUSED_FOR = 1.5, 0.5  # longest transactions: a mark that is used once more still lasts for one
EVICTS = "maxmemory-policy"  # in the threats of the fast store
NAMELESS = (
    "The fast store does not say who it is (INFO): should it come back with what it knew some time ago, "
    "nobody can tell."
)
TRIES = 10  # at writing without marks while others find the fast store well again


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
        self._own = Own()
        self._reads_committed = False
        self._healing = threading.Lock()
        self._heal_at = 0.0

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
        for role in ("durable", "fast"):
            if given[role] not in list(store_params()):
                found.append(f"OPTIONS: {role} is {shown(given[role])}, and there is no such store.")
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
        longest = self.options["longest_transaction"]
        self._epoch = Epoch(self._back, self.alias, self.options["trust"])
        self._front = Front(self._sibling("fast"), self.alias, MARKED_FOR * longest, self._epoch.welcomes)
        if not self._front.is_guarded:
            self._epoch.are_nameless()
        self._through = Through(self._front, self._back, self._epoch, self.now, lambda: self.ask_behind())  # noqa: PLW0108 (late)

    def _close(self) -> None:
        self._front.close()

    # -- reading

    def ask_behind(self) -> None:
        """Be told that a read asks the durable store. Who wants to count them puts a function in this place."""

    def _read_one(self, scope: str, key: str) -> Record | None:
        epoch = self._believed_epoch(scope)
        if epoch is None:
            return self._through.behind_one(scope, key)
        try:
            return self._through.read_one(scope, key, epoch)
        except FrontDown:
            return self._through.behind_one(scope, key)

    def _read(self, scope: str, keys: Collection[str] | None) -> Mapping[str, Record]:
        epoch = None if keys is None else self._believed_epoch(scope)
        if keys is None or epoch is None:
            return self._through.behind(scope, keys)
        try:
            return self._through.read(scope, keys, epoch)
        except FrontDown:
            return self._through.behind(scope, keys)

    def _read_to_change(self, scope: str, key: str) -> Record | None:
        self._learn_of_the_epoch()
        if self._epoch.is_known_suspended and self._in_transaction():
            self._epoch.hold()  # before the entry, as all do that write now: the other way round is a deadlock
        return self._back._ask(self._back._read_to_change, scope, key)

    def _stamps(self, scope: str) -> Mapping[str, Stamp]:
        return self._back._ask(self._back._stamps, scope)

    def _texts_of(self, scope: str, keys: Collection[str], now: int) -> Mapping[str, bytes]:
        epoch = self._believed_epoch(scope)
        if epoch is not None:
            with suppress(FrontDown):
                return self._through.texts(scope, keys, epoch, now)
        self.ask_behind()
        return self._back._ask(self._back._texts_of, scope, keys, now)

    def _keys(self, scope: str, now: int) -> Iterable[str]:
        return self._back._ask(self._back._keys, scope, now)

    def _stamps_of(self, scopes: Sequence[str]) -> Mapping[str, Mapping[str, Stamp]]:
        return self._back._ask(self._back._stamps_of, scopes)

    def _scan(self, prefix: str, after: str, limit: int, idle_since: int | None, now: int) -> Page:
        page = self._back._ask(self._back._scan, prefix, after, limit, idle_since, now)
        return Page([info for info in page.infos if info.name != EPOCH_SCOPE], page.last)

    def _believed_epoch(self, scope: str) -> bytes | None:
        """Return the epoch whose copies may be believed; None where only the durable store is to be asked."""
        if self._own.marks and self._wrote_here(scope):
            return None
        if (not self._reads_committed and self._sees_a_snapshot()) or self._front.is_resting:
            return None
        epoch, suspended = self._epoch.current()
        if self._epoch.is_in_doubt:
            self._heal_now_and_then()
            epoch, suspended = self._epoch.current()
        return None if suspended else epoch

    def _sees_a_snapshot(self) -> bool:
        """Is a transaction open here in which later commits of others are not seen?"""
        if not self._reads_committed:  # the settings say it, and a connection knows once it is open
            self._reads_committed = _reads_committed(getattr(self._back, "database", None))
        return not self._reads_committed and self._in_transaction()

    def _wrote_here(self, scope: str) -> bool:
        """Did the transaction that is open here write to this scope? (After a rollback the answer may linger.)"""
        if self._own.marks and not self._in_transaction():
            self._own.forget()  # rolled back; or with an unknown outcome, so the marks stay till they expire
        return scope in self._own.marks

    # -- writing

    def _write(self, scope: str, texts: Mapping[str, bytes], stamp: Stamp, expect: str | Sentinel | None) -> bool:
        return self._change(
            {scope: list(texts)}, lambda: self._back._tell(self._back._write, scope, texts, stamp, expect)
        )

    def _write_unchanged(
        self, scope: str, texts: Mapping[str, bytes], stamp: Stamp, versions: Mapping[str, str]
    ) -> bool:
        hook = self._back._write_unchanged
        return self._change({scope: list(texts)}, lambda: self._back._tell(hook, scope, texts, stamp, versions))

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
            self._front.tell(self._front.store._sweep, prefix, after, last, now)
        except FrontDown:
            pass  # there it costs only room

    def _change(self, places: Places, write: Callable[[], Answer]) -> Answer:
        """Write behind, with the scopes marked in front until it is committed."""
        self._get_ready_to_mark()
        if self._in_transaction():
            return self._change_inside(places, write)
        for _ in range(TRIES):
            if (marks := self._marked(places)) is not None:
                return self._change_marked(marks, write)
            with self._back._transaction():
                if self._epoch.is_known_to_all(self._epoch.hold()):
                    return write()  # without marks: all know that the fast store is not to be believed
            self._epoch.suspend()
            self._get_ready_to_mark()  # others may have found it well meanwhile
        raise StoreUnavailable(f"The fast store of {self.alias!r} comes and goes.", alias=self.alias)

    def _get_ready_to_mark(self) -> None:
        self._learn_of_the_epoch()
        if not self._epoch.is_known_suspended:
            self._front.insist()  # trying once more costs less than suspending

    def _marked(self, places: Places) -> dict[str, Mark] | None:
        """Mark the scopes and return the marks; None if the fast store can't be told."""
        token = new_version()
        try:
            self._front.mark(places, token, self.now())
        except FrontDown:
            return None
        return {scope: Mark(token, keys) for scope, keys in places.items()}

    def _change_marked(self, marks: Mapping[str, Mark], write: Callable[[], Answer]) -> Answer:
        try:
            answer = write()
        except UsageError:  # after any other error nobody knows: the marks stay till they expire
            self._settle(marks)
            raise
        self._after_commit(lambda: self._settle(marks))
        return answer

    def _change_inside(self, places: Places, write: Callable[[], Answer]) -> Answer:
        """Write within the caller's transaction; its marks go all together when it is committed."""
        self._after_commit(lambda: self._settle(self._own.forget()))
        unmarked, more = self._own.uncovered(places, REUSED_FOR * self.options["longest_transaction"])
        self._own.note_unmarked(places)
        token = new_version()
        try:
            self._front.mark(unmarked, token, self.now())
            self._own.note(unmarked, token)
            self._front.drop(more, self.now())
            self._own.widen(more)
        except FrontDown:
            suspension = self._epoch.put_suspended()
            self._after_commit(lambda: self._epoch.wait_for_all(suspension))
        return write()

    def _settle(self, marks: Mapping[str, Mark]) -> None:
        """Take the marks of a finished write away."""
        try:
            self._learn_of_the_epoch()
            self._front.unmark(marks, self.now())
        except (FrontDown, StoreError):
            self._distrust()

    def _learn_of_the_epoch(self) -> None:
        """Know, before anything is said to the fast store, where the others look."""
        if not (self._in_transaction() and self._sees_a_snapshot()):
            self._epoch.current()
            if self._epoch.is_in_doubt:
                self._heal_now_and_then()
                self._epoch.current()

    def _distrust(self) -> None:
        """Stop believing a fast store that is gone: should it come back empty, it had no mark when others read."""
        try:
            if not self._in_transaction():
                self._epoch.suspend()
        except StoreError:
            told = event("front_distrust_failed", store=self.alias)
            logger.exception("%r could not stop believing its fast store", self.alias, extra=told)

    def _heal_now_and_then(self) -> None:
        if time.monotonic() >= self._heal_at:
            self._heal_at = time.monotonic() + self.options["trust"]
            self._after_commit(self._heal)

    def _heal(self) -> None:
        """Begin a new epoch if the fast store is well again."""
        if self._in_transaction() or not self._healing.acquire(blocking=False):
            return
        try:
            self._renew()
        except (FrontDown, StoreError):
            pass  # somebody else will, or this process a little later
        finally:
            self._heal_at = time.monotonic() + self.options["trust"]
            self._healing.release()

    def _renew(self) -> None:
        servers = self._front.servers()
        if servers is None:
            self._epoch.are_nameless()
        if self._epoch.is_in_doubt:
            self._front.probe(self.now())
            self._epoch.renew(servers)

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
        threats = [*threats, *(f"The fast store: {threat}" for threat in front.threats if EVICTS in threat)]
        if front.reachable and self._front.is_nameless():
            threats = [*threats, NAMELESS]
        name = f"{server} behind {front.server}" if front.server else server
        return name, version, threats


def _reads_committed(database: str | None) -> bool:
    """Does each statement see what was committed before it, also within a transaction?"""
    level = getattr(connections[database], "isolation_level", None) if database else None
    return str(getattr(level, "name", level)).lower().replace("_", " ") == "read committed"
