"""The epoch: how a fast store that may have missed a write is kept from being believed.

It is an entry of the durable store. Copies carry the epoch in which they were made; any other copy is worthless.
While the epoch is *suspended* nobody reads or makes copies. It names the servers of the fast store: one that was
started anew, or has taken the place of another, may have missed a write, so nobody speaks to it before a new epoch
names it. A process believes what it read of the epoch for at most ``trust`` seconds: after that time all know.
"""

import threading
import time
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from statestore.backends.core import Core
from statestore.backends.layered_front import COPY, EPOCH_SIZE
from statestore.backends.rules import new_version
from statestore.entries import Stamp, to_moment

SCOPE = "statestore:layered"
LATE = to_moment(datetime(9000, 1, 1, tzinfo=UTC))  # "used" then, so that no clean of the durable store removes it
FIRST = b"0" * EPOCH_SIZE

Servers = tuple[str, ...] | None
"""The names of servers; none at all: nobody may be spoken to; None: they have no names."""


class State(NamedTuple):
    """What the durable store says."""

    token: bytes
    suspended: bool
    servers: Servers = None


class Belief(NamedTuple):
    """What this process read of it: when it began to, and until when that may be believed."""

    state: State
    since: float
    until: float
    copy: bytes
    """How the copies of the epoch begin."""


class Epoch:
    """The epoch of one layered store, as this process knows it."""

    def __init__(self, durable: Core, alias: str, trust: float) -> None:
        self.durable = durable
        self.key = alias[:200]
        self.trust = trust
        self._believed = Belief(State(FIRST, suspended=False), -1.0, 0.0, COPY + FIRST)
        self._learning = threading.Lock()
        self._suspended: tuple[bytes, float] = b"", 0.0  # the token of a suspension, and when all know it
        self._turned_away = False
        self._are_nameless = False
        self.is_in_doubt = True
        """Is there to be a new epoch, as soon as the fast store is well?"""

    def current(self) -> tuple[bytes, bool]:
        """Return the epoch, and whether it is suspended. Not in a transaction that sees an old state."""
        began = time.monotonic()
        state, _, until, _ = self._believed
        if began >= until:
            state = self._ask(self.durable._read_one)
            self._believe(state, began)
        return state.token, state.suspended

    def copies_begin(self) -> bytes:
        """Return how the copies begin which may be believed that came from a server now welcome."""
        return self._believed.copy

    def is_still(self, token: bytes) -> bool:
        """Is it this epoch that the servers now welcome belong to? Asked when a read is done, to be believed."""
        return self._believed.state.token == token

    def welcomes(self, server: str) -> bool:
        """Does the epoch that this process believes in name this server?"""
        servers = self._believed.state.servers
        if servers is None or server in servers:
            return True
        self._turned_away = self.is_in_doubt = True
        return False

    @property
    def is_known_suspended(self) -> bool:
        """Was it suspended when this process last looked?"""
        return self._believed.state.suspended

    def hold(self) -> State | None:
        """If it is suspended, keep it so to the end of the transaction and return what is said of it."""
        state = self._ask(self.durable._read_to_change)
        return state if state.suspended else None

    def is_known_to_all(self, state: State | None) -> bool:
        """Has every process learnt of this suspension?"""
        return state is not None and state.token == self._suspended[0] and time.monotonic() >= self._suspended[1]

    def suspend(self) -> None:
        """Stop all processes from believing the fast store, and return when they have. Not in a transaction."""
        with self.durable._transaction():
            state = self.put_suspended()
        self.wait_for_all(state)

    def put_suspended(self) -> State:
        """Have it suspended with the transaction that is open here."""
        state = self._ask(self.durable._read_to_change)
        return state if state.suspended else self._put(state._replace(token=_new(), suspended=True))

    def wait_for_all(self, state: State) -> None:
        """Return when every process has learnt of this suspension, which is committed."""
        self._note(state)
        time.sleep(max(0.0, self._suspended[1] - time.monotonic()))

    def renew(self, servers: Servers) -> None:
        """Begin a new epoch of these servers, which is not suspended, once no unannounced write is under way.

        If it was of others, all must learn first that those are gone: a call ``trust`` seconds later does it then.
        """
        with self.durable._transaction():
            state = self._ask(self.durable._read_to_change)
            if state.servers not in (None, (), servers):
                state = self._put(State(_new(), suspended=True, servers=()))
            if self._may_begin(state, servers):
                state = self._put(State(_new(), suspended=False, servers=servers))
        self._turned_away = False
        if state.suspended:
            self._note(state)
        else:
            with self._learning:  # another thread may know it by now
                self._believed = self._believed._replace(until=0.0)

    def _may_begin(self, state: State, servers: Servers) -> bool:
        if state.servers == ():
            return self.is_known_to_all(state)
        return state.suspended or state.servers != servers

    def are_nameless(self) -> None:
        """Be told that the servers do not say who they are, so that nobody need ask again."""
        self._are_nameless = True
        self._weigh()

    def _note(self, state: State) -> None:
        """Note a suspension that is committed; after ``trust`` seconds all have learnt of it."""
        if state.token != self._suspended[0]:
            began = time.monotonic()
            self._suspended = state.token, began + self.trust
            self._believe(state, began)

    def _believe(self, state: State, began: float) -> None:
        with self._learning:
            if began >= self._believed.since:  # one that was slow must not bring back what is over
                self._believed = Belief(state, began, began + self.trust, COPY + state.token)
        self._weigh()

    def _weigh(self) -> None:
        state = self._believed.state
        unnamed = state.servers is None and not self._are_nameless
        self.is_in_doubt = state.suspended or self._turned_away or unnamed

    def _ask(self, hook: Any) -> State:
        record = self.durable._ask(hook, SCOPE, self.key)
        said: dict[str, Any] = orjson.loads(record.text) if record else {}
        servers = said.get("servers")
        token = said["epoch"].encode() if said else FIRST
        return State(token, said.get("suspended", False), None if servers is None else tuple(servers))

    def _put(self, state: State) -> State:
        said = {"epoch": state.token.decode(), "suspended": state.suspended, "servers": state.servers}
        text = orjson.dumps(said)
        self.durable._tell(self.durable._write, SCOPE, {self.key: text}, Stamp(new_version(), LATE, None), None)
        return state


def _new() -> bytes:
    return new_version().encode()
