"""The way to a Redis server: commands out, replies in, with nothing sent twice in silence.

It goes below redis-py's client, which costs more than the round trip and repeats what it got no answer to.
"""

from collections.abc import Sequence
from typing import Any

from redis.connection import ConnectionPool
from redis.exceptions import NoScriptError, TimeoutError  # noqa: A004

from statestore.backends.redis_connections import Command, Connections, Unanswered
from statestore.backends.redis_demand import Demand
from statestore.backends.redis_guard import Welcomes, connections_to
from statestore.backends.redis_scripts import in_full
from statestore.backends.redis_together import Together


class Link:
    """The way to one server; behind Sentinel, to whichever is the master."""

    is_to_cluster = False
    together: Together | None = None

    def __init__(self, pool: ConnectionPool, demand: Demand, welcomes: Welcomes | None = None) -> None:
        self.pool = pool
        self.demand = demand
        self._connections = connections_to(pool, pool.max_connections, welcomes)
        if not demand.replicas:
            self.together = Together(self._connections)

    def run(self, commands: Sequence[Command], *, writing: bool = False) -> list[Any]:
        """Carry out the commands in one round trip and return the replies.

        The first error among the replies is raised. ``Unanswered``: the outcome is unknown; any other error of
        redis-py: the command that it speaks of was not carried out.
        """
        replies = self._attempt(commands, writing=writing)
        if len(replies) == 1 and not isinstance(replies[0], Exception):  # nearly always
            return replies
        return _without_errors(self._told_in_full(commands, replies, writing=writing))

    def write(self, index: bytes, command: Command) -> Any:
        """Carry out a script that writes into an index, and see whether the next one can do without. As ``run``."""
        trial = self.together.trial(index) if self.together else []
        sent = [*trial, command]
        *tried, reply = self._told_in_full(sent, self._attempt(sent, writing=True), writing=True)
        _without_errors([reply])
        if self.together and reply == 1:
            self.together.learn(index, tried)
        return reply

    def _told_in_full(self, commands: Sequence[Command], replies: list[Any], *, writing: bool) -> list[Any]:
        """Return the replies, with those to scripts that the server did not know and was told now."""
        unknown = [number for number, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
        if unknown:  # nothing ran
            again = self._attempt([in_full(commands[number]) for number in unknown], writing=writing)
            for number, reply in zip(unknown, again, strict=True):
                replies[number] = reply
        return replies

    def run_in_order(self, commands: Sequence[Command]) -> list[Any]:
        """Carry out commands of which some write, in one round trip, each only when those before it are done.

        Should the server not know a script, all from there on are sent again: they must bear that. Raises as
        ``run`` does.
        """
        replies = self._send(commands, writing=True, in_order=True)
        unknown = [number for number, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
        if unknown:
            rest = [in_full(each) for each in commands[unknown[0] :]]
            replies[unknown[0] :] = self._send(rest, writing=True, in_order=True)
        return _without_errors(replies)

    def close(self) -> None:
        """Close the connections that nobody is using."""
        self._connections.give_back()
        try:
            self.pool.disconnect(inuse_connections=False)
        except TypeError:  # a BlockingConnectionPool of redis-py 6 closes all or none
            self.pool.disconnect()

    def servers(self) -> list[Connections]:
        """Return the connections to each server that takes writes."""
        return [self._connections]

    def servers_now(self) -> list[Connections]:
        """Return the same, of those that are primaries now; a pool sees to that for each new connection."""
        return self.servers()

    def _attempt(self, commands: Sequence[Command], *, writing: bool) -> list[Any]:
        try:
            return self._send(commands, writing=writing)
        except Unanswered as error:
            if writing or isinstance(error.__cause__, TimeoutError):
                raise
        return self._send(commands, writing=writing)  # reading again changes nothing

    def _send(self, commands: Sequence[Command], *, writing: bool, in_order: bool = False) -> list[Any]:
        """Send commands to the server, which keeps their order; a cluster does so where it is asked to."""
        return self._over(self._connections, commands, writing=writing)

    def _over(self, connections: Connections, commands: Sequence[Command], *, writing: bool) -> list[Any]:
        return self.demand.write(connections, commands) if writing else connections.exchange(commands)


def _without_errors(replies: list[Any]) -> list[Any]:
    for reply in replies:
        if isinstance(reply, Exception):
            raise reply
    return replies
