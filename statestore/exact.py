"""Whether what is read back is what was written, down to the types of its parts."""

from collections.abc import Collection
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from typing import Any

from statestore.exceptions import InvalidValue, kind
from statestore.pointer import join

# One of these may come back as something better that equals it: a model may hold 0 where it declares a decimal.
_SCALARS = (str, int, float, bool, type(None))


def check_same(sent: Any, back: Any) -> None:
    """Raise ``InvalidValue`` that names the first place where ``back`` is not what was sent.

    The one liberty is that of the codec: a tuple may come back as a list.
    """
    _check_part(sent, back, [])


def _check_part(sent: Any, back: Any, path: list[str | int]) -> None:
    if not _are_alike(type(sent), type(back)):
        _refuse(sent, kind(back), path)
    parts, others = _parts(sent), _parts(back)
    if parts is None or others is None:
        if not _are_equal(sent, back):
            _refuse(sent, "another one", path)
        return
    if _with_types(parts) != _with_types(others):
        _refuse(sent, "another one", path)
    declared = _declared(sent)
    for name, part in parts.items():
        if name in declared:
            continue
        if type(part) in _SCALARS and part == others[name]:  # most are
            continue
        path.append(name)
        _check_part(part, others[name], path)
        path.pop()


def _are_alike(sent: type, back: type) -> bool:
    return sent is back or sent in _SCALARS or (sent is tuple and back is list)


def _are_equal(sent: Any, back: Any) -> bool:
    if isinstance(sent, set | frozenset):
        return {*_with_types(sent)} == {*_with_types(back)}
    if isinstance(sent, datetime) and _clock(sent) == _clock(back):
        return True
    declared: Any = type(sent)  # some have no equality
    return declared.__eq__ is object.__eq__ or _equal(sent, back)


def _equal(one: Any, other: Any) -> bool:
    try:
        return bool(one == other)
    except ValueError:  # an array answers for each of its members
        return True


def _clock(moment: Any) -> tuple[datetime, timedelta | None]:
    """Return what a text says of a moment: Python finds those of an hour that comes twice unequal."""
    return moment.replace(tzinfo=None), moment.utcoffset()


def _declared(value: Any) -> set[str]:
    """Return the names of a model's parts that are as its class says them: pydantic validates no default."""
    declared = getattr(type(value), "model_fields", None) or {}
    return {
        name
        for name, field in declared.items()
        if name not in value.model_fields_set and _equal(vars(value).get(name), field.default)
    }


def _with_types(members: Collection[Any]) -> list[tuple[type, Any]]:
    """Return the members with their types, for Python finds 1, 1.0, True and an enum's 1 equal."""
    return list(zip(map(type, members), members, strict=True))


def _parts(value: Any) -> dict[Any, Any] | None:
    """Return the parts of a container, a model or a dataclass by their names; None of anything else."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list | tuple):
        return dict(enumerate(value))
    if is_dataclass(value):
        return {field.name: getattr(value, field.name, None) for field in fields(value) if field.compare}
    if (names := getattr(type(value), "model_fields", None)) is not None:  # pydantic's
        return {name: vars(value).get(name) for name in names} | (value.model_extra or {})
    return None


def _refuse(sent: Any, instead: str, path: list[str | int]) -> None:
    place = join(path)
    at = f" at {place[:200]}" if place else ""
    raise InvalidValue(f"The value{at} is {kind(sent)} and would be read back as {instead}.", pointer=place)
