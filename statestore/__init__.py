"""Scoped state for Django: small JSON values per user, session, flow, tenant or site, in a store chosen by name.

Everything the documentation names is imported from here; each name is looked up when it is first asked for, so
that importing the package loads neither models nor Django REST framework.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "handler": ["store", "stores"],
    "scope": ["Scope"],
    "state": ["State"],
    "typed": ["Key"],
    "entries": ["ABSENT", "CleanReport", "Entry", "Health", "ScopeInfo"],
    "backends.base": ["StateStore"],
    "backends.memory": ["MemoryStore"],
    "backends.model": ["ModelStore"],
    "backends.cache": ["CacheStore"],
    "backends.layered": ["LayeredStore"],
    "signals": ["entry_changed", "entry_removed", "scope_deleted"],
    "context": ["ContextMixin", "StateContext", "get_context", "with_context"],
    "middleware": ["StateMiddleware"],
    "api.policy": ["OwnScopes", "Policy", "ReadOnly"],
    "exceptions": [
        "CorruptState",
        "InvalidKey",
        "InvalidScope",
        "InvalidValue",
        "OperationDisabled",
        "SchemaViolation",
        "ScopeUnavailable",
        "StateStoreError",
        "StoreClosed",
        "StoreError",
        "StoreTimeout",
        "StoreUnavailable",
        "TooManyKeys",
        "UnknownStore",
        "UsageError",
        "ValueTooLarge",
        "VersionConflict",
    ],
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
__all__ = sorted(_HOME_OF)  # noqa: PLE0605 (strings all)


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"statestore.{_HOME_OF[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
