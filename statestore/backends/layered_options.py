"""The ``OPTIONS`` of a ``LayeredStore``."""

import math
from collections.abc import Mapping
from typing import Any

from statestore.conf import store_params
from statestore.exceptions import shown

DEFAULTS: dict[str, Any] = {"durable": "default", "fast": "fast", "trust": 1.0, "longest_transaction": 300.0}


def problems(alias: str, options: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with them, as sentences."""
    found = [f"OPTIONS: {name!r} is not an option of a LayeredStore." for name in options if name not in DEFAULTS]
    given = DEFAULTS | dict(options)
    for name in ("trust", "longest_transaction"):
        if type(given[name]) not in (int, float) or not 0 < given[name] < math.inf:
            found.append(f"OPTIONS: {name} is a number of seconds above 0.")
    if alias in (given["durable"], given["fast"]) or given["durable"] == given["fast"]:
        found.append("OPTIONS: durable and fast name two other stores.")
    for role in ("durable", "fast"):
        if given[role] not in list(store_params()):
            found.append(f"OPTIONS: {role} is {shown(given[role])}, and there is no such store.")
    return found
