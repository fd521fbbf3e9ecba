"""What the drivers behind Django's connections do not do alike: opening in time, telling what was lost."""

import contextlib
from math import ceil
from typing import Any

from django.db import Error, InterfaceError, OperationalError

_LOST_MYSQL = {2006, 2013, 2014, 2055}  # CR_SERVER_GONE_ERROR, CR_SERVER_LOST, out of sync, lost while reading
_DEADLOCK_MYSQL = {1213}
THREATS = {
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


def is_lost(connection: Any, error: Error) -> bool:
    if connection.vendor == "postgresql":
        return bool(connection.connection.closed)
    if connection.vendor == "mysql":
        return isinstance(error, InterfaceError) or _code(error) in _LOST_MYSQL
    return False


def is_conflict(error: Error) -> bool:
    """Say whether somebody else has changed what a transaction was about to change."""
    return getattr(error.__cause__, "sqlstate", None) == "40001" or is_deadlock(error)


def is_deadlock(error: Error) -> bool:
    if not isinstance(error, OperationalError):
        return False
    return getattr(error.__cause__, "sqlstate", None) == "40P01" or _code(error) in _DEADLOCK_MYSQL


def _code(error: Error) -> Any:
    return error.args[0] if error.args else None
