"""Scopes as JSON lines, out of any store: what ``dump_context`` and the admin's export write.

A line is an entry: ``{"scope", "key", "value", "expires_at", "updated_at"}``. The value is the text as stored, byte
for byte; ``expires_at`` is a moment (ISO 8601) or null; ``updated_at`` tells and is not restored. Lines
stand in the order of the scopes' names, all of a scope together, so that a dump can be taken up again.
"""

from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import BinaryIO

from statestore.backends.base import StateStore
from statestore.entries import Record, to_datetime
from statestore.exceptions import (
    CorruptState,
    UsageError,
)
from statestore.jsontext import NotJSON, parse
from statestore.values import decode, encode

Unreadable = Callable[[str, str | None, str], object]


class BadLine(UsageError, ValueError):
    """A line of a dump can't be loaded; nothing of it was."""


def dump(
    store: StateStore, *, prefix: str = "", after: str = "", on_corrupt: Unreadable | None = None
) -> Iterator[bytes]:
    """Yield a line for every entry of the scopes that start with ``prefix`` and come after ``after``.

    A scope is read in one step, so that its lines belong together. An entry that can't be read is left out and told
    to ``on_corrupt(scope, key, why)``; without that it raises ``CorruptState``.
    """
    for info in store.scopes(prefix, after=after):
        yield from dump_scope(store, info.name, on_corrupt=on_corrupt)


def begun(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Return these, with the first of them read: a store that does not answer says so before anything is opened."""
    return chain(list(islice(pieces, 1)), pieces)


def dump_scope(store: StateStore, scope: str, *, on_corrupt: Unreadable | None = None) -> Iterator[bytes]:
    """Yield a line for every entry of one scope; none where there is no such scope."""
    for key, record in sorted(_records(store, scope, on_corrupt).items()):
        try:
            yield _line(scope, key, record)
        except ValueError as error:
            if on_corrupt is None:
                raise CorruptState(f"{scope} / {key}: what is stored is not JSON.", scope=scope, key=key) from error
            on_corrupt(scope, key, str(error))


def _records(store: StateStore, scope: str, on_corrupt: Unreadable | None) -> dict[str, Record]:
    try:
        return store.records(scope)
    except CorruptState as error:
        if on_corrupt is None:
            raise
        on_corrupt(scope, error.key, str(error))  # type: ignore[arg-type]
    found: dict[str, Record] = {}
    for key in store.keys(scope):
        try:
            found |= store.records(scope, [key])
        except CorruptState as error:
            on_corrupt(scope, key, str(error))
    return found


def _line(scope: str, key: str, record: Record) -> bytes:
    value = decode(record.text)
    text = record.text if b"\n" not in record.text and b"\r" not in record.text else encode(value)
    end = None if record.expires_at is None else _iso(record.expires_at)
    return b'{"scope":%b,"key":%b,"value":%b,"expires_at":%b,"updated_at":%b}\n' % (
        *map(encode, (scope, key)),
        text,
        *map(encode, (end, _iso(record.updated_at))),
    )


def _iso(moment: int) -> str:
    return to_datetime(moment).isoformat().replace("+00:00", "Z")


def resume(file: BinaryIO) -> str:
    """Cut the last scope off an unfinished dump and return the name of the one before it, to dump on ``after``.

    Which of the last scope's lines are missing nobody knows. ``BadLine`` if the file is no dump.
    """
    scope, before, start = "", "", 0
    file.seek(0)
    while line := file.readline():
        if not line.endswith(b"\n"):
            break
        try:
            name = parse(line)["scope"]
        except (NotJSON, KeyError, TypeError):
            raise BadLine("This file is no dump; it is left as it is.") from None
        if name != scope:
            scope, before, start = name, scope, file.tell() - len(line)
    file.seek(start)
    file.truncate()
    return before
