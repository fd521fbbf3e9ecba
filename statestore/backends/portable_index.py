"""The names of all scopes, so that they can be listed in a cache that can't list its keys.

They lie in shards by the digest of the name, each a text of lines in order (a name has no control character),
with a line end before the first one. A name is entered before its scope is written and struck out after the scope
is removed, by the holder of the scope: a name without a scope does no harm, a scope without its name is not listed.
"""

import logging
from bisect import insort
from typing import Any

from statestore.backends.portable_shelf import Shelf
from statestore.logs import event

SHARDS = 64

logger = logging.getLogger("statestore")


class Full(Exception):
    """There is no room for the name of another scope."""


class Index:
    """The index of one store."""

    def __init__(self, shelf: Shelf, prefix: str) -> None:
        self._shelf = shelf
        self._addresses = [f"{prefix}:i:{number:02x}" for number in range(SHARDS)]

    def enter(self, scope: str, digest: str, limit: int | None) -> None:
        """Make sure that the name is there, also when the cache has lost it."""
        address = self._address(digest)
        if _has(self._shelf.get(address), scope):
            return
        with self._shelf.hold(address) as check:
            before = self._shelf.get(address)
            names = _names(before)
            insort(names, scope)
            text = _text(names)
            if limit is not None and len(text.encode()) > limit:
                raise Full(Full.__doc__)
            self._shelf.put(address, text, before, check)

    def strike(self, scope: str, digest: str) -> None:
        """Make sure that the name is not there."""
        address = self._address(digest)
        if not _has(self._shelf.get(address), scope):
            return
        with self._shelf.hold(address) as check:
            before = self._shelf.get(address)
            names = [name for name in _names(before) if name != scope]
            if names:
                self._shelf.put(address, _text(names), before, check)
            else:
                self._shelf.drop(address, before, check)

    def names(self, prefix: str, after: str) -> list[str]:
        """Return the names that start with ``prefix`` and come after ``after``, in order."""
        shards = self._shelf.get_many(self._addresses).values()
        return sorted(
            name for shard in shards for name in _names(shard) if name > after and name.startswith(prefix)
        )

    def _address(self, digest: str) -> str:
        return self._addresses[int(digest[:2], 16) % SHARDS]


def _has(shard: Any, name: str) -> bool:
    return isinstance(shard, str) and f"\n{name}\n" in shard


def _text(names: list[str]) -> str:
    return "\n".join(["", *names, ""])


def _names(shard: Any) -> list[str]:
    if isinstance(shard, str):
        return shard.split("\n")[1:-1]
    if shard is not None:
        logger.error(
            "A part of the index of scopes can't be read; it is made anew as the scopes are written to.",
            extra=event("index_unreadable"),
        )
    return []
