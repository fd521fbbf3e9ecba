"""A connection of Django's as ``ModelStore`` uses it: a lost one is noticed, what is safe is repeated."""

from asyncio import _get_running_loop
from collections.abc import Callable
from types import TracebackType
from typing import Any

from django.db import Error, OperationalError, connections, transaction

from statestore.backends.below import Params, Way, is_plain
from statestore.backends.drivers import THREATS, connect_in_time, drop, is_deadlock, is_lost
from statestore.backends.watchdog import Watch
from statestore.exceptions import StoreTimeout

TRIES = 5  # at a statement that the server rolled back to end a deadlock

Reader = Callable[[Any], Any]
"""What takes the answer from the cursor on which a statement was executed."""


class Database:
    """Runs statements on Django's connection of this thread, within the transaction that is open there, if any.

    A statement has ``seconds`` to be answered, whatever the driver would wait for; SQLite sees to that itself.
    """

    def __init__(self, alias: str, store: str, seconds: float) -> None:
        self.alias = alias
        self.store = store
        self.seconds = seconds
        self.below: Way | None = None
        """The way below Django's cursor, for statements that nobody watches."""

    @property
    def connection(self) -> Any:
        """Django's connection of this thread, as ``connections[alias]`` has it."""
        if _get_running_loop() is None:  # then that is a threading.local, which is 1 µs quicker to ask than asgiref
            try:
                return getattr(connections._connections._storage, self.alias)  # type: ignore[attr-defined]  # noqa: SLF001
            except AttributeError:  # the first time
                pass
        return connections[self.alias]

    def rows(self, sql: str, params: Params, patience: int = 1) -> list[tuple[Any, ...]]:
        """Return the rows that a reading statement finds; asked a second time if the connection was lost."""
        connection = self.connection
        if connection.vendor == "sqlite" and connection.connection is not None:  # nothing to lose or to wait for
            return self._run(connection, sql, params, _all_rows, patience)
        with self._watch(connection, patience) as watch:
            try:
                return self._run(self._connected(watch), sql, params, _all_rows, patience)
            except Error as error:
                if not self.reconnects(error, watch) or watch.was_cut:
                    raise
            return self._run(self._connected(watch), sql, params, _all_rows, patience)

    def write(self, sql: str, params: Params, patience: int = 1) -> int:
        """Run a writing statement and return the number of rows it touched."""
        return self._change(sql, params, _count, patience)

    def write_rows(self, sql: str, params: Params, patience: int = 1) -> list[tuple[Any, ...]]:
        """Run a writing statement and return the rows it answers."""
        return self._change(sql, params, _all_rows, patience)

    def atomic(self) -> "Block":
        """Return a transaction, or a savepoint in the one that is open."""
        return Block(self)

    def begins_transactions(self) -> bool:
        """Say whether there is none of the caller's, be it that of a connection without autocommit."""
        connection = self.connection
        return not connection.in_atomic_block and (connection.connection is None or connection.autocommit)

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
            for statement, unsafe, sentence in THREATS.get(self.connection.vendor, ())
            if self._setting(statement) in unsafe
        ]

    def _setting(self, statement: str) -> str:
        found = self.rows(statement, ())[0][0]
        return (found.decode() if isinstance(found, bytes) else str(found)).lower()

    def watch(self, patience: int = 1) -> Watch:
        """Return a block in which the server has to answer, within ``patience`` times the usual."""
        return self._watch(self.connection, patience)

    def _watch(self, connection: Any, patience: int) -> Watch:
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
        return connection.connection is None or watch.was_cut or is_lost(connection, error)

    def _change(self, sql: str, params: Params, read: Reader, patience: int) -> Any:
        connection = self.connection
        if connection.vendor == "sqlite" and connection.connection is not None:
            return self._run(connection, sql, params, read, patience)
        with self._watch(connection, patience) as watch:
            for _ in range(TRIES - 1):
                try:
                    return self._attempt(watch, sql, params, read, patience)
                except Error as error:
                    if connection.in_atomic_block or not is_deadlock(error):
                        raise
            return self._attempt(watch, sql, params, read, patience)

    def _attempt(self, watch: Watch, sql: str, params: Params, read: Reader, patience: int) -> Any:
        try:
            return self._run(self._connected(watch), sql, params, read, patience)
        except Error as error:
            if not self.reconnects(error, watch):
                raise
            raise self.unknown() from error

    def _run(self, connection: Any, sql: str, params: Params, read: Reader, patience: int) -> Any:
        if self.below is None or not is_plain(connection):
            return _by_cursor(connection, sql, params, read)
        try:
            done = self.below(connection, sql, params, often=patience == 1)
            return _by_cursor(connection, sql, params, read) if done is None else read(done)
        except connection.Database.Error:
            with connection.wrap_database_errors:
                raise

    def _connected(self, watch: Watch) -> Any:
        connection = watch.connection
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


def _by_cursor(connection: Any, sql: str, params: Params, read: Reader) -> Any:
    if connection.vendor == "postgresql":  # whose drivers take bytes for bytea
        params = [one.decode() if type(one) is bytes else one for one in params]
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return read(cursor)


def _all_rows(cursor: Any) -> list[tuple[Any, ...]]:
    rows = cursor.fetchall()
    return rows if type(rows) is list else list(rows)  # some drivers give a tuple


def _count(cursor: Any) -> int:
    return cursor.rowcount
