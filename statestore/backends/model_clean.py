"""A step of a clean on a database: one look and one DELETE, whatever the number of scopes."""

from collections import Counter
from collections.abc import Collection
from itertools import filterfalse
from typing import Any, NamedTuple

from statestore.backends.database import Database
from statestore.backends.hooks import Others
from statestore.backends.sql import SEPARATOR, Dialect
from statestore.entries import Cleaned

LONG = 6  # times the time-out, for what goes through many scopes


class OvertakenError(Exception):
    """Somebody else has written what was about to be written."""


class Part(NamedTuple):
    """Names of scopes: those not before ``start``, after ``after``, before ``end``; none after ``upto``."""

    start: str
    after: str
    end: str | None
    upto: str | None


class Clean(NamedTuple):
    """What a clean goes by, in each of its steps."""

    db: Database
    sql: Dialect
    unused_since: int
    now: int

    def step(self, part: Part, limit: int, others: Others) -> Cleaned:
        """Clean the scopes to which the next rows belong, up to ``limit``, inside a transaction.

        ``OvertakenError``, and the transaction has to be undone, where somebody has written meanwhile; or where the
        first scope alone has more rows than that.
        """
        if self.sql.hold_writers:
            self.db.write(self.sql.hold_writers, ())
        rows, busy, expired = self._look(part, limit + 1)
        last = None
        if rows.total() > limit:
            del rows[max(rows)]  # it may have more
            if not rows:
                raise OvertakenError
            part = part._replace(upto=(last := max(rows)))
        live = rows - expired if expired else rows
        names = others(list(live.keys() - busy if busy else live))
        gone = dict(zip(names, map(live.__getitem__, names), strict=True))
        kept = list(filterfalse(gone.__contains__, live))
        self._delete(part, rows, kept, list(gone), rows.total() - sum(map(live.__getitem__, kept)))
        return Cleaned(len(live), gone, last)

    def _look(self, part: Part, limit: int) -> tuple[Counter[str], Collection[str], Counter[str]]:
        """Return the number of rows by scope, the scopes in use, and the number of expired rows by scope."""
        statement = self.sql.look(*part, limit, self.unused_since, self.now)
        names, busy, expired = self.db.rows(*statement, LONG)[0]
        return Counter(_split(names)), _split(busy), Counter(_split(expired))

    def _delete(self, part: Part, rows: Counter[str], kept: list[str], gone: list[str], sure: int) -> None:
        """Remove all but the live rows of the scopes that are kept: so many as are ``sure``, and none comes."""
        db, sql = self.db, self.sql
        if not sure:
            return
        if sql.for_update and rows.total() > len(rows):
            several = [name for name, number in rows.items() if number > 1]
            db.rows(*sql.lock(list(set(several).difference(kept))), LONG)  # in the order of all who write
        if db.write(*sql.delete_gone(*part, kept, gone, self.unused_since, self.now), LONG) != sure:
            raise OvertakenError
        if sql.for_update and db.rows(*sql.rest_of(*part, kept, self.now), LONG) != [(0,)]:
            raise OvertakenError


def _split(names: Any) -> list[str]:
    text = names if isinstance(names, str) else bytes(names or b"").decode()
    return text.split(chr(SEPARATOR)) if text else []
