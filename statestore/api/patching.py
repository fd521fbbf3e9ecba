"""Patches: a function of the value that is there (or of ``ABSENT``) to the value that shall be."""

from collections.abc import Callable
from typing import Any

from jsonpatch import InvalidJsonPatch, JsonPatch, JsonPatchException
from jsonpointer import JsonPointer, JsonPointerException

from statestore.api.problems import BadRequest, Conflict, Missing, TooLarge
from statestore.entries import ABSENT
from statestore.exceptions import InvalidValue
from statestore.values import MAX_DEPTH, encode

Change = Callable[[Any], Any]
_MOVERS = {"copy", "move"}


def merge_patch(patch: Any) -> Change:
    """Return what applies a merge patch (RFC 7396). It creates what is missing."""
    return lambda target: _merge(target, patch)


def json_patch(patch: Any, most_bytes: int) -> Change:
    """Return what applies a JSON Patch (RFC 6902), all of it or nothing.

    ``BadRequest`` at once for what is none. When applied: ``Missing`` where there is nothing to patch, ``Conflict``
    where a ``test`` fails or a path is not there, ``TooLarge`` once ``copy`` has copied more than ``most_bytes``.
    """
    steps = [_step(patch, number) for number in range(_length(patch))]

    def change(target: Any) -> Any:
        if target is ABSENT:
            raise Missing("There is nothing to patch.")
        budget = most_bytes
        for number, step in enumerate(steps):
            budget -= _copied(step, patch[number], target, number)
            if budget < 0:
                raise TooLarge("The patch copies more than the store takes.", pointer=f"/{number}")
            target = _apply(step, target, number)
        return target

    return change


def _merge(target: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    merged = target if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merge(merged.get(name), value)
    return merged


def _length(patch: Any) -> int:
    if not isinstance(patch, list):
        raise BadRequest("A JSON Patch is an array of operations.")
    return len(patch)


def _step(patch: Any, number: int) -> JsonPatch:
    """Return one operation, checked: the library leaves some of that for later."""
    operation, place = patch[number], f"/{number}"
    try:
        step = JsonPatch([operation])
        paths = [operation[name] for name in ("path", "from") if name == "path" or operation["op"] in _MOVERS]
        too_deep = any(len(JsonPointer(path).parts) > MAX_DEPTH for path in paths)
    except (JsonPatchException, JsonPointerException, KeyError, TypeError, AttributeError) as error:
        raise BadRequest(f"This is no operation of JSON Patch: {_said(error)}.", pointer=place) from None
    if operation["op"] in {"add", "replace", "test"} and "value" not in operation:
        raise BadRequest("This operation of JSON Patch needs a 'value'.", pointer=place)
    if too_deep:
        raise BadRequest(f"A value has at most {MAX_DEPTH} levels.", pointer=place)
    return step


def _copied(step: JsonPatch, operation: dict[str, Any], target: Any, number: int) -> int:
    """Return how many bytes an operation copies; refuse to carry about what is too deep."""
    if operation["op"] not in _MOVERS:
        return 0
    try:
        part = JsonPointer(operation["from"]).resolve(target, ABSENT)
        text = encode(part) if isinstance(part, dict | list) else b""
    except InvalidValue as error:
        raise Conflict(str(error), pointer=f"/{number}") from None
    return len(text) if operation["op"] == "copy" else 0


def _apply(step: JsonPatch, target: Any, number: int) -> Any:
    place = f"/{number}"
    try:
        return step.apply(target, in_place=True)
    except InvalidJsonPatch as error:
        raise Conflict(f"The patch does not fit: {_said(error)}.", pointer=place) from None
    except (JsonPatchException, JsonPointerException) as error:
        name = type(error).__name__
        why = "its test fails" if name == "JsonPatchTestFailed" else "what it points to is not there"
        raise Conflict(f"The patch does not fit: {why}.", pointer=place) from None


def _said(error: Exception) -> str:
    return str(error)[:200].rstrip(".") or "it lacks a member"
