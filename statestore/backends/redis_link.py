"""The way to a Redis server: commands out, replies in, with nothing sent twice in silence.

It goes below redis-py's client, which costs more than the round trip and repeats what it got no answer to.
"""

from collections.abc import Sequence
from typing import Any

from redis.connection import ConnectionPool
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ConnectionError,  # noqa: A004
    NoScriptError,
    ReadOnlyError,
    ResponseError,
    TimeoutError,  # noqa: A004
)

from statestore.backends.redis_scripts import in_full

Command = tuple[bytes, ...]


class Unanswered(ConnectionError):
    """Commands were sent and no answer came: they may or may not have been carried out."""


class Link:
    """The way to one server; behind Sentinel, to whichever is the master."""

    def __init__(self, pool: ConnectionPool) -> None:
        self.pool = pool

    def run(self, commands: Sequence[Command], *, writing: bool = False) -> list[Any]:
        """Carry out the commands in one round trip and return the replies.

        The first error among the replies is raised. ``Unanswered``: the outcome is unknown; any other error of
        redis-py: the command that it speaks of was not carried out.
        """
        replies = self._attempt(commands, writing=writing)
        unknown = [number for number, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
        if unknown:  # nothing ran
            again = self._attempt([in_full(commands[number]) for number in unknown], writing=writing)
            for number, reply in zip(unknown, again, strict=True):
                replies[number] = reply
        return _without_errors(replies)

    def run_in_order(self, commands: Sequence[Command]) -> list[Any]:
        """Carry out commands of which some write, in one round trip, each only when those before it are done.

        Should the server not know a script, all from there on are sent again: they must bear that. Raises as
        ``run`` does.
        """
        replies = self._attempt(commands, writing=True)
        unknown = [number for number, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
        if unknown:
            replies[unknown[0] :] = self._attempt([in_full(each) for each in commands[unknown[0] :]], writing=True)
        return _without_errors(replies)

    def close(self) -> None:
        """Close the connections that nobody is using."""
        self.pool.disconnect(inuse_connections=False)

    def servers(self) -> list[ConnectionPool]:
        """Return a pool for each server that takes writes."""
        return [self.pool]

    def _attempt(self, commands: Sequence[Command], *, writing: bool) -> list[Any]:
        try:
            return self._send(commands)
        except Unanswered as error:
            if writing or isinstance(error.__cause__, TimeoutError):
                raise
        return self._send(commands)  # reading again changes nothing

    def _send(self, commands: Sequence[Command]) -> list[Any]:
        return exchange(self.pool, commands)


def exchange(pool: ConnectionPool, commands: Sequence[Command]) -> list[Any]:
    """Send commands over one connection and return the replies, errors among them.

    Whatever is raised, the connection goes back whole or closed.
    """
    data = _packed(commands)
    connection = pool.get_connection()  # connected, and not by the server closed meanwhile
    try:
        connection.send_packed_command([data], check_health=False)
        return [_reply(connection) for _ in commands]
    except Exception as error:  # of any type, when another thread closes the connection
        connection.disconnect()
        if _is_refusal(error):
            raise
        raise Unanswered(f"No answer: {type(error).__name__}.") from error
    except BaseException:
        connection.disconnect()
        raise
    finally:
        pool.release(connection)


def _without_errors(replies: list[Any]) -> list[Any]:
    for reply in replies:
        if isinstance(reply, Exception):
            raise reply
    return replies


def _packed(commands: Sequence[Command]) -> bytes:
    parts = []
    for command in commands:
        parts.append(b"*%d\r\n" % len(command))
        parts += [b"$%d\r\n%b\r\n" % (len(part), part) for part in command]
    return b"".join(parts)


def _reply(connection: Any) -> Any:
    try:
        return connection.read_response(disable_decoding=True)
    except ResponseError as error:
        return error


def _is_refusal(error: Exception) -> bool:
    """Say whether the server has answered with what redis-py takes for a broken connection."""
    return isinstance(error, AuthenticationError | BusyLoadingError) or isinstance(error.__context__, ReadOnlyError)
