"""What must be true of a write besides its being done: so many replicas have it."""

from collections.abc import Sequence
from typing import Any

from statestore.backends.redis_connections import Command, Connections, Unanswered

LATE = 0.1  # seconds: a server looks ten times a second who has waited long enough


class Unacknowledged(Unanswered):
    """The writes are done on the primary; fewer replicas than demanded are known to have them."""

    def __init__(self, acknowledged: int, demanded: int) -> None:
        super().__init__(f"{acknowledged} of {demanded} replicas acknowledged.")
        self.acknowledged, self.demanded = acknowledged, demanded


class Demand:
    """How many replicas must acknowledge every write, within how many seconds."""

    def __init__(self, replicas: int, timeout: float) -> None:
        self.replicas = replicas
        patience = max(0.9 * timeout - LATE, timeout / 2)  # so that the answer comes before the time is up
        self._wait: Command = (b"WAIT", b"%d" % replicas, b"%d" % max(1, patience * 1000))

    def write(self, connections: Connections, commands: Sequence[Command]) -> list[Any]:
        """Send commands of which some write, as ``Connections.exchange`` does, and wait for the replicas with them.

        The server waits, for what this connection wrote: it costs no round trip of ours.
        """
        if not self.replicas:
            return connections.exchange(commands)
        *replies, acknowledged = connections.exchange([*commands, self._wait])
        if any(map(_has_written, replies)):
            self._check(acknowledged)
        return replies

    def _check(self, acknowledged: Any) -> None:
        if isinstance(acknowledged, Exception):  # such as that this user may not WAIT
            raise Unacknowledged(0, self.replicas) from acknowledged
        if acknowledged < self.replicas:
            raise Unacknowledged(acknowledged, self.replicas)


def _has_written(reply: Any) -> bool:
    """Say whether something may have been written; a script that changed nothing answers with zeros, or nothing.

    OK is what ``ASKING`` is answered, before a command that itself may be turned away.
    """
    if isinstance(reply, Exception) or reply == b"OK":
        return False
    return bool(reply.strip(b"0 ") if isinstance(reply, bytes) else reply)
