"""Writes under conditions: what the request demands of the version holds at the very moment of the write."""

from collections.abc import Callable, Mapping
from typing import Any

from statestore.api.conditions import UNCONDITIONAL, Conditions
from statestore.entries import ABSENT, STORE_TTL, Changed
from statestore.exceptions import StoreUnavailable, VersionConflict

TRIES = 100


def put(
    store: Any, scope: str, key: str, value: Any, conditions: Conditions, ttl: Any = STORE_TTL
) -> tuple[str, bool]:
    """Store a value; return its version, and whether there was none before."""

    def write(version: Any) -> tuple[str, bool]:
        return store.set(scope, key, value, ttl=ttl, if_version=version), version is ABSENT

    expected = conditions.single()
    if expected is not None:
        return write(expected)
    return _settle(store, conditions, lambda: store.version(scope, key), write)


def put_many(store: Any, scope: str, values: Mapping[str, Any], conditions: Conditions, ttl: Any) -> Changed:
    """Store many values; the conditions, and the version in the answer, are the scope's."""

    def write(version: Any) -> Changed:
        return store.change_many(scope, values, ttl=ttl, if_version=version)

    expected = conditions.single()
    if expected is not None or conditions == UNCONDITIONAL:
        return write(expected)
    return _settle(store, conditions, lambda: store.version(scope), write)


def change(
    store: Any, scope: str, key: str, function: Callable[[Any], Any], conditions: Conditions, **how: Any
) -> Changed:
    """Write what ``function`` makes of the value there, or of ``ABSENT``."""

    def write(version: Any) -> Changed:
        return store.change(scope, key, function, if_version=version, **how)

    expected = conditions.single()
    if expected is not None or conditions == UNCONDITIONAL:
        return write(expected)
    return _settle(store, conditions, lambda: store.version(scope, key), write)


def remove(store: Any, scope: str, key: str, conditions: Conditions) -> int:
    """Remove an entry; return how many there were."""
    return _drop(
        store,
        conditions,
        lambda: store.version(scope, key),
        lambda version: store.remove(scope, key, if_version=version),
    )


def delete(store: Any, scope: str, conditions: Conditions) -> int:
    """Remove a scope; return how many entries it had."""
    return _drop(
        store,
        conditions,
        lambda: store.version(scope),
        lambda version: store.delete(scope, if_version=version),
    )


def _drop(store: Any, conditions: Conditions, current: Callable[[], str | None], drop: Callable[[Any], int]) -> int:
    expected = conditions.single()
    if isinstance(expected, str) or conditions == UNCONDITIONAL:
        return drop(expected)
    return _settle(store, conditions, current, lambda version: 0 if version is ABSENT else drop(version))


def _settle(
    store: Any, conditions: Conditions, current: Callable[[], str | None], write: Callable[[Any], Any]
) -> Any:
    """Check the conditions against the current version and write over exactly that, until nobody comes between."""
    for _ in range(TRIES):
        version = current()
        conditions.check(version)
        try:
            return write(ABSENT if version is None else version)
        except VersionConflict:
            continue
    raise StoreUnavailable("Too many writers at once.", alias=store.alias)
