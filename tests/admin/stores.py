"""Stores with something the matter."""

from statestore.backends import MemoryStore


class DownStore(MemoryStore):
    """Never answers."""

    def _open(self):
        raise ConnectionError("nobody there")
