"""The way to a Redis Cluster. redis-py knows which node has which slot; where a command goes is seen to here."""

import time
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from redis.cluster import ClusterNode, RedisCluster
from redis.connection import ConnectionPool
from redis.exceptions import (
    AskError,
    ConnectionError,  # noqa: A004
    MaxConnectionsError,
    MovedError,
    SlotNotCoveredError,
    TimeoutError,  # noqa: A004
    TryAgainError,
)

from statestore.backends.redis_connections import Command, Connections, Unanswered
from statestore.backends.redis_demand import Demand, Unacknowledged
from statestore.backends.redis_guard import Welcomes, connections_to
from statestore.backends.redis_link import Link

PAUSE = 0.02  # seconds, while a slot is on its way from one node to another
SHARE = 4  # one in so many connections to a node may be idle here, out of reach of the client's other users
ASKING: Command = (b"ASKING",)

LOST = (ConnectionError, TimeoutError, OSError)
NOT_HERE = (AskError, TryAgainError, *LOST)
"""Replies to what was not carried out and may be sent again: to another node, or a little later."""


class ClusterLink(Link):
    """The way to the nodes of a cluster: every command goes to the node that has its key."""

    is_to_cluster = True

    def __init__(
        self, cluster: RedisCluster, demand: Demand, patience: float, welcomes: Welcomes | None = None
    ) -> None:
        self.cluster = cluster
        self.demand = demand
        self.patience = patience
        self._welcomes = welcomes
        self._is_stale = False
        self._known: dict[ConnectionPool, Connections] = {}

    def close(self) -> None:
        """Give the connections back: they are the cluster client's, which others may use."""
        self._keep(())

    def servers(self) -> list[Connections]:
        """Return the connections to each primary."""
        return [self._to(node) for node in self.cluster.get_primaries()]

    def servers_now(self) -> list[Connections]:
        """Return the same, of those that are primaries now."""
        self._look_around()
        return self.servers()

    def _send(self, commands: Sequence[Command], *, writing: bool, in_order: bool = False) -> list[Any]:
        replies: dict[int, Any] = {}
        waiting: Mapping[int, Any] = dict.fromkeys(range(len(commands)))
        deadline = time.monotonic() + self.patience
        while waiting and self._is_ready_for(waiting.values()):
            for node, asking, numbers in self._by_node(commands, waiting):
                part = [commands[number] for number in numbers]
                replies |= zip(numbers, self._send_to(node, part, asking=asking, writing=writing), strict=True)
            refused = {number: replies[number] for number in waiting if isinstance(replies[number], NOT_HERE)}
            if in_order and refused:  # what came after the first ran before its turn
                refused = {number: refused.get(number) for number in waiting if number >= min(refused)}
            is_lost_again = _has(refused.values(), LOST) and _has(waiting.values(), LOST)
            waiting = {} if is_lost_again or time.monotonic() > deadline else refused
        return [replies[number] for number in range(len(commands))]

    def _is_ready_for(self, refusals: Iterable[Any]) -> bool:
        """Make ready to send again what was refused so; always true."""
        if self._is_stale or _has(refusals, (MovedError, *LOST)):
            self._look_around()
        if _has(refusals, TryAgainError):
            time.sleep(PAUSE)
        return True

    def _by_node(
        self, commands: Sequence[Command], refusals: Mapping[int, Any]
    ) -> Iterable[tuple[ClusterNode, bool, list[int]]]:
        """Return the nodes, each with the numbers of its commands and whether it must be told that it is asked."""
        found: dict[tuple[str, bool], tuple[ClusterNode, bool, list[int]]] = {}
        for number, refusal in refusals.items():
            asking = type(refusal) is AskError
            node: Any = self._node_at(refusal) if asking else self._node_of(commands[number])
            found.setdefault((node.name, asking), (node, asking, []))[2].append(number)
        return found.values()

    def _node_of(self, command: Command) -> Any:
        try:
            return self.cluster.get_node_from_key(_key(command))
        except SlotNotCoveredError:
            self._is_stale = True  # the next call asks who has it by then
            raise

    def _node_at(self, refusal: AskError) -> ClusterNode:
        host, port = self.cluster.nodes_manager.remap_host_port(refusal.host, refusal.port)
        if self.cluster.get_node(host=host, port=port) is None:
            self._look_around()
        return self.cluster.get_node(host=host, port=port) or ClusterNode(host, port)

    def _send_to(self, node: ClusterNode, commands: list[Command], *, asking: bool, writing: bool) -> list[Any]:
        if asking:
            commands = [each for command in commands for each in (ASKING, command)]
        try:
            replies = self._over(self._to(node), commands, writing=writing)
        except Unacknowledged:
            raise
        except Unanswered:
            self._is_stale = True  # perhaps another node takes over
            raise
        except MaxConnectionsError:
            raise
        except LOST as error:  # nobody there; nothing was sent
            self._is_stale = True  # also when the time is up before it can be looked who has the slots now
            replies = [error] * len(commands)
        return replies[1::2] if asking else replies

    def _to(self, node: ClusterNode) -> Connections:
        pool = self.cluster.get_redis_connection(node).connection_pool
        found = self._known.get(pool)
        most = pool.max_connections // SHARE
        return found or self._known.setdefault(pool, connections_to(pool, most, self._welcomes))

    def _look_around(self) -> None:
        """Have the cluster client ask who has which slots."""
        self.cluster.nodes_manager.initialize()
        self._is_stale = False
        nodes = self.cluster.nodes_manager.nodes_cache.values()
        self._keep({self.cluster.get_redis_connection(node).connection_pool for node in nodes})

    def _keep(self, pools: Container[ConnectionPool]) -> None:
        """Let go of the connections to all others, which are nodes no more."""
        for pool in [each for each in list(self._known) if each not in pools]:
            if connections := self._known.pop(pool, None):
                connections.give_back()


def _key(command: Command) -> Any:
    return command[3] if command[0] in (b"EVALSHA", b"EVAL") else command[1]


def _has(replies: Iterable[Any], kinds: Any) -> bool:
    return any(isinstance(reply, kinds) for reply in replies)
