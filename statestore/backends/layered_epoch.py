"""The epoch: how writers that can't reach the fast store keep others from believing it.

It is an entry of the durable store. Copies carry the epoch in which they were made; those of another are worthless.
While the epoch is *suspended* nobody reads or makes copies. Every process believes what it read of the epoch for at
most ``trust`` seconds, so that after that time all know.
"""

import time
from typing import Any

import orjson

from statestore.backends.core import Core
from statestore.backends.layered_front import EPOCH_SIZE
from statestore.backends.rules import new_version
from statestore.entries import Record, Stamp
from statestore.names import GLOBAL

FIRST = b"0" * EPOCH_SIZE
SCOPE = GLOBAL  # which no clean removes


class Epoch:
    """The epoch of one layered store, as this process knows it."""

    def __init__(self, durable: Core, alias: str, trust: float) -> None:
        self.durable = durable
        self.key = f"statestore:layered:{alias}"[:200]
        self.trust = trust
        self._until = 0.0
        self._known = (FIRST, False)

    def current(self) -> tuple[bytes, bool]:
        """Return the epoch, and whether it is suspended."""
        began = time.monotonic()
        if began >= self._until:
            self._learn(self.durable._ask(self.durable._read_one, SCOPE, self.key), began)
        return self._known

    def suspend(self, now: int) -> None:
        """Stop all processes from believing the fast store; outside a transaction, wait until all have."""
        self._write(new_version(), suspended=True, now=now)
        if not self.durable._in_transaction():
            time.sleep(self.trust)

    def is_suspended_for_sure(self) -> bool:
        """Say whether it is suspended, and hold it so to the end of the transaction."""
        began = time.monotonic()
        self._learn(self.durable._ask(self.durable._read_to_change, SCOPE, self.key), began)
        return self._known[1]

    def renew(self, now: int) -> None:
        """Begin a new epoch, which is not suspended, once no unannounced write is under way."""
        with self.durable._transaction():
            if self.is_suspended_for_sure():
                self._write(new_version(), suspended=False, now=now)

    def _write(self, token: str, *, suspended: bool, now: int) -> None:
        text = orjson.dumps({"epoch": token, "suspended": suspended})
        self.durable._tell(self.durable._write, SCOPE, {self.key: text}, Stamp(new_version(), now, None), None)
        self._until = 0.0

    def _learn(self, record: Record | None, began: float) -> None:
        said: dict[str, Any] = orjson.loads(record.text) if record else {}
        self._known = said["epoch"].encode() if said else FIRST, said.get("suspended", False)
        self._until = began + self.trust
