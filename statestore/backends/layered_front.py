"""The fast store in front, as ``LayeredStore`` uses it: copies of what the durable store said, and writers' marks.

In the fast store a scope has its own name and, beside no user's key, these fields:

``=KEY``  a cell: a copy (``=``, the epoch, the text), the news that nothing is there (``-``, the epoch), or a lease
          (``?``): somebody is about to put a copy here.
``!``     the mark: the tokens of writers that are between "about to write" and "committed".

A copy is put only over the putter's own lease, and a lease is given up when a mark is there after it was taken;
a writer sets its mark first and removes the cells then. So no copy can be older than what was committed.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from statestore.backends.core import Core
from statestore.backends.layered_line import FrontDown
from statestore.backends.layered_marks import CELL, MARK, Marks, cell
from statestore.backends.rules import new_version
from statestore.entries import ABSENT, Record, Sentinel, Stamp

COPY, NOTHING, LEASE = b"=", b"-", b"?"
EPOCH_SIZE = 16
HEAD = 1 + EPOCH_SIZE
LEASED_FOR = 3_000_000  # microseconds that a reader may take to fetch a copy
NOTHING_FOR = 60_000_000  # microseconds that the news of nothing is kept
PROBE_SCOPE, PROBE = "statestore:layered", "?"


class Cells(NamedTuple):
    """What the fast store has of some keys: the cells by key, and whether a writer has marked the scope."""

    found: Mapping[str, Record]
    marked: bool


class Front(Marks):
    """Reads and puts copies."""

    def __init__(self, store: Core, alias: str, marked_for: float, welcomes: Callable[[str], bool]) -> None:
        super().__init__(store._guarded(welcomes), alias, marked_for)
        self.plain = store
        self.is_guarded = self.store is not store

    def close(self) -> None:
        """Close what is not somebody else's, too."""
        if self.is_guarded:
            self.store.close()

    def fetch(self, scope: str, keys: Iterable[str]) -> Mapping[str, Record]:
        """Return the mark and the cells of these keys, by their names; expired ones may be among them."""
        return self.ask(self.store._read, scope, (MARK, *[CELL + key for key in keys]))

    def fetch_one(self, scope: str, key: str) -> Record | None:
        """Return the cell of one key, which may have expired."""
        return self._reach(self.store._ask, self.store._read_one, (scope, CELL + key))  # in less time than by ask()

    def fetch_texts(self, scope: str, keys: Iterable[str], now: int) -> Mapping[str, bytes]:
        """Return what lies in the mark and the cells of these keys, of those that are live."""
        return self.ask(self.store._texts_of, scope, (MARK, *[CELL + key for key in keys]), now)

    def read(self, scope: str, keys: Iterable[str], now: int) -> Cells:
        return sorted_out(self.fetch(scope, keys), now)

    def lease(
        self, scope: str, keys: Iterable[str], expect: str | Sentinel | None, now: int
    ) -> tuple[str | None, bool]:
        """Take leases and look, after that, for a mark; return the leases' version and whether there is a mark.

        With ``expect``, of one key, the version is None if somebody was quicker.
        """
        stamp = Stamp(new_version(), now, now + LEASED_FOR)
        leasing = "_write", (scope, {cell(key): LEASE for key in keys}, stamp, expect)
        taken, mark = self.in_turn([leasing, ("_read_one", (scope, MARK))])
        return stamp.version if taken else None, mark is not None and mark.is_live(now)

    def give_up(self, scope: str, keys: Iterable[str], now: int) -> None:
        self.drop({scope: list(keys)}, now)

    def fill(self, scope: str, records: Mapping[str, Record | None], epoch: bytes, lease: str, now: int) -> None:
        """Put copies over our leases; where a lease is gone, so is the right to."""
        self.in_turn([_filling(scope, key, record, epoch, lease, now) for key, record in records.items()])

    def servers(self) -> tuple[str, ...] | None:
        """Return the names of the servers that are there now; None if they have none."""
        return self.ask(self.store._servers) if self.is_guarded else None

    def is_nameless(self) -> bool:
        """Does it not say who its servers are, though such servers can?"""
        try:
            return self.is_guarded and self.servers() is None
        except FrontDown:
            return False

    def probe(self, now: int) -> None:
        """Write a little, to see that it can be written to, welcome or not."""
        stamp = Stamp(new_version(), now, now + LEASED_FOR)
        self._reach(self.plain._tell, self.plain._write, (PROBE_SCOPE, {PROBE: b"?"}, stamp, None))


def sorted_out(found: Mapping[str, Record], now: int) -> Cells:
    live = {name: record for name, record in found.items() if record.is_live(now)}
    return Cells({name[1:]: record for name, record in live.items() if name != MARK}, MARK in live)


def copied(found: Record | None, epoch: bytes) -> Record | Sentinel | None:
    """Return the record that a cell copies; None where it says that there is none; ``ABSENT`` if it is no copy."""
    if found is None or found.text[1:HEAD] != epoch:
        return ABSENT
    kind = found.text[:1]
    if kind == COPY:
        return Record(found.text[HEAD:], *found[1:])
    return None if kind == NOTHING else ABSENT


def _filling(scope: str, key: str, record: Record | None, epoch: bytes, lease: str, now: int) -> Any:
    if record is None or not record.is_live(now):
        text, stamp = NOTHING + epoch, Stamp(new_version(), now, now + NOTHING_FOR)
    else:
        text, stamp = COPY + epoch + record.text, Stamp(*record[1:])
    return "_write", (scope, {cell(key): text}, stamp, lease)
