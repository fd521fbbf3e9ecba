"""The epoch: how writers that can't reach the fast store keep others from believing it.

It is an entry of the durable store, made in the first outage. Copies carry the epoch in which they were made; any
other copy is worthless. While the epoch is *suspended* nobody reads or makes copies. A process believes what it
read of the epoch for at most ``trust`` seconds, so that after that time all know.
"""

import time
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from statestore.backends.core import Core
from statestore.backends.layered_front import EPOCH_SIZE
from statestore.backends.rules import new_version
from statestore.entries import Stamp, to_moment

SCOPE = "statestore:layered"
LATE = to_moment(datetime(9000, 1, 1, tzinfo=UTC))  # "used" then, so that no clean of the durable store removes it
FIRST = "0" * EPOCH_SIZE


class State(NamedTuple):
    """What the durable store says."""

    token: str
    suspended: bool


class Epoch:
    """The epoch of one layered store, as this process knows it."""

    def __init__(self, durable: Core, alias: str, trust: float) -> None:
        self.durable = durable
        self.key = alias[:200]
        self.trust = trust
        self._believed = State(FIRST, suspended=False), 0.0  # until when
        self._suspended: tuple[str, float] = "", 0.0  # the token of a suspension, and when all know it

    def current(self) -> tuple[bytes, bool]:
        """Return the epoch, and whether it is suspended. Not in a transaction that sees an old state."""
        began = time.monotonic()
        state, until = self._believed
        if began >= until:
            state = self._ask(self.durable._read_one)
            self._believed = state, began + self.trust
        return state.token.encode(), state.suspended

    @property
    def is_known_suspended(self) -> bool:
        """Was it suspended when this process last looked?"""
        return self._believed[0].suspended

    def hold(self) -> str | None:
        """If it is suspended, keep it so to the end of the transaction and return its token."""
        state = self._ask(self.durable._read_to_change)
        return state.token if state.suspended else None

    def is_known_to_all(self, token: str | None) -> bool:
        """Has every process learnt of this suspension?"""
        return token is not None and token == self._suspended[0] and time.monotonic() >= self._suspended[1]

    def suspend(self) -> None:
        """Stop all processes from believing the fast store, and return when they have. Not in a transaction."""
        with self.durable._transaction():
            token = self.hold() or self.put_suspended()
        self.wait_for_all(token)

    def put_suspended(self) -> str:
        """Suspend it with the transaction that is open here."""
        return self._put(State(new_version(), suspended=True))

    def wait_for_all(self, token: str) -> None:
        """Return when every process has learnt of this suspension, which is committed."""
        if token != self._suspended[0]:
            self._suspended = token, time.monotonic() + self.trust
            self._believed = State(token, suspended=True), self._suspended[1]
        time.sleep(max(0.0, self._suspended[1] - time.monotonic()))

    def renew(self) -> None:
        """Begin a new epoch, which is not suspended, once no unannounced write is under way."""
        with self.durable._transaction():
            if self.hold():
                self._put(State(new_version(), suspended=False))
        self._believed = self._believed[0], 0.0

    def _ask(self, hook: Any) -> State:
        record = self.durable._ask(hook, SCOPE, self.key)
        said: dict[str, Any] = orjson.loads(record.text) if record else {}
        return State(said.get("epoch", FIRST), said.get("suspended", False))

    def _put(self, state: State) -> str:
        text = orjson.dumps({"epoch": state.token, "suspended": state.suspended})
        self.durable._tell(self.durable._write, SCOPE, {self.key: text}, Stamp(new_version(), LATE, None), None)
        return state.token
