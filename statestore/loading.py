"""JSON lines into any store: what ``load_context`` and the admin's import do with what ``transfer`` wrote."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from statestore.backends.base import StateStore
from statestore.entries import ABSENT, Until, to_moment
from statestore.exceptions import (
    InvalidKey,
    InvalidScope,
    InvalidValue,
    ValueTooLarge,
    VersionConflict,
    json_kind,
    shown,
)
from statestore.jsontext import NotJSON, parse
from statestore.names import check_key, check_scope
from statestore.transfer import BadLine

SKIP, REPLACE, FAIL = "skip", "replace", "fail"
IF_EXISTS = (SKIP, REPLACE, FAIL)
REQUIRED, OPTIONAL = {"scope", "key", "value"}, {"expires_at", "updated_at"}
BATCH = 100  # entries written by one call, where they may be overwritten
ROOM = 8192  # bytes of a line beside its value
_LINES_FAULT = (InvalidScope, InvalidKey, InvalidValue, ValueTooLarge, VersionConflict)


@dataclass(frozen=True)
class Line:
    """A line, read and checked."""

    number: int
    scope: str
    key: str
    value: Any
    expires_at: int | None

    @property
    def ttl(self) -> Until | None:
        """Return what gives an entry the very expiry that it had."""
        return None if self.expires_at is None else Until(self.expires_at)


@dataclass
class Loaded:
    """What a load did: lines dealt with; entries written, left alone as they exist, left out as expired."""

    lines: int = 0
    written: int = 0
    skipped: int = 0
    expired: int = 0


Written = Callable[[str, str], object]


class Loader:
    """Writes the lines of a dump into a store; ``loaded`` says at any time what it has done.

    Where there is an entry already: ``"skip"`` leaves it, ``"replace"`` replaces it, ``"fail"`` stops.
    """

    def __init__(self, store: StateStore, *, if_exists: str = SKIP, on_written: Written | None = None) -> None:
        self.store = store
        self.if_exists = if_exists
        self.loaded = Loaded()
        self._on_written = on_written
        self._waiting: list[Line] = []

    def load(self, lines: Iterable[bytes], *, first: int = 1) -> Loaded:
        """Write the entries of ``lines``, from line number ``first`` on, and return what was done.

        Every entry is written whole or not at all. ``BadLine`` names the first line that can't be loaded; all
        before it are, and none after it.
        """
        for number, raw in enumerate(lines, 1):
            if number >= first and raw.strip():
                self._take(number, raw)
        self._flush()
        return self.loaded

    def _take(self, number: int, raw: bytes) -> None:
        try:
            line = read_line(number, raw)
        except BadLine:
            self._flush()
            raise
        if self._waiting and not self._goes_with(line):
            self._flush()
        self._waiting.append(line)
        if self.if_exists != REPLACE or len(self._waiting) >= BATCH:
            self._flush()

    def _goes_with(self, line: Line) -> bool:
        return (line.scope, line.expires_at) == (self._waiting[0].scope, self._waiting[0].expires_at)

    def _flush(self) -> None:
        """Write what is waiting: lines of one scope with one expiry."""
        lines, self._waiting = self._waiting, []
        if len(lines) > 1 and self._write_together(lines):
            return
        for line in lines:
            self._write(line)

    def _write_together(self, lines: list[Line]) -> bool:
        if self._has_expired(lines[0]):
            return False
        try:
            self.store.set_many(lines[0].scope, {line.key: line.value for line in lines}, ttl=lines[0].ttl)
        except _LINES_FAULT:
            return False  # one of them is at fault; one by one it is found
        for line in lines:
            self._wrote(line)
        return True

    def _write(self, line: Line) -> None:
        if self._has_expired(line):
            self._done(line, "expired")
            return
        expect = None if self.if_exists == REPLACE else ABSENT
        try:
            self.store.set(line.scope, line.key, line.value, ttl=line.ttl, if_version=expect)
        except VersionConflict as error:
            if self.if_exists == FAIL:
                raise BadLine(f"Line {line.number}: {error}") from error
            self._done(line, "skipped")
        except _LINES_FAULT as error:
            raise BadLine(f"Line {line.number}: {error}") from error
        else:
            self._wrote(line)

    def _has_expired(self, line: Line) -> bool:
        return line.expires_at is not None and line.expires_at <= self.store.now()

    def _wrote(self, line: Line) -> None:
        self._done(line, "written")
        if self._on_written:
            self._on_written(line.scope, line.key)

    def _done(self, line: Line, what: str) -> None:
        setattr(self.loaded, what, getattr(self.loaded, what) + 1)
        self.loaded.lines = line.number


def read_line(number: int, raw: bytes) -> Line:
    """Return what a line says, or raise ``BadLine``."""
    try:
        said = parse(raw)
        _check_members(said)
        return Line(number, check_scope(said["scope"]), check_key(said["key"]), said["value"], _moment(said))
    except (NotJSON, InvalidScope, InvalidKey, InvalidValue) as error:
        raise BadLine(f"Line {number}: {error}") from error


def _check_members(said: Any) -> None:
    if not isinstance(said, dict):
        raise NotJSON("A line is an object.")
    if missing := REQUIRED - said.keys():
        raise NotJSON(f"There is no {', '.join(sorted(missing))}.")
    for name in ("scope", "key"):
        if not isinstance(said[name], str):
            raise NotJSON(f"A {name} is a string, not {json_kind(said[name])}.")
    if unknown := said.keys() - REQUIRED - OPTIONAL:
        raise NotJSON(f"A line has no {', '.join(map(ascii, sorted(unknown)))[:200]}.")


def _moment(said: dict[str, Any]) -> int | None:
    given = said.get("expires_at")
    if given is None:
        return None
    try:
        when = datetime.fromisoformat(given)
        if when.tzinfo is None:
            raise ValueError
        return to_moment(when)
    except (TypeError, ValueError, OverflowError):
        raise NotJSON(f"expires_at is a moment with a time zone, or null, not {shown(given)}.") from None


def lines_of(file: BinaryIO, store: StateStore) -> Iterator[bytes]:
    """Yield the lines of a file; one that is longer than any entry of this store can be is not read to its end."""
    most = 6 * store.config.max_value_bytes + ROOM  # a character of one byte may be written as six
    while line := file.readline(most + 1):
        yield line
        if len(line) > most:
            break
