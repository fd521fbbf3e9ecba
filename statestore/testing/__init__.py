"""For tests: of a site that keeps state, and of a store of your own.

``override_stores`` and ``Clock`` need no pytest; ``ContractSuite`` and ``statestore.testing.fixtures`` do.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "AsyncFace": "face",
    "Clock": "clock",
    "ConcurrencySuite": "contract",
    "ContractSuite": "contract",
    "RulesSuite": "contract",
    "override_stores": "override",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
