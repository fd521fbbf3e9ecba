"""The connections to one server, and what goes over them in one round trip."""

import os
import select
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any
from weakref import finalize

from redis.connection import ConnectionPool
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ConnectionError,  # noqa: A004
    ReadOnlyError,
    ResponseError,
)
from redis.sentinel import SentinelConnectionPool

from statestore.backends.redis_replies import Replies

Command = tuple[bytes, ...]
KNOWN_POOLS = (ConnectionPool, SentinelConnectionPool)


class Unanswered(ConnectionError):
    """Commands were sent and no answer came: they may or may not have been carried out."""


class Connections:
    """Those of a pool; the idle ones stay in hand.

    The pool's ways to give and to take one cost nearly as much as the round trip. So a connection goes back only
    when something may be amiss with it, and the pool sees to it.
    """

    def __init__(self, pool: ConnectionPool, most: int) -> None:
        self.pool = pool
        self._most = most if _may_be_kept_from(pool) else 0
        self._idle: deque[Line] = deque()
        finalize(self, _hang_up, pool, self._idle)  # else the collector of garbage comes upon open sockets

    def exchange(self, commands: Sequence[Command]) -> list[Any]:
        """Send commands over one connection and return the replies, errors among them.

        ``Unanswered``: the outcome is unknown. Any other error: the connection could not be had, or the server
        refused. Whatever is raised, the connection goes back whole or closed.
        """
        data = packed(commands[0]) if len(commands) == 1 else b"".join(map(packed, commands))
        return self.exchange_packed(data, len(commands))

    def exchange_packed(self, data: bytes, number: int) -> list[Any]:
        """Send so many commands, as ``exchange`` does."""
        line = self._take()
        try:
            replies = line.exchange(data, number)
        except Exception as error:  # of any type, when another thread closes the connection
            self._drop(line)
            self._drop_idle()
            if _is_refusal(error):
                raise
            raise Unanswered(f"No answer: {type(error).__name__}.") from error
        except BaseException:
            self._drop(line)
            raise
        if not line.is_done():  # whose answer is the rest?
            self._drop(line)
        elif len(self._idle) < self._most:
            self._idle.append(line)
        else:
            self.pool.release(line.connection)
        return replies

    def give_back(self) -> None:
        """Let the pool have the idle connections."""
        for line in _drained(self._idle):
            self.pool.release(line.connection)

    def _take(self) -> "Line":
        """Return a connection, connected and not by the server closed meanwhile."""
        while self._idle:
            try:
                line = self._idle.pop()
            except IndexError:  # another thread was quicker
                break
            if line.connection.pid != os.getpid():
                continue  # the parent's: this process was forked off
            if line.is_fit() and self.pool.owns_connection(line.connection):
                return line
            self.pool.release(line.connection)
        return Line(self.pool.get_connection())

    def _drop(self, line: "Line") -> None:
        line.connection.disconnect()
        self.pool.release(line.connection)

    def _drop_idle(self) -> None:
        """Close the idle connections: they lead to the same server, which may hang or be deposed."""
        for line in _drained(self._idle):
            self._drop(line)


class Line:
    """A connection of redis-py, in use or idle."""

    __slots__ = ("_pending", "_poll", "_replies", "_should_reconnect", "connection", "server", "socket")

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.server: str | None = None  # its name, once asked
        self.socket = connection._sock  # noqa: SLF001 (there is no public way to it)
        self._replies = Replies(connection) if connection.protocol in (2, "2") else None
        self._pending: Callable[[], int] = getattr(self.socket, "pending", int)  # what TLS has already deciphered
        self._poll = _poll(self.socket)
        self._should_reconnect: Callable[[], bool] = getattr(connection, "should_reconnect", bool)

    def exchange(self, data: bytes, number: int) -> list[Any]:
        """Send commands and return so many replies."""
        self.connection.send_packed_command([data], check_health=False)
        if self._replies is None:  # RESP3: among the replies there may be messages for redis-py
            return [_reply(self.connection) for _ in range(number)]
        return self._replies.read_several(number)

    def is_done(self) -> bool:
        """Say whether there is no more to read than was asked for."""
        return self._replies is None or self._replies.is_done()

    def is_fit(self) -> bool:
        """Say whether nothing waits to be read, not even the end, and redis-py does not want it connected anew."""
        is_same = self.connection._sock is self.socket  # noqa: SLF001
        return is_same and not (self._poll(0) or self._pending() or self._should_reconnect())


def _drained(lines: deque[Line]) -> Iterator[Line]:
    """Take lines out and yield them, until there are none; other threads may do so, too."""
    with suppress(IndexError):
        while True:
            yield lines.pop()


def _hang_up(pool: Any, lines: deque[Line]) -> None:
    """Close what a forgotten store had in hand, and let the pool have it, which others may use.

    Not by ``release``: its lock may be held by the very thread in which the collector of garbage is at work.
    """
    for line in _drained(lines):
        line.connection.disconnect()
        pool._in_use_connections.discard(line.connection)  # noqa: SLF001 (see above)
        pool._available_connections.append(line.connection)  # noqa: SLF001


def packed(command: Command) -> bytes:
    """Return a command as it goes over the wire."""
    size = len(command)
    parts: list[Any] = [size] * (2 * size + 1)
    parts[1::2], parts[2::2] = map(len, command), command
    return (b"*%d\r\n" + b"$%d\r\n%b\r\n" * size) % tuple(parts)  # in one: half the time of one by one


def _poll(sock: Any) -> Callable[[int], Any]:
    if not hasattr(select, "poll"):
        return bool  # such a line is never idle
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return poll.poll


def _may_be_kept_from(pool: Any) -> bool:
    """Say whether a pool does without its idle connections: nobody waits for one, nobody sees to them there."""
    is_known = type(pool) in KNOWN_POOLS and getattr(pool, "cache", None) is None
    return is_known and not pool.connection_kwargs.get("credential_provider") and hasattr(select, "poll")


def _reply(connection: Any) -> Any:
    try:
        return connection.read_response(disable_decoding=True)
    except ReadOnlyError:
        raise
    except ResponseError as error:
        return error


def _is_refusal(error: Exception) -> bool:
    """Say whether the server has answered, and the connection is of no more use."""
    known = AuthenticationError | BusyLoadingError | ReadOnlyError
    return isinstance(error, known) or isinstance(error.__context__, ReadOnlyError)
