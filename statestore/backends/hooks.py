"""What a store's author writes: a handful of hooks that move checked names and encoded text.

A hook never checks a name, a value, a switch or an expiry: ``StateStore`` has done that, or does it with what the
hook returns. Moments are microseconds since the epoch. Each hook is atomic: all of it happens or nothing, and
nobody sees half. A hook that can't do its work lets the vendor's exception out, or raises a ``StoreError``.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from statestore.entries import Cleaned, Page, Record, Sentinel, Stamp
from statestore.exceptions import OperationDisabled

Others = Callable[[Sequence[str]], list[str]]
"""Returns, of names, those that are not active."""


class Hooks(ABC):
    """The six that every store has, then those with a default that some stores can better."""

    @abstractmethod
    def _read(self, scope: str, keys: Collection[str] | None) -> Mapping[str, Record]:
        """Return the records there are under ``keys`` (None: all of the scope); expired ones may be among them."""

    @abstractmethod
    def _write(self, scope: str, texts: Mapping[str, bytes], stamp: Stamp, expect: str | Sentinel | None) -> bool:
        """Write every text under its key with this stamp; now is ``stamp.updated_at``.

        With ``expect`` there is one text: write it only over a live record of that version (``ABSENT``: only where
        there is no live record) and say whether it was written.
        """

    @abstractmethod
    def _remove(self, scope: str, keys: Collection[str], expect: str | None, now: int) -> list[str]:
        """Remove the records under ``keys`` and return the keys of those that were live.

        With ``expect`` there is one key: remove it only if its version is that.
        """

    @abstractmethod
    def _delete(
        self, scope: str, now: int, unused_since: int | None = None, versions: Mapping[str, str] | None = None
    ) -> int | None:
        """Remove the whole scope and return how many live records it had.

        Leave it alone and return None if a live record was written, or the scope touched, after ``unused_since``;
        or if its live keys with their versions are not exactly ``versions``.
        """

    @abstractmethod
    def _touch(self, scope: str, now: int) -> bool:
        """Note that the scope was used now, if it has a live record; say whether it has."""

    @abstractmethod
    def _scan(self, prefix: str, after: str, limit: int, idle_since: int | None, now: int) -> Page:
        """Return up to ``limit`` existing scopes that start with ``prefix`` and come after ``after``, by name.

        ``last`` is the name up to which everything was looked at, None when there is nothing beyond. With
        ``idle_since`` a store may leave out scopes used at that moment or later.
        """

    # -- with a default

    def _read_one(self, scope: str, key: str) -> Record | None:
        """Return the record under one key. The hottest path of all."""
        return self._read(scope, (key,)).get(key)

    def _write_unchanged(
        self, scope: str, texts: Mapping[str, bytes], stamp: Stamp, versions: Mapping[str, str]
    ) -> bool:
        """Write every text under its key with this stamp; now is ``stamp.updated_at``.

        Write nothing and return False if the scope's live keys with their versions are not exactly ``versions``.
        There is no default that is atomic: a store without this hook refuses.
        """
        raise OperationDisabled(f"{type(self).__name__} can't write many values over one version of their scope.")

    def _read_to_change(self, scope: str, key: str) -> Record | None:
        """Return the record under a key that is about to be written: a store may lock it for its transaction."""
        return self._read_one(scope, key)

    def _stamps(self, scope: str) -> Mapping[str, Stamp]:
        """Return the stamp of every record of the scope, without the texts if that is cheaper."""
        return {key: Stamp(*record[1:]) for key, record in self._read(scope, None).items()}

    def _stamps_of(self, scopes: Sequence[str]) -> Mapping[str, Mapping[str, Stamp]]:
        """Return the stamps of several scopes, by scope; those that are not there may be left out."""
        found = self._in_turn([("_stamps", (scope,)) for scope in scopes])
        return dict(zip(scopes, found, strict=True))

    def _keys(self, scope: str, now: int) -> Iterable[str]:
        """Return the keys of the scope's live records, in any order."""
        return [key for key, stamp in self._stamps(scope).items() if stamp.is_live(now)]

    def _texts_of(self, scope: str, keys: Collection[str], now: int) -> Mapping[str, bytes]:
        """Return the texts of the live records under ``keys``, if leaving out their stamps is cheaper."""
        return {key: record.text for key, record in self._read(scope, keys).items() if record.is_live(now)}

    def _clean_next(
        self, prefix: str, after: str, upto: str | None, limit: int, others: Others, unused_since: int, now: int
    ) -> Cleaned:
        """Look at up to ``limit`` existing scopes as ``_scan`` does, but at none after ``upto``.

        Remove of ``others(their names)`` those not used after ``unused_since``, and of all what has expired.
        """
        page = self._scan(prefix, after, limit, None, now).up_to(upto)
        idle = others(list(page.idle(unused_since)))
        self._sweep(prefix, after, upto if page.last is None else page.last, now)
        return Cleaned(len(page.infos), self._clean(idle, unused_since, now) if idle else {}, page.last)

    def _clean(self, names: Iterable[str], unused_since: int, now: int) -> dict[str, int]:
        """Remove those of the named scopes not used after ``unused_since``; return the entries each one had."""
        gone = {name: self._delete(name, now, unused_since) for name in names}
        return {name: entries for name, entries in gone.items() if entries}

    def _in_turn(self, steps: Sequence[tuple[str, tuple[Any, ...]]]) -> list[Any]:
        """Carry out several hooks in this order and return their answers; others may come in between.

        A step is a hook's name and its arguments: ``_read_one``, ``_stamps``, ``_write``, ``_remove``, ``_delete``.
        A store may send them together; then a step that wrote may be done again.
        """
        return [getattr(self, name)(*args) for name, args in steps]

    def _sweep(self, prefix: str, after: str, last: str | None, now: int) -> None:  # noqa: B027 (nothing is right)
        """Remove what has expired in the scopes after ``after`` up to ``last`` (None: to the end of ``prefix``)."""

    def _in_transaction(self) -> bool:
        """Say whether a write now belongs to a transaction that the caller has open."""
        return False

    def _transaction(self) -> AbstractContextManager[Any]:
        """Return a block in which writes belong together, where the backend has such."""
        return nullcontext()

    def _after_commit(self, action: Callable[[], None]) -> None:
        """Run ``action`` once what was written is final."""
        action()

    def _health(self) -> tuple[str, str, list[str]]:
        """Ask the server; return its name, its version and what threatens the store's promises, as sentences."""
        self._read("global", ("statestore",))
        return "", "", []

    def _guarded(self, welcomes: Callable[[str], bool]) -> Any:
        """Return a store like this one that speaks only to servers whose names are ``welcomes``.

        The default is for a store whose servers have no names, and for one that never goes back to what it was.
        """
        return self

    def _servers(self) -> tuple[str, ...] | None:
        """Return the names of the servers that take writes now; None if they have none.

        A server has a new name when what it has may be older than what it had. Only asked of a guarded store.
        """
        return None

    def _open(self) -> None:  # noqa: B027
        """Make ready, before first use."""

    def _close(self) -> None:  # noqa: B027
        """Let go of what ``_open`` took, at shutdown."""
