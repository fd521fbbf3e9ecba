"""Connections over which only such servers are spoken to as are welcome: each is asked once who is at its end.

A server gets a new ``run_id`` when it is started and a new replication id when it becomes a primary. So the two
name one reign: in another one the server may know less than it did.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any
from weakref import WeakKeyDictionary

from redis.connection import ConnectionPool
from redis.exceptions import ConnectionError  # noqa: A004

from statestore.backends.redis_connections import Connections, Line, packed

Welcomes = Callable[[str], bool]

UNKNOWN = "?"
WHO = b"".join(packed((b"INFO", section)) for section in (b"server", b"replication"))

_FACTS = re.compile(rb"^(run_id|master_replid):(\w+)", re.MULTILINE)


class AnotherServer(ConnectionError):
    """Nothing was sent: who answers there is not one of those that are welcome."""


class GuardedConnections(Connections):
    """Those of a pool that lead to a server which is welcome. It is asked at every use: who is, may change."""

    def __init__(self, pool: ConnectionPool, most: int, welcomes: Welcomes) -> None:
        super().__init__(pool, most)
        self._welcomes = welcomes
        self._names: WeakKeyDictionary[Any, str] = WeakKeyDictionary()  # by socket; the pool may get one back

    def server(self) -> str:
        """Return the name of the server to which a connection made now leads, welcome or not."""
        self._drop_idle()
        self._drop(super()._take())  # one that the pool had may lead to a server that was deposed
        line = super()._take()
        name = self._ask(line)
        self.pool.release(line.connection)
        return name

    def _take(self) -> Line:
        line = Connections._take(self)  # noqa: SLF001 (in less time than by super())
        if line.server is None or not self._welcomes(line.server):
            return self._take_another(line)
        return line

    def _take_another(self, line: Line) -> Line:
        if not self._is_welcome(line):
            self._drop(line)
            self._drop_idle()  # they may lead to a server that was deposed, a new one to its successor
            line = super()._take()
            if not self._is_welcome(line):
                self._drop(line)
                raise AnotherServer("The server was started anew, or another has taken its place.")
        return line

    def _is_welcome(self, line: Line) -> bool:
        if line.server is None:
            line.server = self._names.get(line.socket) or self._ask(line)
        return self._welcomes(line.server)

    def _ask(self, line: Line) -> str:
        try:
            name = name_in(line.exchange(WHO, 2))
        except Exception as error:  # of any type, when another thread closes the connection
            self._drop(line)
            raise ConnectionError(f"Who answers was not said: {type(error).__name__}.") from error
        except BaseException:
            self._drop(line)
            raise
        self._names[line.socket] = name
        return name


def connections_to(pool: ConnectionPool, most: int, welcomes: Welcomes | None) -> Connections:
    """Return the connections of a pool, guarded where it is said who is welcome."""
    return Connections(pool, most) if welcomes is None else GuardedConnections(pool, most, welcomes)


def names(servers: Iterable[Connections]) -> tuple[str, ...] | None:
    """Return the names of the servers; None if one does not say it."""
    found = {each.server() for each in servers if isinstance(each, GuardedConnections)}
    return None if UNKNOWN in found or not found else tuple(sorted(found))


def name_in(replies: list[Any]) -> str:
    """Return the name of the server that gave these answers to ``WHO``; raise one that is good for now only."""
    facts: dict[bytes, bytes] = {}
    for reply in replies:
        if isinstance(reply, Exception) and str(reply).startswith("BUSY"):  # by a script that takes long
            raise reply
        facts |= _FACTS.findall(reply) if isinstance(reply, bytes) else ()
    return " ".join(facts[fact].decode() for fact in sorted(facts)) or UNKNOWN
