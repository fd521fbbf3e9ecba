"""Every verb of the interface as a call, for claims about all of them."""

from collections.abc import Callable
from typing import Any

import pytest

Call = Callable[..., Any]

READS_BY_KEY: dict[str, Call] = {
    "get": lambda store, scope, key: store.get(scope, key),
    "get list": lambda store, scope, key: store.get(scope, [key]),
    "get at": lambda store, scope, key: store.get(scope, key, at="/a"),
    "get_many": lambda store, scope, key: store.get_many(scope, [key]),
    "entry": lambda store, scope, key: store.entry(scope, key),
}
SETS_BY_KEY: dict[str, Call] = {
    "set": lambda store, scope, key: store.set(scope, key, 1),
    "set list": lambda store, scope, key: store.set(scope, [key], 1),
    "set at": lambda store, scope, key: store.set(scope, key, 1, at="/a"),
    "set_many": lambda store, scope, key: store.set_many(scope, {key: 1}),
    "update": lambda store, scope, key: store.update(scope, key, lambda value: value),
    "increment": lambda store, scope, key: store.increment(scope, key),
}
REMOVES_BY_KEY: dict[str, Call] = {
    "remove": lambda store, scope, key: store.remove(scope, key),
    "remove list": lambda store, scope, key: store.remove(scope, [key]),
    "remove at": lambda store, scope, key: store.remove(scope, key, at="/a"),
}
LIKE_A_DICT: dict[str, Call] = {  # each needs two switches
    "pop": lambda store, scope, key: store.pop(scope, key),
    "setdefault": lambda store, scope, key: store.setdefault(scope, key, 1),
}
BY_SCOPE: dict[str, Call] = {
    "get_many all": lambda store, scope: store.get_many(scope),
    "keys": lambda store, scope: store.keys(scope),
    "delete": lambda store, scope: store.delete(scope),
    "touch": lambda store, scope: store.touch(scope),
}
ON_STORE: dict[str, Call] = {
    "scopes": lambda store: list(store.scopes()),
    "clean": lambda store: store.clean(["a"]),
    "clean dry": lambda store: store.clean(["a"], dry_run=True),
}
BY_KEY = READS_BY_KEY | SETS_BY_KEY | REMOVES_BY_KEY | LIKE_A_DICT
ALL: dict[str, Call] = {
    **{name: lambda store, call=call: call(store, "s", "k") for name, call in BY_KEY.items()},
    **{name: lambda store, call=call: call(store, "s") for name, call in BY_SCOPE.items()},
    **ON_STORE,
}


def each(calls: dict[str, Call]) -> Any:
    """Run a test with every one of these calls as its argument ``call``."""
    return pytest.mark.parametrize("call", [pytest.param(call, id=name) for name, call in calls.items()])
