"""The statements of ``ModelStore``: composed once for a database, one a verb, in the words of its vendor.

Every method returns a statement (or the condition of one) with its parameters.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import orjson

from statestore.entries import Sentinel, Stamp

COLUMNS = ("scope", "key", "value", "version", "updated_at", "used_at", "expires_at")
SEPARATOR = 0x1F  # a control character: names have none, and JSON text has none as it is
Params = Sequence[Any]
Statement = tuple[str, Params]


class Dialect:
    """SQL as SQLite says it; the others differ where they must."""

    for_update = ""
    read_text = "CAST({} AS BLOB)"  # the bytes as they are; decoding and encoding them takes longer than the rest
    write_text = "CAST(%s AS TEXT)"
    read_stamp = "+{0}, +{1}, +{2}"  # of a plain column Django has the driver look up the type, 0.5 µs each
    bytes_of = "LENGTH(CAST({} AS BLOB))"
    joined = f"GROUP_CONCAT({{}}, CHAR({SEPARATOR}))"  # "" where so long a text would be cut
    along_the_index = ""
    on_conflict = "ON CONFLICT ({identity}) DO UPDATE SET"
    proposed = "excluded.{}"

    def __init__(self, connection: Any, table: str) -> None:
        quote = connection.ops.quote_name
        self.table = table = quote(table)
        self.columns = [quote(name) for name in COLUMNS]
        self.scope, self.key, self.value, self.version, self.updated_at, self.used_at, self.expires_at = (
            self.columns
        )
        text = self.read_text.format(self.value)
        stamp = self.read_stamp.format(self.version, self.updated_at, self.expires_at)
        # What a clean's transaction begins with. Here nothing goes, but until the commit nobody else writes.
        self.hold_writers = f"DELETE FROM {table} WHERE 0"
        self.live = f"({self.expires_at} IS NULL OR {self.expires_at} > %s)"
        self.where_one = f"WHERE {self.scope} = %s AND {self.key} = %s"
        self.read_one = f"SELECT {text}, {stamp} FROM {table} {self.where_one}"
        self.lock_one = f"{self.read_one} {self.for_update}"
        self.read_all = f"SELECT {self.key}, {text}, {stamp} FROM {table} WHERE {self.scope} = %s"
        self.read_texts = f"SELECT {self.key}, {text} FROM {table} WHERE {self.scope} = %s AND {self.live}"
        self.keys = f"SELECT {self.key} FROM {table} WHERE {self.scope} = %s AND {self.live}"
        self.version_there = f"SELECT {self.version} FROM {table} {self.where_one}"
        self.stamps = f"SELECT {self.key}, {stamp} FROM {table} WHERE {self.scope} = %s"
        self.stamps_of = f"SELECT {self.scope}, {self.key}, {stamp} FROM {table} WHERE"
        self.touch = f"UPDATE {table} SET {self.used_at} = %s WHERE {self.scope} = %s AND {self.live}"
        self.replace = (
            f"UPDATE {table} SET {self.value} = {self.write_text}, "
            f"{', '.join(f'{column} = %s' for column in self.columns[3:])} "
            f"{self.where_one} AND {self.version} = %s AND {self.live}"
        )
        self.insert = f"INSERT INTO {table} ({', '.join(self.columns)})"
        self.or_update = self._or_update()
        self.upsert_one = f"{self.insert} VALUES (%s, %s, {self.write_text}, %s, %s, %s, %s) {self.or_update}"
        self.upsert_rows = lru_cache(maxsize=64)(self._upsert_rows)

    # -- names and texts on their way in and out

    def name(self, name: str) -> Any:
        return name

    def place(self, scope: str, key: str) -> Params:
        return scope, key

    def text(self, text: bytes) -> Any:
        return text

    def plain(self, name: Any) -> str:
        return name

    def plain_names(self, rows: Params) -> list[str]:
        return [name for (name,) in rows]

    def plain_texts(self, rows: Params) -> dict[str, bytes]:
        return dict(rows)

    def names(self, names: Any) -> list[Any]:
        return [self.name(name) for name in names]

    def among(self, column: str, values: Params) -> Statement:
        """The column has one of these values: one parameter, so that the statement is the same for any number."""
        return f"{column} IN (SELECT value FROM json_each(%s))", [orjson.dumps(values).decode()]

    def not_among(self, column: str, values: Params) -> Statement:
        """The column has none of these values."""
        return f"{column} NOT IN (SELECT value FROM json_each(%s))", [orjson.dumps(values).decode()]

    # -- reading

    def read_some(self, scope: str, keys: Sequence[str]) -> Statement:
        where, params = self.among(self.key, self.names(keys))
        return f"{self.read_all} AND {where}", [self.name(scope), *params]

    def texts(self, scope: str, keys: Sequence[str], now: int) -> Statement:
        """Keys and texts of what is live."""
        where, params = self.among(self.key, self.names(keys))
        return f"{self.read_texts} AND {where}", [self.name(scope), now, *params]

    def scan(
        self, start: str, after: str, end: str | None, limit: int, idle_since: int | None, now: int
    ) -> Statement:
        """One page of scopes, by name, with what a listing says of each."""
        where, params = self.between(start, after, end)
        having = "" if idle_since is None else f"HAVING MAX({self.used_at}) < %s"
        idle = [] if idle_since is None else [idle_since]
        return (
            f"SELECT {self.scope}, COUNT(*), SUM({self.bytes_of.format(self.value)}), MAX({self.used_at}) "
            f"FROM {self.table} WHERE {where} AND {self.live} "
            f"GROUP BY {self.scope} {having} ORDER BY {self.scope} LIMIT {limit:d}"
        ), [*params, now, *idle]

    def look(
        self, start: str, after: str, end: str | None, upto: str | None, limit: int, since: int, now: int
    ) -> Statement:
        """The scope of each of the next rows; of each live one used after ``since``; of each one that has expired.

        As three texts: rows would take longer than all else, and so would grouping them here.
        """
        where, params = self.within(start, after, end, upto)
        columns = f"{self.scope}, {self.used_at}, {self.expires_at}"
        order = f"ORDER BY {self.scope}, {self.key} LIMIT {limit:d}"
        rows = f"SELECT {columns} FROM {self.table} WHERE {where} {order}"
        scopes = self.joined.format(self.scope)
        busy = f"{scopes} FILTER (WHERE {self.used_at} > %s AND {self.live})"
        expired = f"{scopes} FILTER (WHERE {self.expires_at} <= %s)"
        return f"SELECT {scopes}, {busy}, {expired} FROM ({rows}) AS page", [since, now, now, *params]

    def delete_gone(
        self,
        start: str,
        after: str,
        end: str | None,
        upto: str | None,
        kept: Sequence[str],
        gone: Sequence[str],
        since: int,
        now: int,
    ) -> Statement:
        """Delete what of the scopes that go was not used after ``since``; and what has expired, in any of these."""
        page, params = self.within(start, after, end, upto)
        going, names = self.going(kept, gone)
        goes = f"({going} AND {self.used_at} <= %s OR {self.expires_at} <= %s)"
        return f"DELETE FROM {self.table} WHERE {page} AND {goes}", [*params, *names, since, now]

    def going(self, kept: Sequence[str], gone: Sequence[str]) -> Statement:
        """Condition: a scope of the page goes. Told by those that are kept, as nobody writes: they are fewer."""
        return self.not_among(self.scope, kept)

    def rest_of(
        self, start: str, after: str, end: str | None, upto: str | None, kept: Sequence[str], now: int
    ) -> Statement:
        """How many rows live in these scopes, but for those that are kept."""
        # No LIMIT 1: PostgreSQL would take the rows for plenty, and look for the first one through the whole table.
        page, params = self.within(start, after, end, upto)
        others, names = self.not_among(self.scope, kept)
        rest = f"{page} AND {others} AND {self.live}"
        return f"SELECT COUNT(*) FROM {self.table} WHERE {rest}", [*params, *names, now]

    def within(self, start: str, after: str, end: str | None, upto: str | None) -> Statement:
        """Condition: the same as ``between``, and the scope does not come after ``upto``."""
        # One upper bound only: of two, SQLite heeds the first and reads on to it.
        where, params = self.between(start, after, end if upto is None else None)
        return (where, params) if upto is None else (f"{where} AND {self.scope} <= %s", [*params, self.name(upto)])

    def between(self, start: str, after: str, end: str | None) -> Statement:
        """Condition: the scope is ``start`` or later, after ``after``, and before ``end``."""
        where, params = (f"{self.scope} > %s", [after]) if after >= start else (f"{self.scope} >= %s", [start])
        if end is not None:
            where, params = f"{where} AND {self.scope} < %s", [*params, end]
        return where, self.names(params)

    # -- writing

    def upsert(self, scope: str, texts: Sequence[tuple[str, bytes]], stamp: Stamp) -> Statement:
        shared = (stamp.version, stamp.updated_at, stamp.updated_at, stamp.expires_at)
        if len(texts) == 1:
            key, text = texts[0]
            return self.upsert_one, (self.name(scope), self.name(key), self.text(text), *shared)
        return self.upsert_many(self.name(scope), texts, shared)

    def upsert_many(self, scope: Any, texts: Sequence[tuple[str, bytes]], shared: Params) -> Statement:
        pairs = [part for key, text in texts for part in (self.name(key), self.text(text))]
        return self.upsert_rows(len(texts)), [scope, *shared, *pairs]

    def _upsert_rows(self, number: int) -> str:
        pairs = ", ".join(["(%s, %s)"] * number)
        given = f"SELECT %s, column1, CAST(column2 AS TEXT), %s, %s, %s, %s FROM (VALUES {pairs}) WHERE true"
        return f"{self.insert} {given} {self.or_update}"

    def create(self, scope: str, key: str, text: bytes, stamp: Stamp) -> Statement:
        """Insert, or write over what has expired."""
        statement, params = self.upsert(scope, [(key, text)], stamp)
        return f"{statement} WHERE {self.table}.{self.expires_at} <= %s", [*params, stamp.updated_at]

    def overwrite(self, scope: str, key: str, text: bytes, stamp: Stamp, version: str | Sentinel) -> Statement:
        """Write over one live version."""
        new = (self.text(text), stamp.version, stamp.updated_at, stamp.updated_at, stamp.expires_at)
        return self.replace, (*new, self.name(scope), self.name(key), version, stamp.updated_at)

    def _or_update(self) -> str:
        sets = ", ".join(f"{column} = {self.proposed.format(column)}" for column in self.columns[2:])
        return f"{self.on_conflict.format(identity=f'{self.scope}, {self.key}')} {sets}"

    def delete_one(self, scope: str, key: str) -> Statement:
        where, params = self.these(scope, [key], None, 0)
        return f"DELETE FROM {self.table} WHERE {where}", params

    # -- conditions of what is deleted

    def these(self, scope: str, keys: Sequence[str], version: str | None, now: int) -> Statement:
        wanted, names = self.among(self.key, self.names(keys))
        where, params = f"{self.scope} = %s AND {wanted}", [self.name(scope), *names]
        if version is None:
            return where, params
        return f"{where} AND {self.version} = %s AND {self.live}", [*params, version, now]

    def unused(self, scopes: Sequence[str], since: int, now: int) -> Statement:
        """The scope is one of these and was not used after ``since``."""
        mine, names = self.among(self.scope, self.names(scopes))
        # From the first to the last at one go. A derived table, because MySQL selects from nothing it deletes from.
        used = (
            f"SELECT DISTINCT {self.scope} FROM {self.table} WHERE {self.scope} >= %s AND {self.scope} <= %s "
            f"AND {self.used_at} > %s AND {self.live}"
        )
        where = f"{mine} AND {self.scope} NOT IN (SELECT {self.scope} FROM ({used}) AS busy)"
        return where, [*names, *self.names((min(scopes), max(scopes))), since, now]

    def unused_alone(self, scopes: Sequence[str], since: int) -> Statement | None:
        """The same of scopes of one entry, if that can be told without a lock."""
        return None

    def unchanged(self, scope: str, versions: Sequence[str], entries: int, now: int) -> Statement:
        """The scope has this many live entries, all with one of these versions."""
        name, mine = self.name(scope), f"FROM {self.table} WHERE {self.scope} = %s AND {self.live}"
        these, known_versions = self.among(self.version, versions)
        known = f"SELECT COUNT(*) AS n {mine} AND {these}"
        where = (
            f"{self.scope} = %s AND (SELECT n FROM (SELECT COUNT(*) AS n {mine}) AS everything) = %s "
            f"AND (SELECT n FROM ({known}) AS known) = %s"
        )
        return where, [name, name, now, entries, name, now, *known_versions, entries]

    def expired(self, start: str, after: str, end: str | None, last: str | None, now: int) -> Statement:
        where, params = self.within(start, after, end, last)
        return f"{where} AND {self.expires_at} <= %s", [*params, now]

    def lock(self, scopes: Sequence[str]) -> Statement:
        """Lock what is in these scopes, in the order in which bulk writes lock."""
        where, params = self.among(self.scope, self.names(scopes))
        return (
            f"SELECT 1 FROM {self.table} WHERE {where} ORDER BY {self.scope}, {self.key} {self.for_update}",
            params,
        )
