"""A connection of Django's as ``ModelStore`` uses it: a lost one is noticed, what is safe is repeated."""

import contextlib
from collections.abc import Callable, Sequence
from math import ceil
from types import TracebackType
from typing import Any

from django.db import Error, InterfaceError, OperationalError, connections, transaction

from statestore.backends.watchdog import Watch
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
    """Runs statements on Django's connection of this thread, within the transaction that is open there, if any.

    A statement has ``seconds`` to be answered, whatever the driver would wait for; SQLite sees to that itself.
    """

    def __init__(self, alias: str, store: str, seconds: float) -> None:
        self.alias = alias
        self.store = store
        self.seconds = seconds

    @property
    def connection(self) -> Any:
        return connections[self.alias]

    def rows(self, sql: str, params: Sequence[Any], patience: int = 1) -> list[tuple[Any, ...]]:
        """Return the rows that a reading statement finds; asked a second time if the connection was lost."""
        with self.watch(patience) as watch:
            try:
                return self._run(sql, params, _all_rows, watch)
            except Error as error:
                if not self.reconnects(error, watch) or watch.was_cut:
                    raise
            return self._run(sql, params, _all_rows, watch)

    def write(self, sql: str, params: Sequence[Any], patience: int = 1) -> int:
        """Run a writing statement and return the number of rows it touched."""
        return self._change(sql, params, _count, patience)

    def write_rows(self, sql: str, params: Sequence[Any], patience: int = 1) -> list[tuple[Any, ...]]:
        """Run a writing statement and return the rows it answers."""
        return self._change(sql, params, _all_rows, patience)

    def atomic(self) -> "Block":
        """Return a transaction, or a savepoint in the one that is open."""
        return Block(self)

    def can(self, feature: str) -> bool:
        """Say whether the server has this feature of Django's; some are asked for at the first time."""
        with self.watch():
            return getattr(self.connection.features, feature)

    def server(self) -> tuple[str, str]:
        """Return the name and the version of the server, having reached it."""
        with self.watch() as watch:
            connection = self._connected(watch)
            version = ".".join(map(str, connection.get_database_version()))
            return "mariadb" if getattr(connection, "mysql_is_mariadb", False) else connection.vendor, version

    def threats(self) -> list[str]:
        """Return what in the server's settings endangers an acknowledged write, as sentences."""
        return [
            sentence
            for statement, unsafe, sentence in _THREATS.get(self.connection.vendor, ())
            if str(self.rows(statement, ())[0][0]).lower() in unsafe
        ]

    def watch(self, patience: int = 1) -> Watch:
        """Return a block in which the server has to answer, within ``patience`` times the usual."""
        connection = self.connection
        return Watch(connection, None if connection.vendor == "sqlite" else self.seconds * patience)

    def unknown(self) -> StoreTimeout:
        """Return the error for a write whose answer never came."""
        return StoreTimeout(
            f"The store {self.store!r} lost its connection; the write may or may not have happened.",
            alias=self.store,
        )

    def lost(self, error: Error, watch: Watch) -> bool:
        """Say whether the connection is of no more use."""
        connection = self.connection
        if connection.vendor != "sqlite":
            connect_in_time(connection, self.seconds)  # whoever opens the next: it may be Django, after a rollback
        return connection.connection is None or watch.was_cut or _is_lost(connection, error)

    def _change(self, sql: str, params: Sequence[Any], answer: Callable[[Any], Any], patience: int) -> Any:
        with self.watch(patience) as watch:
            for _ in range(TRIES - 1):
                try:
                    return self._attempt(sql, params, answer, watch)
                except Error as error:
                    if self.connection.in_atomic_block or not _is_deadlock(error):
                        raise
            return self._attempt(sql, params, answer, watch)

    def _attempt(self, sql: str, params: Sequence[Any], answer: Callable[[Any], Any], watch: Watch) -> Any:
        try:
            return self._run(sql, params, answer, watch)
        except Error as error:
            if not self.reconnects(error, watch):
                raise
            raise self.unknown() from error

    def _run(self, sql: str, params: Sequence[Any], answer: Callable[[Any], Any], watch: Watch) -> Any:
        with self._connected(watch).cursor() as cursor:
            cursor.execute(sql, params)
            return answer(cursor)

    def _connected(self, watch: Watch) -> Any:
        connection = self.connection
        if connection.connection is None:
            if connection.vendor != "sqlite":
                connect_in_time(connection, self.seconds)
            try:
                connection.ensure_connection()
            except Error:
                drop(connection)  # it may be half made
                raise
            if watch.was_cut:  # before there was anything to cut
                drop(connection)
                raise OperationalError("The connection was made too late.")
        return connection

    def reconnects(self, error: Error, watch: Watch) -> bool:
        """Say whether the connection was lost under a statement; outside a transaction the next one is new."""
        connection = self.connection
        if not self.lost(error, watch) or connection.connection is None or connection.in_atomic_block:
            return False
        drop(connection)
        return True


class Block(transaction.Atomic):
    """A transaction of the store's own: its beginning and its end are watched as its statements are."""

    def __init__(self, database: Database) -> None:
        super().__init__(database.alias, savepoint=True, durable=False)
        self.database = database
        self.outermost = True

    def __enter__(self) -> None:
        self.outermost = not self.database.connection.in_atomic_block
        with self.database.watch() as watch:
            try:
                super().__enter__()
            except Error as error:
                if not self.database.reconnects(error, watch) or watch.was_cut:
                    raise
                super().__enter__()  # nothing has happened yet

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        driver = self.database.connection.connection
        with self.database.watch() as watch:
            try:
                super().__exit__(kind, raised, trace)
            except Error as error:
                if not self.outermost or not self._lost(driver, error, watch):
                    raise
                drop(self.database.connection)
                if kind is not None:
                    raise
                raise self.database.unknown() from error

    def _lost(self, driver: Any, error: Error, watch: Watch) -> bool:
        # Django gives a connection up that can't even roll back, and may have opened another since.
        return self.database.connection.connection is not driver or self.database.lost(error, watch)


def drop(connection: Any) -> None:
    """Close a connection of Django's that is of no more use, whatever its driver says to that."""
    with contextlib.suppress(Error):
        connection.close()


def connect_in_time(connection: Any, seconds: float) -> None:
    """Let a connection of Django's give up opening in time, unless the site's ``OPTIONS`` say how long it takes."""
    if "get_new_connection" in vars(connection):
        return
    plain, limit = connection.get_new_connection, {"connect_timeout": max(2, ceil(seconds))}

    def get_new_connection(params: dict[str, Any]) -> Any:
        if not _is_pymysql(connection):
            return plain(limit | params)
        made = plain(limit | {"read_timeout": limit["connect_timeout"]} | params)
        made._read_timeout = params.get("read_timeout")  # noqa: SLF001 (it was for the greeting)
        return made

    connection.get_new_connection = get_new_connection


def _is_pymysql(connection: Any) -> bool:
    return connection.vendor == "mysql" and connection.Database.connect.__module__.startswith("pymysql")


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
