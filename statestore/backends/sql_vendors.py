"""The statements of ``ModelStore`` where a vendor's differ from SQLite's."""

from collections.abc import Sequence
from typing import Any

from statestore.backends.sql import SEPARATOR, Dialect, Params, Statement
from statestore.entries import Stamp


class PostgreSQL(Dialect):
    for_update = "FOR UPDATE"
    read_text = "{}"
    write_text = "%s"
    read_stamp = "{}, {}, {}"
    bytes_of = "OCTET_LENGTH({})"
    joined = f"STRING_AGG({{}}, CHR({SEPARATOR}))"
    # As long as it has counted nothing, as after a mass import, it would else sort all the rest for each page.
    along_the_index = "SET LOCAL enable_sort = off"
    unpacked = f"SELECT UNNEST(STRING_TO_ARRAY(%s, CHR({SEPARATOR})))"  # an array takes the driver far longer

    def __init__(self, connection: Any, table: str) -> None:
        super().__init__(connection, table)
        self.hold_writers = ""  # others may write; that they did is seen in the end

    def plain_texts(self, rows: Params) -> dict[str, bytes]:
        return {key: text if type(text) is bytes else text.encode() for key, text in rows}

    def among(self, column: str, values: Params) -> Statement:
        return f"{column} = ANY(%s)", [list(values)]

    def not_among(self, column: str, values: Params) -> Statement:
        return f"{column} NOT IN ({self.unpacked})", [chr(SEPARATOR).join(values)]

    def going(self, kept: Sequence[str], gone: Sequence[str]) -> Statement:
        # By its name: what has come since the look, stamped before it and committed after, may be active.
        return f"{self.scope} IN ({self.unpacked})", [chr(SEPARATOR).join(gone)]

    def upsert_many(self, scope: Any, texts: Sequence[tuple[str, bytes]], shared: Params) -> Statement:
        # Twice as quick as arrays, whose quotes cost both sides; JSON can't unpack a NUL, which may be in a text.
        keys, values = zip(*texts, strict=True)
        return self.upsert_rows(0), [scope, *shared, chr(SEPARATOR).join(keys), bytes([SEPARATOR]).join(values)]

    def _upsert_rows(self, number: int) -> str:
        row = "%s::text, k, v, %s::text, %s::bigint, %s::bigint, %s::bigint"
        split = f"string_to_array(%s, chr({SEPARATOR}))"
        return f"{self.insert} SELECT {row} FROM unnest({split}, {split}) AS given (k, v) {self.or_update}"

    def unused_alone(self, scopes: Sequence[str], since: int) -> Statement:
        # Who writes to the one entry meanwhile is waited for, and the row looked at again. From the first name to
        # the last the rows lie side by side: they are found in a third of the time that asking for each name takes.
        between = f"{self.scope} >= %s AND {self.scope} <= %s"
        others = (
            f"SELECT {self.scope} FROM {self.table} WHERE {between} "
            f"GROUP BY {self.scope} HAVING COUNT(*) > 1 OR MAX({self.used_at}) > %s"
        )
        mine = f"{self.scope} || '' = ANY(%s) AND {self.used_at} <= %s"
        ends = (min(scopes), max(scopes))
        where = f"{between} AND {mine} AND {self.scope} NOT IN ({others})"
        return where, [*ends, list(scopes), since, *ends, since]

    def lock(self, scopes: Sequence[str]) -> Statement:
        statement, params = super().lock(scopes)
        return f"SELECT COUNT(*) FROM ({statement}) AS locked", params

    def count_deleted(self, where: str, params: Params, now: int) -> Statement:
        """Delete, and answer the number of live rows by scope."""
        gone = f"DELETE FROM {self.table} WHERE {where} RETURNING {self.scope}, {self.expires_at}"
        count = f"SELECT {self.scope}, COUNT(*) FROM gone WHERE {self.live} GROUP BY {self.scope}"
        return f"WITH gone AS ({gone}) {count}", [*params, now]


class MySQL(Dialect):
    """Also MariaDB. Names are bytes here, see ``NameField``."""

    for_update = "FOR UPDATE"
    read_text = "{}"
    write_text = "%s"
    read_stamp = "{}, {}, {}"
    bytes_of = "LENGTH({})"
    joined = ""
    on_conflict = "ON DUPLICATE KEY UPDATE"
    proposed = "VALUES({})"

    def name(self, name: str) -> bytes:
        return name.encode()

    def place(self, scope: str, key: str) -> Params:
        return scope.encode(), key.encode()

    def plain(self, name: Any) -> str:
        return bytes(name).decode()

    def plain_names(self, rows: Params) -> list[str]:
        return [self.plain(name) for (name,) in rows]

    def text(self, text: bytes) -> str:
        return text.decode()

    def plain_texts(self, rows: Params) -> dict[str, bytes]:
        return {self.plain(key): text.encode() for key, text in rows}

    def among(self, column: str, values: Params) -> Statement:
        return f"{column} IN ({', '.join(['%s'] * len(values))})", values

    def upsert_many(self, scope: Any, texts: Sequence[tuple[str, bytes]], shared: Params) -> Statement:
        rows = [part for key, text in texts for part in (scope, self.name(key), self.text(text), *shared)]
        return self.upsert_rows(len(texts)), rows

    def _upsert_rows(self, number: int) -> str:
        rows = ", ".join(["(%s, %s, %s, %s, %s, %s, %s)"] * number)
        return f"{self.insert} VALUES {rows} {self.or_update}"

    def create(self, scope: str, key: str, text: bytes, stamp: Stamp) -> Statement:
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
