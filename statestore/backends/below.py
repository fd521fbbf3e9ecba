"""Statements below Django's cursor, on Django's own connection.

The cursor and its wrappers take 15 µs on SQLite, whose statement takes 4, and twice the statement's time again on
PostgreSQL, where nothing is prepared. They are gone round only where nobody could tell: whoever logs, wraps,
refuses or patches statements has them go through the cursor as ever.
"""

from asyncio import _get_running_loop
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from threading import get_ident
from types import FunctionType
from typing import Any, Protocol

from django.apps import apps
from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

Params = Sequence[Any]
_WAYS = {"sqlite": "statestore.backends.below_sqlite", "postgresql": "statestore.backends.below_postgresql"}
_SETTINGS = vars(settings)  # where those are kept that were asked for
_PATCHED = ("cursor", "_cursor", "create_cursor", "make_cursor")


class Answer(Protocol):
    """What is asked of a cursor on which a statement was executed."""

    @property
    def rowcount(self) -> int: ...

    def fetchall(self) -> Any: ...


class Way(Protocol):
    """Executes a statement on an open connection of Django's; None, with nothing done, where only a cursor can.

    ``often``: it is worth a name on the server, and one plan for whatever the parameters are.
    """

    def __call__(self, connection: Any, sql: str, params: Params, *, often: bool) -> Answer | None: ...


def way_of(connection: Any, *, named: bool) -> Way | None:
    """Return the way below the cursor of this vendor and driver, if there is one.

    ``named``: prepared statements under a name may be left on the server.
    """
    if connection.vendor not in _WAYS:
        return None
    return import_module(_WAYS[connection.vendor]).way(connection, named=named)


def is_plain(connection: Any) -> bool:
    """Say whether nobody wants to see a statement pass through the cursor, and the cursor would not refuse it."""
    return not (
        connection.execute_wrappers
        or connection.force_debug_cursor
        or _debug()
        or connection.needs_rollback
        or connection.connection is None
        or (connection.health_check_enabled and not connection.health_check_done)
        or connection._thread_ident != get_ident()  # noqa: SLF001 (the cursor knows if it is shared)
        or _get_running_loop() is not None  # which must not be blocked
        or ("cursor" in vars(connection) and _is_patched(connection))
        or not _are_djangos(type(connection), BaseDatabaseWrapper.ensure_connection, CursorWrapper.execute)  # type: ignore[arg-type]
        or not apps.ready
    )


def _is_patched(connection: Any) -> bool:
    # Where a test was over, Django's test runner leaves the class's own method on the connection.
    return getattr(vars(connection)["cursor"], "__func__", None) is not type(connection).cursor


def _debug() -> bool:
    known = _SETTINGS.get("DEBUG")  # asking a lazy object takes five times as long
    return settings.DEBUG if known is None else known


@lru_cache(maxsize=32)
def _are_djangos(kind: Any, *patched: Any) -> bool:
    """Say whether a backend's cursors are Django's own, as no tool, test or other package has made them."""
    methods = [*patched, *(getattr(kind, name) for name in _PATCHED)]
    return all(type(one) is FunctionType and one.__globals__["__name__"].startswith("django.") for one in methods)
