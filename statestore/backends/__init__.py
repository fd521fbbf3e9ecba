"""The stores. Each is imported when it is asked for, so that a site needs only what it uses."""

from importlib import import_module
from typing import Any

_HOMES = {
    "StateStore": "base",
    "MemoryStore": "memory",
    "ModelStore": "model",
    "CacheStore": "cache",
    "LayeredStore": "layered",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"statestore.backends.{_HOMES[name]}"), name)
