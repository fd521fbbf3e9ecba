"""A connection of Django's as ``ModelStore`` uses it: a lost one is noticed, what is safe is repeated."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import Error, InterfaceError, OperationalError, connections

from statestore.exceptions import StoreTimeout

TRIES = 5  # at a statement that the server rolled back to end a deadlock
_LOST_MYSQL = {2006, 2013, 2014, 2055}  # CR_SERVER_GONE_ERROR, CR_SERVER_LOST, out of sync, lost while reading
_DEADLOCK_MYSQL = {1213}
_THREATS = {
    "sqlite": [
        ("PRAGMA synchronous", {"0"}, "synchronous is OFF: a power cut may corrupt the database."),
        ("PRAGMA journal_mode", {"memory", "off"}, "The journal is not on disk: a crash may corrupt the database."),
    ],
    "postgresql": [
        ("SHOW fsync", {"off"}, "fsync is off: a crash of the machine may corrupt the database."),
        ("SHOW synchronous_commit", {"off"}, "synchronous_commit is off: a crash may lose the last writes."),
    ],
    "mysql": [
        (
            "SELECT @@innodb_flush_log_at_trx_commit",
            {"0", "2"},
            "innodb_flush_log_at_trx_commit is not 1: a crash may lose the last second of writes.",
        ),
    ],
}


class Database:
    """Runs statements on Django's connection of this thread, within the transaction that is open there, if any."""

    def __init__(self, alias: str, store: str) -> None:
        self.alias = alias
        self.store = store

    @property
    def connection(self) -> Any:
        return connections[self.alias]

    def rows(self, sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Return the rows that a reading statement finds; asked a second time if the connection was lost."""
        try:
            return self._run(sql, params, _all_rows)
        except Error as error:
            if not self._reconnects(error):
                raise
        return self._run(sql, params, _all_rows)

    def write(self, sql: str, params: Sequence[Any]) -> int:
        """Run a writing statement and return the number of rows it touched."""
        return self._change(sql, params, _count)

    def write_rows(self, sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Run a writing statement and return the rows it answers."""
        return self._change(sql, params, _all_rows)

    def threats(self) -> list[str]:
        """Return what in the server's settings endangers an acknowledged write, as sentences."""
        return [
            sentence
            for statement, unsafe, sentence in _THREATS.get(self.connection.vendor, ())
            if str(self.rows(statement, ())[0][0]).lower() in unsafe
        ]

    def _change(self, sql: str, params: Sequence[Any], answer: Callable[[Any], Any]) -> Any:
        for _ in range(TRIES - 1):
            try:
                return self._attempt(sql, params, answer)
            except Error as error:
                if self.connection.in_atomic_block or not _is_deadlock(error):
                    raise
        return self._attempt(sql, params, answer)

    def _attempt(self, sql: str, params: Sequence[Any], answer: Callable[[Any], Any]) -> Any:
        try:
            return self._run(sql, params, answer)
        except Error as error:
            if not self._reconnects(error):
                raise
            raise StoreTimeout(
                f"The store {self.store!r} lost its connection; the write may or may not have happened.",
                alias=self.store,
            ) from error

    def _run(self, sql: str, params: Sequence[Any], answer: Callable[[Any], Any]) -> Any:
        connection = self.connection
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return answer(cursor)

    def _reconnects(self, error: Error) -> bool:
        """Say whether the connection was lost under a statement; outside a transaction the next one is new."""
        connection = self.connection
        if connection.connection is None or connection.in_atomic_block or not _is_lost(connection, error):
            return False
        connection.close()
        return True


def _all_rows(cursor: Any) -> list[tuple[Any, ...]]:
    return list(cursor.fetchall())  # some drivers give a tuple


def _count(cursor: Any) -> int:
    return cursor.rowcount


def _is_lost(connection: Any, error: Error) -> bool:
    if connection.vendor == "postgresql":
        return bool(connection.connection.closed)
    if connection.vendor == "mysql":
        return isinstance(error, InterfaceError) or _code(error) in _LOST_MYSQL
    return False


def _is_deadlock(error: Error) -> bool:
    if not isinstance(error, OperationalError):
        return False
    return getattr(error.__cause__, "sqlstate", None) == "40P01" or _code(error) in _DEADLOCK_MYSQL


def _code(error: Error) -> Any:
    return error.args[0] if error.args else None
