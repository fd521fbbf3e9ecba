"""Reads the keys that PURISTA's ``RedisStateStore`` keeps: each a string of JSON under the state's own name."""

import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Any, NamedTuple

from statestore.exceptions import shown
from statestore.jsontext import NotJSON, parse
from statestore.moving.mover import BATCH, Arrival, Batch, Refused, Source


class Naming(NamedTuple):
    """How a name becomes scope and key: split at its last separator; or whole, in ``scope`` where one is given."""

    separator: str = ":"
    scope: str | None = None
    rest: str = "global"

    def split(self, name: str) -> tuple[str, str]:
        """Return scope and key; what has no separator goes into the scope ``rest``."""
        if self.scope is not None:
            return self.scope, name
        head, _, key = name.rpartition(self.separator)
        return (head, key) if head else (self.rest, name)


@contextmanager
def sources(client: Any, naming: Naming, prefix: str = "") -> Iterator[Iterator[Source]]:
    """Give the scopes that the names starting with ``prefix`` make; values are read as the scopes are taken.

    ``client`` is one of redis-py's. The names are sorted on disk, not in memory.
    """
    with closing(sqlite3.connect("")) as names:
        names.execute("CREATE TABLE name (scope, key, name, PRIMARY KEY (scope, key, name)) WITHOUT ROWID")
        for found in _scanned(client, prefix):
            names.executemany("INSERT OR IGNORE INTO name VALUES (?, ?, ?)", _rows(found, naming))
        yield _scopes(client, names)


def _scanned(client: Any, prefix: str) -> Iterator[list[bytes]]:
    """Yield the names of strings, page by page; one may come twice."""
    pattern, cursor = re.sub(r"([*?\[\]\\])", r"\\\1", prefix) + "*", 0
    while True:
        cursor, found = client.scan(cursor, match=pattern, count=BATCH, _type="string")
        yield found
        if not cursor:
            return


def _rows(found: Iterable[bytes], naming: Naming) -> Iterator[tuple[str, str, bytes]]:
    for raw in found:
        try:
            yield (*naming.split(raw.decode()), raw)
        except UnicodeDecodeError as error:
            raise Refused(f"The key {shown(raw)} is not UTF-8; choose others by --prefix.") from error


def _scopes(client: Any, names: sqlite3.Connection) -> Iterator[Source]:
    for (scope,) in names.execute("SELECT DISTINCT scope FROM name ORDER BY scope"):
        yield Source(f"The keys of {shown(scope)}", scope, partial(_read, client, names, scope))


def _read(client: Any, names: sqlite3.Connection, scope: str) -> Iterator[Batch]:
    _refuse_doubles(names, scope)
    rows = names.execute("SELECT key, name FROM name WHERE scope = ? ORDER BY key", (scope,))
    while page := rows.fetchmany(BATCH):
        texts = client.mget([name for _key, name in page])
        yield [_arrival(key, name, text) for (key, name), text in zip(page, texts, strict=True) if text is not None]


def _refuse_doubles(names: sqlite3.Connection, scope: str) -> None:
    doubles = "SELECT min(name), max(name) FROM name WHERE scope = ? GROUP BY key HAVING count(*) > 1 LIMIT 1"
    for one, other in names.execute(doubles, (scope,)):
        raise Refused(f"keys {_shown(one)} and {_shown(other)} would be the same entry; choose another --rest.")


def _shown(name: bytes) -> str:
    return shown(name.decode(), 200)


def _arrival(key: str, name: bytes, text: bytes) -> Arrival:
    place = f"key {_shown(name)}"
    try:
        return Arrival(place, key, parse(text))
    except NotJSON as error:
        raise Refused(f"{place}: {error}") from error
