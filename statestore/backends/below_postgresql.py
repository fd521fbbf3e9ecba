"""Below Django's cursor on PostgreSQL: libpq as psycopg 3 has it, text in and text out.

Outside transactions a statement is prepared once a connection, under a name made of its text: whoever else comes
by that name, through a pooler that hands server connections round, has prepared the same. A name that is gone (a
pooler, DISCARD ALL) is prepared anew. Inside a transaction a name that is gone would break what the caller has
begun; there the statement goes without one, is parsed each time, and takes no longer than psycopg with a name.
"""

# Libpq is made only where psycopg 3 is, and all below is its:
# pyright: reportPossiblyUnboundVariable=false

from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from django.db.backends.postgresql.psycopg_any import is_psycopg3

from statestore.backends.below import Params, Way

if is_psycopg3:
    import psycopg
    from django.db.backends.postgresql.base import Cursor, ServerBindingCursor
    from psycopg.errors import error_from_result
    from psycopg.generators import execute as exchange

    CURSORS: set[Any] = {Cursor, ServerBindingCursor}
IDLE, IN_TRANSACTION = 0, 2  # of psycopg.pq.TransactionStatus
SUCCESSES = {1, 2}  # of psycopg.pq.ExecStatus: COMMAND_OK, TUPLES_OK
SQLSTATE = 67  # of psycopg.pq.DiagnosticField
GONE = {b"26000", b"0A000"}  # there is no such name; what it answers has other types now
TAKEN = b"42P05"  # by the same statement, see above
UNNAMED = b""
PARSERS: dict[int, Callable[[bytes], Any]] = {20: int, 23: int, 1043: bytes.decode}  # bigint, integer, varchar


def way(connection: Any, *, named: bool) -> Way | None:
    """Return the way by libpq, where psycopg 3 is the driver."""
    return Libpq(named=named) if is_psycopg3 else None


class Libpq:
    """Executes statements, those that come often outside transactions by ``named`` ones."""

    def __init__(self, *, named: bool) -> None:
        self.named = named

    def __call__(self, connection: Any, sql: str, params: Params, *, often: bool) -> "Rows | None":
        driver = connection.connection
        if not _is_usual(driver):
            return None
        texts = [_text(one) for one in params]
        with driver.lock:
            if often and self.named and driver.pgconn.transaction_status == IDLE:
                result = _by_name(driver, sql, texts)
            else:
                result = _ask(driver, driver.pgconn.send_query_params, _numbered(sql)[0], texts)
        if result.status not in SUCCESSES:
            raise error_from_result(result)
        return Rows(result)


class Rows:
    """What a statement answered. A text is the bytes it came as; the names and numbers are Python's."""

    def __init__(self, result: Any) -> None:
        self._result = result

    @property
    def rowcount(self) -> int:
        return self._result.command_tuples or 0

    def fetchall(self) -> list[tuple[Any, ...]]:
        result, columns = self._result, range(self._result.nfields)
        if result.ntuples == 1:  # most often, and three times as quick this way
            return [tuple([_parsed(result.get_value(0, number), result.ftype(number)) for number in columns])]
        return list(zip(*map(self._column, columns), strict=True))

    def _column(self, number: int) -> list[Any]:
        value, rows = self._result.get_value, range(self._result.ntuples)
        parse = PARSERS.get(self._result.ftype(number))
        if parse is None:
            return [value(row, number) for row in rows]
        return [None if (found := value(row, number)) is None else parse(found) for row in rows]


def _parsed(found: bytes | None, kind: int) -> Any:
    parse = PARSERS.get(kind)
    return found if found is None or parse is None else parse(found)


def _is_usual(driver: Any) -> bool:
    """Say whether a statement can be sent just so: psycopg has nothing to begin, to wait for or to convert."""
    pgconn = driver.pgconn
    status = pgconn.transaction_status
    return (
        (status == IN_TRANSACTION or (status == IDLE and driver.autocommit))
        and not pgconn.pipeline_status
        and pgconn.parameter_status(b"client_encoding") == b"UTF8"
        and type(driver) is psycopg.Connection
        and driver.cursor_factory in CURSORS  # else somebody looks on
    )


def _by_name(driver: Any, sql: str, texts: list[bytes | None]) -> Any:
    names = vars(driver).setdefault("_statestore_names", {})  # with the connection, which a pool may hand on
    for _ in range(2):
        name = names.get(sql)
        if name is None:
            name = names[sql] = _prepare(driver, sql)
        if name is UNNAMED:
            break
        result = _ask(driver, driver.pgconn.send_query_prepared, name, texts)
        if result.status in SUCCESSES or result.error_field(SQLSTATE) not in GONE:
            return result
        del names[sql]
    names[sql] = UNNAMED
    return _ask(driver, driver.pgconn.send_query_params, _numbered(sql)[0], texts)


def _prepare(driver: Any, sql: str) -> bytes:
    text, name = _numbered(sql)
    result = _ask(driver, driver.pgconn.send_prepare, name, text)
    if result.status not in SUCCESSES and result.error_field(SQLSTATE) != TAKEN:
        raise error_from_result(result)
    return name


def _ask(driver: Any, send: Callable[..., None], *what: Any) -> Any:
    # Not libpq's own wait, which neither Ctrl-C nor a green thread gets through; this is 2 µs more.
    send(*what)
    return driver.wait(exchange(driver.pgconn))[-1]


@lru_cache(maxsize=512)
def _numbered(sql: str) -> tuple[bytes, bytes]:
    """Return a statement with its parameters numbered, and its name."""
    first, *others = sql.split("%s")
    text = (first + "".join(f"${number}{part}" for number, part in enumerate(others, 1))).encode()
    return text, b"statestore_" + blake2b(text, digest_size=16).hexdigest().encode()


def _text(value: Any) -> bytes | None:
    if value is None:
        return None
    kind = type(value)
    if kind is int:
        return b"%d" % value
    text = value if kind is bytes else (_array(value) if kind is list else value).encode()
    if b"\0" in text:  # where libpq would think that it ends
        raise psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
    return text


def _array(texts: list[str]) -> str:
    joined = '","'.join(texts)
    if "\\" in joined or joined.count('"') > 2 * (len(texts) - 1):
        joined = '","'.join(one.replace("\\", "\\\\").replace('"', '\\"') for one in texts)
    return f'{{"{joined}"}}' if texts else "{}"
