"""The statements of ``ModelStore``: composed once for a database, one a verb, in the words of its vendor.

Every method returns a statement (or the condition of one) with its parameters.
"""

from collections.abc import Sequence
from typing import Any

from statestore.entries import Sentinel, Stamp

COLUMNS = ("scope", "key", "value", "version", "updated_at", "used_at", "expires_at")
Statement = tuple[str, Sequence[Any]]


class Dialect:
    """SQL as SQLite says it; the others differ where they must."""

    for_update = ""
    bytes_of = "LENGTH(CAST({} AS BLOB))"
    on_conflict = "ON CONFLICT ({identity}) DO UPDATE SET"
    proposed = "excluded.{}"

    def __init__(self, connection: Any, table: str) -> None:
        quote = connection.ops.quote_name
        self.table = table = quote(table)
        self.columns = [quote(name) for name in COLUMNS]
        self.scope, self.key, self.value, self.version, self.updated_at, self.used_at, self.expires_at = (
            self.columns
        )
        stamp = f"{self.version}, {self.updated_at}, {self.expires_at}"
        self.live = f"({self.expires_at} IS NULL OR {self.expires_at} > %s)"
        self.where_one = f"WHERE {self.scope} = %s AND {self.key} = %s"
        self.read_one = f"SELECT {self.value}, {stamp} FROM {table} {self.where_one}"
        self.lock_one = f"{self.read_one} {self.for_update}"
        self.read_all = f"SELECT {self.key}, {self.value}, {stamp} FROM {table} WHERE {self.scope} = %s"
        self.version_there = f"SELECT {self.version} FROM {table} {self.where_one}"
        self.stamps = f"SELECT {self.key}, {stamp} FROM {table} WHERE {self.scope} = %s"
        self.stamps_of = f"SELECT {self.scope}, {self.key}, {stamp} FROM {table} WHERE {self.scope} IN"
        self.touch = f"UPDATE {table} SET {self.used_at} = %s WHERE {self.scope} = %s AND {self.live}"
        self.replace = (
            f"UPDATE {table} SET {', '.join(f'{column} = %s' for column in self.columns[2:])} "
            f"{self.where_one} AND {self.version} = %s AND {self.live}"
        )

    # -- names on their way in and out

    def name(self, name: str) -> Any:
        return name

    def plain(self, name: Any) -> str:
        return name

    def names(self, names: Any) -> list[Any]:
        return [self.name(name) for name in names]

    def among(self, column: str, values: Sequence[Any]) -> Statement:
        """The column has one of these values."""
        return f"{column} IN ({marks(values)})", [*values]

    # -- reading

    def read_some(self, scope: str, keys: Sequence[str]) -> Statement:
        where, params = self.among(self.key, self.names(keys))
        return f"{self.read_all} AND {where}", [self.name(scope), *params]

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

    def between(self, start: str, after: str, end: str | None) -> Statement:
        """Condition: the scope is ``start`` or later, after ``after``, and before ``end``."""
        where, params = (f"{self.scope} > %s", [after]) if after >= start else (f"{self.scope} >= %s", [start])
        if end is not None:
            where, params = f"{where} AND {self.scope} < %s", [*params, end]
        return where, self.names(params)

    # -- writing

    def upsert(self, scope: str, texts: Sequence[tuple[str, str]], stamp: Stamp) -> Statement:
        rows = ", ".join(["(%s, %s, %s, %s, %s, %s, %s)"] * len(texts))
        shared = (stamp.version, stamp.updated_at, stamp.updated_at, stamp.expires_at)
        name = self.name(scope)
        params = [part for key, text in texts for part in (name, self.name(key), text, *shared)]
        return f"{self._insert()} VALUES {rows} {self._or_update()}", params

    def create(self, scope: str, key: str, text: str, stamp: Stamp) -> Statement:
        """Insert, or write over what has expired."""
        statement, params = self.upsert(scope, [(key, text)], stamp)
        return f"{statement} WHERE {self.table}.{self.expires_at} <= %s", [*params, stamp.updated_at]

    def overwrite(self, scope: str, key: str, text: str, stamp: Stamp, version: str | Sentinel) -> Statement:
        """Write over one live version."""
        where = (self.name(scope), self.name(key), version, stamp.updated_at)
        return self.replace, (text, stamp.version, stamp.updated_at, stamp.updated_at, stamp.expires_at, *where)

    def _insert(self) -> str:
        return f"INSERT INTO {self.table} ({', '.join(self.columns)})"

    def _or_update(self) -> str:
        sets = ", ".join(f"{column} = {self.proposed.format(column)}" for column in self.columns[2:])
        return f"{self.on_conflict.format(identity=f'{self.scope}, {self.key}')} {sets}"

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
        # A derived table, because MySQL does not select directly from the table it deletes from.
        used = (
            f"SELECT DISTINCT {self.scope} FROM {self.table} WHERE {mine} AND {self.used_at} > %s AND {self.live}"
        )
        where = f"{mine} AND {self.scope} NOT IN (SELECT {self.scope} FROM ({used}) AS busy)"
        return where, [*names, *names, since, now]

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
        # One upper bound only: of two, SQLite heeds the first and reads on to it.
        where, params = self.between(start, after, end if last is None else None)
        if last is not None:
            where, params = f"{where} AND {self.scope} <= %s", [*params, self.name(last)]
        return f"{where} AND {self.expires_at} <= %s", [*params, now]

    def lock(self, scopes: Sequence[str]) -> Statement:
        """Lock what is in these scopes, in the order in which bulk writes lock."""
        where, params = self.among(self.scope, self.names(scopes))
        return (
            f"SELECT 1 FROM {self.table} WHERE {where} ORDER BY {self.scope}, {self.key} {self.for_update}",
            params,
        )


