"""``SCHEMAS``: what types the values of a whole store have, whoever writes them."""

from collections.abc import Iterator, Mapping
from dataclasses import InitVar
from typing import Annotated, Any, ClassVar, NotRequired, Required, get_args, get_origin, get_type_hints

from django.core.exceptions import ImproperlyConfigured

from statestore.exceptions import InvalidKey, InvalidScope, shown
from statestore.importing import load
from statestore.names import check_key, check_scope
from statestore.typed import Key


class Schemas:
    """``STORES[…]["SCHEMAS"]``: types by pattern of the scope and by key; ``ImproperlyConfigured`` if malformed.

    ``{"user:*": {"theme": Literal["light", "dark"], "*": int}}``: in a pattern ``*`` stands for one segment, in
    last place for all that follow; ``"*"`` as a key is any other key. The first pattern that fits decides. Types
    may be dotted paths; instead of a dict of types there may be one class with annotations (or its path).
    """

    def __init__(self, patterns: Mapping[Any, Any]) -> None:
        self._patterns = [(_segments(pattern), _keys(pattern, types)) for pattern, types in patterns.items()]

    def key(self, scope: str, key: str) -> Key[Any, Any] | None:
        """Return the typed key for this place; None where neither ``key`` nor a schema says a type."""
        schema = self._schema(scope, key)
        if not isinstance(key, Key) or (schema is not None and key.type is Any):
            return schema
        return key if schema is None or schema.type is key.type else key.within(schema)

    def _schema(self, scope: str, key: str) -> Key[Any, Any] | None:
        segments = scope.split(":")
        for pattern, keys in self._patterns:
            if _fits(pattern, segments):
                return keys.get(key, keys.get("*"))
        return None


def problems(patterns: Mapping[Any, Any]) -> Iterator[str]:
    """Yield what is wrong with ``SCHEMAS``, as sentences. Types are made here; else each when it is first used."""
    for pattern, types in patterns.items():
        try:
            _segments(pattern)
            keys = _keys(pattern, types).values()
        except ImproperlyConfigured as error:
            yield str(error)
        else:
            yield from (f"{_place(pattern)}: {error}" for key in keys for error in _type_problems(key))


def _type_problems(key: Key[Any, Any]) -> Iterator[ImproperlyConfigured]:
    try:
        _ = key.type is Any or key.adapter
    except ImproperlyConfigured as error:
        yield error


def _fits(pattern: list[str], segments: list[str]) -> bool:
    if pattern[-1] == "*" and len(segments) > len(pattern):
        segments = segments[: len(pattern)]
    return len(pattern) == len(segments) and all(
        wanted in ("*", segment) for wanted, segment in zip(pattern, segments, strict=True)
    )


def _segments(pattern: Any) -> list[str]:
    try:
        segments = check_scope(pattern).split(":")
    except InvalidScope as error:
        raise ImproperlyConfigured(f"{_place(pattern)}: {error}") from None
    if any("*" in segment and segment != "*" for segment in segments):
        raise ImproperlyConfigured(f"{_place(pattern)}: * stands for a whole segment.")
    return segments


def _keys(pattern: Any, types: Any) -> dict[str, Key[Any, Any]]:
    try:
        found = load(types)
        if isinstance(found, type):
            found = _hints(found)
    except Exception as error:
        raise ImproperlyConfigured(f"{_place(pattern)}: {error}") from error
    if not isinstance(found, Mapping) or (found == {} != types):
        raise ImproperlyConfigured(f"{_place(pattern)} is a dict of types or a class with annotations.")
    return {name: _key(_place(pattern, name), name, kind) for name, kind in found.items()}


def _hints(declared: type) -> dict[str, Any]:
    hints = get_type_hints(declared, include_extras=True)  # the extras are limits, as of a number
    return {
        name: _bare(hint)
        for name, hint in hints.items()
        if ClassVar not in (hint, get_origin(hint)) and not isinstance(hint, InitVar)
    }


def _bare(hint: Any) -> Any:
    """Return the type in ``Required`` or ``NotRequired``; limits may stand on either side of those (PEP 655)."""
    if get_origin(hint) in (Required, NotRequired):
        return _bare(get_args(hint)[0])
    if get_origin(hint) is Annotated and get_origin(hint.__origin__) in (Required, NotRequired):
        return Annotated[(_bare(hint.__origin__), *hint.__metadata__)]
    return hint


def _key(place: str, name: Any, given: Any) -> Key[Any, Any]:
    try:
        check_key(name)
        return given if isinstance(given, Key) else Key(name, type=load(given))
    except (InvalidKey, ImportError) as error:
        raise ImproperlyConfigured(f"{place}: {error}") from error


def _place(*names: Any) -> str:
    return "SCHEMAS" + "".join(f"[{shown(name)}]" for name in names)
