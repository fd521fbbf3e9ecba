"""The one place where the API reaches below the verbs: for an entry's text as it is, known to be good."""

# ruff: noqa: SLF001 (see above)

from typing import Any

from statestore.entries import Record


def record(store: Any, scope: str, key: str) -> Record | None:
    """Return what is stored under a key, its text known to be good: ``CorruptState`` otherwise."""
    found = store.record(scope, key)
    return found and _sound(store, scope, key, found)


def records(store: Any, scope: str, keys: list[str] | None) -> dict[str, Record]:
    """Return what is stored under several keys (None: in the whole scope), as ``record`` does."""
    found = store.records(scope, keys)
    return {key: _sound(store, scope, key, each) for key, each in found.items()}


def _sound(store: Any, scope: str, key: str, found: Record) -> Record:
    value = store._decode(scope, key, found.text)
    typed = store._typed(scope, key)
    return found if typed is None else found._replace(text=typed.to_text(value))
