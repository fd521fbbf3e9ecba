"""Reads what a Redis server answers, in RESP2, from a socket: redis-py's own reader has three layers a line."""

import socket
from typing import Any

from redis.exceptions import (
    ConnectionError,  # noqa: A004
    InvalidResponse,
    ReadOnlyError,
    TimeoutError,  # noqa: A004
)

CHUNK = 1 << 16
MOST = 1 << 20  # asked of the socket at once
BULK = b"$"[0]

_QUEUED = b"+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:%d\r\n:%d\r\n"
_NUMBERS = [(0, 0), (0, 1), (1, 0), (1, 1)]
BY_HEART: dict[bytes, list[Any]] = {
    _QUEUED % numbers: [b"OK", b"QUEUED", b"QUEUED", [*numbers]] for numbers in _NUMBERS
}
"""What is answered to most writes: to look it up is quicker by far than to read it."""
BEGINNINGS = {text[:size] for text in BY_HEART for size in range(1, len(text))}
AT_ONCE = 4  # replies, in each of these


class Replies:
    """The replies that come over one connection of redis-py, which must speak RESP2 and have nothing unread."""

    __slots__ = ("_at", "_data", "_error", "_receive_some")

    def __init__(self, connection: Any) -> None:
        self._receive_some = connection._sock.recv  # noqa: SLF001 (there is no public way to a socket)
        self._error = connection._parser.parse_error  # noqa: SLF001 (nor to the meaning of an error)
        self._data, self._at = b"", 0

    def is_done(self) -> bool:
        """Say whether all that came is read; then it is kept no longer."""
        if self._at < len(self._data):
            return False
        self._data, self._at = b"", 0
        return True

    def read_several(self, number: int) -> list[Any]:
        """Return the next so many replies."""
        if self._at == len(self._data):  # nearly always: a first look spared
            self._data, self._at = self._receive_part(1), 0
        if number == AT_ONCE and not self._at:  # of other replies there may be much, and to look that up takes long
            while self._data in BEGINNINGS:  # the server answers a large write in parts
                self._data += self._receive_part(1)
            if known := BY_HEART.get(self._data):
                self._at = len(self._data)
                return [*known]
        return [self.read() for _ in range(number)]

    def read(self) -> Any:
        """Return the next reply: bytes, a number, a list, None, or the error that the server tells.

        Raises what redis-py takes for the end of a connection, and ``ReadOnlyError``, after which one to another
        server is needed.
        """
        line = self._line()
        kind, said = line[:1], line[1:]
        if kind == b"$":
            return self._bulk(int(said))
        if kind == b":":
            return int(said)
        if kind == b"*":
            return self._array(int(said))
        if kind == b"+":
            return said
        if kind != b"-":
            raise InvalidResponse("This is not RESP2.")
        error = self._error(said.decode("utf-8", "replace"))
        if isinstance(error, ConnectionError | ReadOnlyError):
            raise error
        return error

    def _line(self) -> bytes:
        end = self._data.find(b"\r\n", self._at)
        while end < 0:
            self._receive(1)
            end = self._data.find(b"\r\n")
        line, self._at = self._data[self._at : end], end + 2
        return line

    def _bulk(self, size: int) -> bytes | None:
        if size < 0:
            return None
        missing = self._at + size + 2 - len(self._data)
        if missing > 0:
            self._receive(missing)
        start, end = self._at, self._at + size
        self._at = end + 2
        return self._data[start:end]

    def _array(self, size: int) -> list[Any] | None:
        if size < 0:
            return None
        found: list[Any] = []
        while len(found) < size:
            found += self._bulks(size - len(found)) or [self.read()]
        return found

    def _bulks(self, most: int) -> list[bytes | None]:
        """Return the texts that come next and have come whole: without a call for each."""
        data, at, found = self._data, self._at, []
        for _ in range(most):
            end = data.find(b"\r\n", at)
            if end < 0 or data[at] != BULK:
                break
            size = int(data[at + 1 : end])
            after = end + 2 if size < 0 else end + size + 4
            if after > len(data):
                break
            found.append(None if size < 0 else data[end + 2 : after - 2])
            at = after
        self._at = at
        return found

    def _receive(self, missing: int) -> None:
        """Wait for so many bytes more."""
        parts = [self._data[self._at :]] if self._at < len(self._data) else []
        while missing > 0:
            part = self._receive_part(missing)
            missing -= len(part)
            parts.append(part)
        self._data, self._at = parts[0] if len(parts) == 1 else b"".join(parts), 0

    def _receive_part(self, missing: int) -> bytes:
        try:
            part = self._receive_some(min(max(missing, CHUNK), MOST))
        except OSError as error:
            kind = TimeoutError if isinstance(error, socket.timeout) else ConnectionError
            raise kind("No reply.") from error
        if not part:
            raise ConnectionError("The server closed the connection.")
        return part
