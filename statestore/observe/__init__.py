"""Watching the stores: how many calls, how long, how they ended. Off until the settings name an observer.

``STATESTORE["OBSERVERS"]`` lists their dotted paths. A store that nobody observes has no code of this package
on its way. Names are looked up late, so that a library which is not installed is not missed.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "CONFLICT": "outcomes",
    "CORRUPT": "outcomes",
    "ERROR": "outcomes",
    "OK": "outcomes",
    "OUTCOMES": "outcomes",
    "Observer": "watching",
    "OpenTelemetry": "opentelemetry",
    "Prometheus": "prometheus",
    "UNAVAILABLE": "outcomes",
    "UNKNOWN": "outcomes",
    "USAGE_ERROR": "outcomes",
    "watch": "watching",
}
__all__ = sorted(_HOMES)  # noqa: PLE0605 (strings all)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
