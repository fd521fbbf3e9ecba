"""The ``OPTIONS`` of a ``LayeredStore``."""

import math
from collections.abc import Mapping
from typing import Any

from statestore.conf import store_params
from statestore.exceptions import shown
from statestore.importing import load

ROLES = ("durable", "fast")
DEFAULTS: dict[str, Any] = {"durable": "default", "fast": "fast", "trust": 1.0, "longest_transaction": 300.0}


def problems(alias: str, options: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with them, as sentences."""
    found = [f"OPTIONS: {name!r} is not an option of a LayeredStore." for name in options if name not in DEFAULTS]
    given = DEFAULTS | dict(options)
    for name in ("trust", "longest_transaction"):
        if type(given[name]) not in (int, float) or not 0 < given[name] < math.inf:
            found.append(f"OPTIONS: {name} is a number of seconds above 0.")
    ends = {role: end_of(given[role]) for role in ROLES}
    if alias in ends.values() or ends["durable"] == ends["fast"] or _comes_back(ends["fast"]):
        found.append("OPTIONS: durable and fast name two other stores.")
    elif _is_layered(ends["durable"]):
        found.append("OPTIONS: durable is a LayeredStore itself; name the store that is durable there.")
    for role in ROLES:
        if given[role] not in list(store_params()):
            found.append(f"OPTIONS: {role} is {shown(given[role])}, and there is no such store.")
    return found


def end_of(name: Any) -> Any:
    """Return the alias of the store that an alias leads to in the end; one of them if they go in a circle."""
    configured, way = store_params(), [name]
    while isinstance(name, str) and isinstance(target := configured.get(name), str) and target not in way:
        way.append(name := target)
    return name


def _comes_back(fast: Any) -> bool:
    """Say whether layered stores have one another as the fast one in a circle."""
    way = []
    while _is_layered(fast) and fast not in way:
        way.append(fast)
        options = store_params()[fast].get("OPTIONS")
        fast = end_of((DEFAULTS | dict(options if isinstance(options, Mapping) else {}))["fast"])
    return fast in way


def _is_layered(alias: Any) -> bool:
    from statestore.backends.layered import LayeredStore  # which needs this module

    params = store_params().get(alias) if isinstance(alias, str) else None
    try:
        made = load(params.get("BACKEND")) if isinstance(params, Mapping) else None
    except ImportError:  # which is told of that store
        return False
    return isinstance(made, type) and issubclass(made, LayeredStore)
