"""Columns that keep text exactly, whatever the database's collation."""

from typing import Any

from django.db import models

from statestore.names import MAX_LENGTH

_UTF8_BYTES = 4  # at most, a code point


class NameField(models.CharField):
    """The name of a scope or a key: compared code point by code point, on every database.

    PostgreSQL gets the collation "C", SQLite's default is binary, and MySQL and MariaDB, whose collations fold
    case, accents or trailing spaces, keep the bytes of UTF-8.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_length"] = MAX_LENGTH
        super().__init__(*args, **kwargs)

    def db_type(self, connection: Any) -> str | None:
        if connection.vendor == "mysql":
            return f"varbinary({MAX_LENGTH * _UTF8_BYTES})"
        return super().db_type(connection)

    def db_parameters(self, connection: Any) -> dict[str, Any]:
        parameters = super().db_parameters(connection)
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"
        return parameters

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:  # noqa: FBT001, FBT002
        value = super().get_db_prep_value(value, connection, prepared)
        return value.encode() if connection.vendor == "mysql" and isinstance(value, str) else value

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return value.decode() if isinstance(value, bytes) else value


class JSONTextField(models.TextField):
    """Canonical JSON text. Not a JSONField: a database's own JSON type changes numbers and the order of names."""

    def db_type(self, connection: Any) -> str | None:
        if connection.vendor == "mysql":
            return "longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
        return super().db_type(connection)


class VersionField(models.CharField):
    """A version token: ASCII, compared letter by letter."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_length"] = 16
        super().__init__(*args, **kwargs)

    def db_type(self, connection: Any) -> str | None:
        if connection.vendor == "mysql":
            return "varchar(16) CHARACTER SET ascii COLLATE ascii_bin"
        return super().db_type(connection)
