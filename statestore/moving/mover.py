"""Writes what arrives from elsewhere, scope by scope: first all of one is looked at, then all of it is written."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from itertools import islice
from typing import Any, NamedTuple

from statestore.backends.base import StateStore
from statestore.exceptions import UsageError
from statestore.loading import FAIL, REPLACE, SKIP
from statestore.names import check_scope

BATCH = 500  # entries held in memory and written by one call


class Refused(UsageError):
    """What arrived can't be taken; nothing of its scope was."""


class Arrival(NamedTuple):
    """One value from elsewhere: where it was found, for errors, and the key that it gets."""

    place: str
    key: str
    value: Any


Batch = Sequence[Arrival]


class Source(NamedTuple):
    """All that arrives for one scope. ``read`` yields it in batches, again each time it is called."""

    place: str
    scope: str
    read: Callable[[], Iterator[Batch]]


@dataclass
class Moved:
    """Scopes dealt with; entries written, those that were there just so, and those that differ and were left."""

    scopes: int = 0
    written: int = 0
    same: int = 0
    kept: int = 0

    def add(self, other: "Moved") -> None:
        """Add the numbers of another."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


@dataclass
class Mover:
    """Takes sources into a store; ``moved`` says at any time what was done.

    Where an entry has another value already: ``"skip"`` leaves it, ``"replace"`` replaces it, ``"fail"`` refuses
    its whole scope. ``dry_run`` looks at everything and writes nothing.
    """

    store: StateStore
    if_exists: str = SKIP
    dry_run: bool = False
    moved: Moved = field(default_factory=Moved)

    def take(self, source: Source) -> Moved:
        """Write one scope and return what was done; ``Refused``, naming place and key, before anything is written.

        At most ``BATCH`` entries are one step on any store, and any number where the store has transactions.
        """
        done = Moved()
        try:
            check_scope(source.scope)
        except UsageError as error:
            raise Refused(f"{source.place}: {error}") from error
        for batch in source.read():
            done.add(self._compared(source.scope, batch)[1])
            done.scopes = 1
        if not self.dry_run and done.written:
            with self.store._transaction():  # noqa: SLF001 (nothing for stores that have none)
                for batch in source.read():
                    self._write(source.scope, self._compared(source.scope, batch)[0])
        self.moved.add(done)
        return done

    def _compared(self, scope: str, batch: Batch) -> tuple[Batch, Moved]:
        """Return what of a batch is to be written, and the numbers; ``Refused`` if the store does not take it."""
        texts = {arrival.key: self._text(scope, arrival) for arrival in batch}
        there = self.store.records(scope, texts)
        new = [arrival for arrival in batch if arrival.key not in there]
        other = [
            arrival for arrival in batch if arrival.key in there and there[arrival.key].text != texts[arrival.key]
        ]
        same = len(batch) - len(new) - len(other)
        if other and self.if_exists == FAIL:
            raise Refused(f"{other[0].place}: {scope} / {other[0].key} exists already, with another value.")
        if self.if_exists == REPLACE:
            return [*new, *other], Moved(written=len(new) + len(other), same=same)
        return new, Moved(written=len(new), same=same, kept=len(other))

    def _text(self, scope: str, arrival: Arrival) -> bytes:
        """Return what would be stored: names, limits and schemas are looked at by the store itself."""
        try:
            (text,) = self.store._texts(scope, {arrival.key: arrival.value}).values()  # noqa: SLF001 (a trial)
        except UsageError as error:
            raise Refused(f"{arrival.place}: {error}") from error
        return text

    def _write(self, scope: str, batch: Batch) -> None:
        if batch:
            self.store.set_many(scope, {arrival.key: arrival.value for arrival in batch})


def batched(arrivals: Iterable[Arrival]) -> Iterator[Batch]:
    """Yield arrivals in batches."""
    rest = iter(arrivals)
    while batch := list(islice(rest, BATCH)):
        yield batch
