"""The one codec: any JSON value to canonical JSON text and back, exactly or not at all.

A quick screen in C lets pass what is plainly right; whatever it doubts goes to a slow judge in Python, which
either finds nothing wrong or raises ``InvalidValue`` naming the place.

The screen is two libraries whose answers overlap: ``marshal`` takes exact built-in types only (no subclass, no
enum, no UUID, no date), orjson refuses what JSON has not (bytes, sets, complex numbers, keys that are no strings,
lone surrogates). Left to see to are NaN and infinities (orjson writes null), integers beyond 53 bits and depth.
"""

import marshal
import math
import re
from array import array
from collections import deque
from itertools import accumulate
from typing import Any

import orjson

from statestore.exceptions import InvalidValue, shown
from statestore.pointer import join

MAX_DEPTH = 64  # containers within containers
MIN_INT, MAX_INT = -(2**63), 2**63 - 1

_PLAIN = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
_SCREEN = _PLAIN | orjson.OPT_STRICT_INTEGER
# marshal writes a float as "g" (its highest bit set where it is referred to again) and eight bytes, of which a NaN
# and an infinity have these as their last two. Led by one literal byte, a search is many times as quick.
_NOT_FINITE = [
    (last, re.compile(re.escape(last) + rb"(?<=[g\xe7].{6}[\xf0-\xff].)", re.DOTALL).search)
    for last in (b"\x7f", b"\xff")
]
_FEW = 100  # such bytes are looked at one by one, which is quicker than the search
_SHORT = 2 * MAX_DEPTH  # bytes: no text up to here is too deep
_LARGE = 2048  # bytes: from here on it is quicker to wrap a value than to count the brackets of its text
_STEPS = bytes.maketrans(b"[{]}", array("b", [1, 1, -1, -1]).tobytes())
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_SCALARS = (str, int, float, bool, type(None))


def encode(value: Any) -> bytes:
    """Return ``value`` as JSON text in UTF-8, or raise ``InvalidValue`` for what would not come back the same.

    The one liberty: a tuple is written as an array and so comes back as a list.
    """
    try:
        copied = marshal.dumps(value)
        text = _text(value) if len(copied) < _LARGE else _shallow_text(value)
    except (ValueError, TypeError):
        _judge(value)
        return orjson.dumps(value, option=_PLAIN)
    if b"null" in text and _may_be_not_finite(copied):
        _judge(value)
    return text


def encode_all(values: list[Any]) -> list[bytes] | None:
    """Return the texts of several values, as ``encode`` does; None where it has to look at each of them."""
    try:
        copied = marshal.dumps(values)
        to_text = _text if len(copied) < _LARGE * len(values) else _shallow_text
        texts = [to_text(value) for value in values]
    except (ValueError, TypeError):
        return None
    is_doubtful = any(b"null" in text for text in texts) and _may_be_not_finite(copied)
    return None if is_doubtful else texts


decode = orjson.loads
"""Return the value that JSON text in UTF-8 says, as new objects. Raise ``ValueError`` if it is not JSON."""


def _may_be_not_finite(copied: bytes) -> bool:
    """Say whether there is what may be a NaN or an infinity."""
    return any(_has_float(copied, last, search) for last, search in _NOT_FINITE)


def _has_float(copied: bytes, last: bytes, search: Any) -> bool:
    """Say whether there is what may be one with this last byte."""
    at = copied.find(last, 8)
    for _ in range(_FEW):
        if at < 0:
            return False
        if copied[at - 1] >= 0xF0 and copied[at - 8] in b"g\xe7":
            return True
        at = copied.find(last, at + 1)
    return search(copied) is not None


def _text(value: Any) -> bytes:
    """Return the text of a value that is not too deep, most of all a small one."""
    text = orjson.dumps(value, option=_SCREEN)
    return text if len(text) <= _SHORT or _brackets(text) <= MAX_DEPTH else _shallow_text(value)


def _shallow_text(value: Any) -> bytes:
    """Return the text of a value that is not too deep: with so many lists around it orjson refuses any other."""
    try:
        outer, inner = _WRAPPINGS.pop()
    except IndexError:  # the first call, or others are at it
        outer, inner = _wrapping(_WRAPS)
    inner.append(value)
    try:
        text = orjson.dumps(outer, option=_SCREEN)
    finally:
        inner.clear()
        _WRAPPINGS.append((outer, inner))
    return text[_WRAPS : len(text) - _WRAPS]


def _wrapping(levels: int) -> tuple[list[Any], list[Any]]:
    """Return so many lists within lists: the outermost and the innermost, which is empty."""
    outer: list[Any] = []
    inner = outer
    for _ in range(levels - 1):
        outer = [outer]
    return outer, inner


def _levels() -> int:
    """Return how many containers within containers orjson takes."""
    for levels in range(1, 1000):
        try:
            orjson.dumps(_wrapping(levels)[0])
        except TypeError:
            return levels - 1
    raise AssertionError("orjson has no limit any more: is_too_deep is to be asked instead.")


_WRAPS = _levels() - MAX_DEPTH
_WRAPPINGS: deque[tuple[list[Any], list[Any]]] = deque()  # in the hands of nobody


def is_too_deep(text: bytes) -> bool:
    """Say whether JSON text nests more than ``MAX_DEPTH`` containers.

    What is outside strings is reduced to its brackets; one that opens counts 1, one that closes -1.
    """
    if _brackets(text) <= MAX_DEPTH:
        return False
    if b"\\" in text:
        text = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    outside_strings = text.split(b'"')[::2]
    steps = array("b", b"".join(outside_strings).translate(_STEPS, _NO_BRACKETS))
    return max(accumulate(steps), default=0) > MAX_DEPTH


def _brackets(text: bytes) -> int:
    return text.count(b"[") + text.count(b"{")


def _judge(value: Any) -> None:
    """Walk through ``value`` and raise ``InvalidValue`` at the first thing that JSON can't keep exactly."""
    path: list[str | int] = []
    _judge_part(value, path)


def _judge_part(value: Any, path: list[str | int]) -> None:
    kind = type(value)
    if kind in (dict, list, tuple):
        if len(path) >= MAX_DEPTH:
            _refuse(f"is nested more than {MAX_DEPTH} levels deep (or contains itself)", path)
        _judge_children(value, path)
    elif kind not in _SCALARS:
        _refuse(f"is a {kind.__name__}, which JSON does not have", path)
    elif kind is int and not MIN_INT <= value <= MAX_INT:
        _refuse("is an integer beyond signed 64 bit", path)
    elif kind is float and not math.isfinite(value):
        _refuse("is not a finite number", path)
    elif kind is str and not _is_unicode(value):
        _refuse("is text with a lone surrogate", path)


def _judge_children(container: Any, path: list[str | int]) -> None:
    is_object = type(container) is dict
    for name, child in container.items() if is_object else enumerate(container):
        if is_object and (type(name) is not str or not _is_unicode(name)):
            _refuse(f"has a name that is not plain text but {shown(name)}", path)
        path.append(name)
        _judge_part(child, path)
        path.pop()


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse(why: str, path: list[str | int]) -> None:
    place = join(path)
    shown = place if len(place) <= 200 else f"{place[:197]}..."
    raise InvalidValue(f"The value{f' at {shown}' if path else ''} {why}.", pointer=place)