class PostgreSQL(Dialect):
    for_update = "FOR UPDATE"
    bytes_of = "OCTET_LENGTH({})"

    def among(self, column: str, values: Sequence[Any]) -> Statement:
        return f"{column} = ANY(%s)", [list(values)]

    def upsert(self, scope: str, texts: Sequence[tuple[str, str]], stamp: Stamp) -> Statement:
        if len(texts) == 1:
            return super().upsert(scope, texts, stamp)
        keys, values = zip(*texts, strict=True)
        rows = "SELECT %s, k, v, %s, %s, %s, %s::bigint FROM unnest(%s::text[], %s::text[]) AS given (k, v)"
        shared = (stamp.version, stamp.updated_at, stamp.updated_at, stamp.expires_at)
        return f"{self._insert()} {rows} {self._or_update()}", [scope, *shared, list(keys), list(values)]

    def lock(self, scopes: Sequence[str]) -> Statement:
        statement, params = super().lock(scopes)
        return f"SELECT COUNT(*) FROM ({statement}) AS locked", params

    def count_deleted(self, where: str, params: Sequence[Any], now: int) -> Statement:
        """Delete, and answer the number of live rows by scope."""
        gone = f"DELETE FROM {self.table} WHERE {where} RETURNING {self.scope}, {self.expires_at}"
        count = f"SELECT {self.scope}, COUNT(*) FROM gone WHERE {self.live} GROUP BY {self.scope}"
        return f"WITH gone AS ({gone}) {count}", [*params, now]


class MySQL(Dialect):
    """Also MariaDB. Names are bytes here, see ``NameField``."""

    for_update = "FOR UPDATE"
    bytes_of = "LENGTH({})"
    on_conflict = "ON DUPLICATE KEY UPDATE"
    proposed = "VALUES({})"

    def name(self, name: str) -> bytes:
        return name.encode()

    def plain(self, name: Any) -> str:
        return bytes(name).decode()

    def create(self, scope: str, key: str, text: str, stamp: Stamp) -> Statement:
        """Insert, or write over what has expired; who won is told by the version that is there afterwards.

        Not INSERT IGNORE: it takes a shared lock on what is there, and two such end in a deadlock.
        """
        statement, params = self.upsert(scope, [(key, text)], stamp)
        # Assignments are made from left to right: expires_at, which decides, is the last.
        for column in self.columns[2:]:
            kept = f"IF({self.expires_at} <= %s, VALUES({column}), {column})"
            statement = statement.replace(f"{column} = VALUES({column})", f"{column} = {kept}")
        return statement, [*params, *[stamp.updated_at] * len(self.columns[2:])]


DIALECTS: dict[str, type[Dialect]] = {"sqlite": Dialect, "postgresql": PostgreSQL, "mysql": MySQL}


def marks(values: Sequence[Any]) -> str:
    return ", ".join(["%s"] * len(values))
