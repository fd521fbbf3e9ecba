"""A scope as one text in a cache: JSON, with the scope's name in it and every value's own text as a string.

``{"scope": "user:1", "touched": null, "entries": {"theme": ["\\"dark\\"", version, updated_at, expires_at]}}``
"""

from collections.abc import Collection
from typing import Any, NamedTuple

import orjson

from statestore.entries import ABSENT, Record, Sentinel

PLACEHOLDER = ""
"""Lies where a row is locked for a scope that does not exist yet."""

_DAMAGED = b"damaged: "  # no JSON text starts like this, so that reading the entry is CorruptState


class Document(NamedTuple):
    """The records of one scope by key, and when it was last touched."""

    records: dict[str, Record]
    touched: int | None = None

    def live(self, now: int) -> "Document":
        """Return a document of its own, without what has expired."""
        return Document({key: record for key, record in self.records.items() if record.is_live(now)}, self.touched)

    def version(self, key: str, now: int) -> str | Sentinel:
        """Return the version of a live record, or ``ABSENT``."""
        record = self.records.get(key)
        return record.version if record and record.is_live(now) else ABSENT

    def versions(self) -> dict[str, str]:
        """Return the version of every record by key."""
        return {key: record.version for key, record in self.records.items()}

    def last_use(self) -> int:
        """Return when something was last written or touched, 0 if never."""
        return max([self.touched or 0, *(record.updated_at for record in self.records.values())])


def pack(scope: str, document: Document) -> str:
    """Return the text that is stored for a scope."""
    entries = {key: [text.decode(), *stamp] for key, (text, *stamp) in document.records.items()}
    return orjson.dumps({"scope": scope, "touched": document.touched, "entries": entries}).decode()


def unpack(scope: str, found: Any, keys: Collection[str] | None = None) -> Document:
    """Return the document that was found at a scope's address, with these keys only; empty when nothing was.

    Raise ``ValueError`` when it is no document, or that of another scope. An entry in it that makes no sense
    becomes a record whose text is no JSON: to be seen, written over and removed, never to be read as a value.
    """
    if found is None or found == PLACEHOLDER:
        return Document({})
    said = orjson.loads(found)
    if not isinstance(said, dict) or said.get("scope") != scope or not isinstance(said.get("entries"), dict):
        raise ValueError("This is not the document of the scope.")
    touched, entries = said.get("touched"), said["entries"]
    records = {key: _record(entries[key]) for key in (entries if keys is None else keys) if key in entries}
    return Document(records, touched if type(touched) is int else None)


def _record(entry: Any) -> Record:
    match entry:
        case [str(text), str(version), int(updated_at), int() | None as expires_at]:
            return Record(text.encode(), version, updated_at, expires_at)
    return Record(_DAMAGED + orjson.dumps(entry), "", 0, None)
