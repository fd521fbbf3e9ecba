"""The one place where the API reaches below the verbs: for an entry's text as it is, and for what a change made."""

# ruff: noqa: SLF001 (see above)

from collections.abc import Callable
from typing import Any, NamedTuple

from statestore.backends.rules import add_numbers
from statestore.entries import ABSENT, KEEP_TTL, Record
from statestore.exceptions import InvalidValue


class Changed(NamedTuple):
    """What a change did; ``version`` is None when it wrote nothing."""

    value: Any
    version: str | None
    created: bool


def record(store: Any, scope: str, key: str) -> Record | None:
    """Return what is stored under a key, its text known to be good: ``CorruptState`` otherwise."""
    store._permit("GET", "get")
    found = store._fetch_one(scope, key)
    return found and _sound(store, scope, key, found)


def records(store: Any, scope: str, keys: list[str] | None) -> dict[str, Record]:
    """Return what is stored under several keys (None: in the whole scope), as ``record`` does."""
    found = store.records(scope, keys)
    return {key: _sound(store, scope, key, each) for key, each in found.items()}


def version(store: Any, scope: str, key: str) -> str | None:
    """Return an entry's version, None when missing; also of a store that is not to be read from."""
    found = store._fetch_one(scope, key)
    return found and found.version


def change(
    store: Any,
    scope: str,
    key: str,
    function: Callable[[Any], Any],
    *,
    ttl: Any = KEEP_TTL,
    if_version: Any = None,
    switch: str = "SET",
) -> Changed:
    """Write what ``function`` makes of the value, or of ``ABSENT``, atomically; ``ABSENT`` writes nothing."""
    store._permit(switch, "update")
    created = False

    def noted(current: Any) -> Any:
        nonlocal created
        created = current is ABSENT
        return function(current)

    value, new = store._modify(scope, key, noted, ttl, if_version)
    return Changed(value, new, created)


def adding(scope: str, key: str, by: float) -> Callable[[Any], Any]:
    """Return what adds ``by`` to the number there; ``InvalidValue`` where there is something else."""

    def add(current: Any) -> Any:
        if current is ABSENT:
            return by
        if type(current) not in (int, float):
            raise InvalidValue(f"{scope} / {key}: there is a {type(current).__name__}, no number to add to.")
        return add_numbers(current, by)

    return add


def _sound(store: Any, scope: str, key: str, found: Record) -> Record:
    value = store._decode(scope, key, found)
    typed = store._typed(scope, key)
    return found if typed is None else found._replace(text=typed.to_text(value))
