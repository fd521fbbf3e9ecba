"""Writes that demand nothing, as one transaction: ``MULTI``, ``ZADD``, ``HSET`` and ``EXEC`` in one sending.

A script takes the server longer than these four do. But a transaction goes on after an error. So the first write
into each index is a script's, which does all or nothing, and so is every other one that a transaction has refused.
"""

from collections.abc import Mapping
from typing import Any

from redis.exceptions import ResponseError

from statestore.backends.redis_connections import Command, Connections, Unanswered
from statestore.backends.redis_layout import Place, header
from statestore.entries import Stamp

TRIAL: list[Command] = [(b"MULTI",), (b"EXEC",)]
"""Shows, at no cost but its bytes, that this user may do that here."""
PASSED = [b"OK", []]

_BEFORE = (
    b"*1\r\n$5\r\nMULTI\r\n"
    b"*4\r\n$4\r\nZADD\r\n$%d\r\n%b\r\n$1\r\n0\r\n$%d\r\n%b\r\n"
    b"*%d\r\n$4\r\nHSET\r\n$%d\r\n%b\r\n"
)
_ENTRY = b"$%d\r\n%b\r\n$%d\r\n%b%b\r\n"
_AFTER = b"*1\r\n$4\r\nEXEC\r\n"


class Together:
    """The transactions over the connections to one server, and the indexes into which they go."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._are_refused = False
        self._sound: set[bytes] = set()

    def write(self, place: Place, texts: Mapping[str, bytes], stamp: Stamp) -> bool:
        """Write the entries; false if nothing was written, and a script may. ``Unanswered``: nobody knows."""
        if place.index not in self._sound:
            return False
        replies = self._connections.exchange_packed(packed(place, texts, stamp), 4)
        return True if _is_done(replies[3]) else self._see(replies)

    def trial(self, index: bytes) -> list[Command]:
        """Return the commands to be sent before a script that writes into this index."""
        return [] if self._are_refused or index in self._sound else TRIAL

    def learn(self, index: bytes, replies: list[Any]) -> None:
        """Be told the replies to a trial; the script has written."""
        if replies == PASSED:
            self._sound.add(index)
        elif replies:
            self._are_refused = True

    def _see(self, replies: list[Any]) -> bool:
        """See whether anything was written after all; from now on have the scripts look again."""
        self._sound.clear()
        _, added, stored, ended = replies
        if isinstance(ended, list):
            added, stored = ended
        if isinstance(stored, int) and isinstance(added, int):  # each for itself: the right to MULTI was taken away
            return True
        if isinstance(stored, int):
            raise Unanswered("Written, but the scope's name could not be.") from _error(added)
        return False


def packed(place: Place, texts: Mapping[str, bytes], stamp: Stamp) -> bytes:
    """Return the transaction as it goes over the wire."""
    key, index, name = place
    head = header(stamp)
    parts: list[Any] = []
    for field, text in texts.items():
        encoded = field.encode()
        parts += (len(encoded), encoded, len(head) + len(text), head, text)
    before = _BEFORE % (len(index), index, len(name), name, 2 + 2 * len(texts), len(key), key)
    return b"%b%b%b" % (before, _ENTRY * len(texts) % tuple(parts), _AFTER)


def _is_done(ended: Any) -> bool:
    return type(ended) is list and type(ended[0]) is int and type(ended[1]) is int


def _error(reply: Any) -> Exception:
    return reply if isinstance(reply, Exception) else ResponseError("Not in the index.")
