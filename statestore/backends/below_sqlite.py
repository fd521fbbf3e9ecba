"""Below Django's cursor on SQLite: the driver's own, which takes ``?``."""

import sqlite3
from functools import lru_cache
from typing import Any

from statestore.backends.below import Params, Way


def way(connection: Any, *, named: bool) -> Way:
    """Return the way by the driver, which keeps what it has prepared by itself."""
    return execute


def execute(connection: Any, sql: str, params: Params, *, often: bool) -> sqlite3.Cursor | None:
    driver = connection.connection
    return driver.execute(_question_marks(sql), params) if type(driver) is sqlite3.Connection else None


@lru_cache(maxsize=512)
def _question_marks(sql: str) -> str:
    return sql.replace("%s", "?")
