"""``LayeredStore``: a durable store behind, a fast one in front. The first is the truth, the other has copies.

The protocol, and why no reader meets an older value after a newer one, is told in docs/layered.md.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from statestore.backends.base import StateStore
from statestore.backends.layered_epoch import SCOPE as EPOCH_SCOPE
from statestore.backends.layered_epoch import Epoch
from statestore.backends.layered_front import Front
from statestore.backends.layered_healing import Healing
from statestore.backends.layered_line import FrontDown
from statestore.backends.layered_options import DEFAULTS, problems
from statestore.backends.layered_own import Own
from statestore.backends.layered_reading import Through
from statestore.backends.layered_writing import MARKED_FOR, Writing
from statestore.entries import Page, Record, Sentinel, Stamp

EVICTS = "maxmemory-policy"  # in the threats of the fast store
NAMELESS = (
    "The fast store does not say who it is (INFO): should it come back with what it knew some time ago, "
    "nobody can tell."
)


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

    @classmethod
    def option_problems(cls, alias: str, params: Mapping[str, Any]) -> list[str]:
        """Return what is wrong with ``OPTIONS``, as sentences."""
        return problems(alias, params.get("OPTIONS") or {})

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
        self._healing = Healing(self._front, self._back, self._epoch, self.now)
        self._writing = Writing(
            self._front, self._back, self._healing, self._own, longest, self.now, self._sees_a_snapshot
        )

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
        self._writing.get_ready_to_read()
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
            self._healing.try_now_and_then()
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
        return self._writing.change(
            {scope: list(texts)}, lambda: self._back._tell(self._back._write, scope, texts, stamp, expect)
        )

    def _write_unchanged(
        self, scope: str, texts: Mapping[str, bytes], stamp: Stamp, versions: Mapping[str, str]
    ) -> bool:
        hook = self._back._write_unchanged
        return self._writing.change(
            {scope: list(texts)}, lambda: self._back._tell(hook, scope, texts, stamp, versions)
        )

    def _remove(self, scope: str, keys: Collection[str], expect: str | None, now: int) -> list[str]:
        return self._writing.change(
            {scope: keys}, lambda: self._back._tell(self._back._remove, scope, keys, expect, now)
        )

    def _delete(
        self, scope: str, now: int, unused_since: int | None = None, versions: Mapping[str, str] | None = None
    ) -> int | None:
        hook = self._back._delete
        return self._writing.change(
            {scope: None}, lambda: self._back._tell(hook, scope, now, unused_since, versions)
        )

    def _clean(self, names: Iterable[str], unused_since: int, now: int) -> dict[str, int]:
        scopes = list(names)
        hook = self._back._clean
        return self._writing.change(
            dict.fromkeys(scopes), lambda: self._back._tell(hook, scopes, unused_since, now)
        )

    def _touch(self, scope: str, now: int) -> bool:
        return self._back._tell(self._back._touch, scope, now)

    def _sweep(self, prefix: str, after: str, last: str | None, now: int) -> None:
        self._back._tell(self._back._sweep, prefix, after, last, now)
        try:
            self._front.tell(self._front.store._sweep, prefix, after, last, now)
        except FrontDown:
            pass  # there it costs only room

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
