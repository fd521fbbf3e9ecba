"""JSON Pointers (RFC 6901) into a value: read, place or cut a part."""

import re
from typing import Any

from statestore.entries import ABSENT
from statestore.exceptions import InvalidValue, json_kind, kind, shown

Tokens = tuple[str, ...]
_BAD_ESCAPE = re.compile("~(?![01])")


def parse(pointer: object) -> Tokens:
    """Return the reference tokens of a pointer; "" is the whole value. Raise ``InvalidValue`` if it is none."""
    if not isinstance(pointer, str):
        raise InvalidValue(f"A JSON Pointer is a string, not {kind(pointer)}.")
    if pointer and not pointer.startswith("/"):
        raise InvalidValue(f"A JSON Pointer is empty or starts with '/': {shown(pointer)}.", pointer=pointer)
    if _BAD_ESCAPE.search(pointer):
        raise InvalidValue(f"In a JSON Pointer '~' is followed by 0 or 1: {shown(pointer)}.", pointer=pointer)
    return tuple(escaped.replace("~1", "/").replace("~0", "~") for escaped in pointer.split("/")[1:])


def join(tokens: Tokens | list[str | int]) -> str:
    """Return the pointer made of these tokens."""
    return "".join(f"/{str(token).replace('~', '~0').replace('/', '~1')}" for token in tokens)


def find(value: Any, tokens: Tokens) -> Any:
    """Return the part at ``tokens``, or ``ABSENT`` where there is none."""
    for token in tokens:
        value = _child(value, token)
        if value is ABSENT:
            break
    return value


def place(value: Any, tokens: Tokens, part: Any) -> Any:
    """Return ``value`` with ``part`` set at ``tokens``; the containers in it are changed in place.

    Missing parents become objects, ``-`` appends to an array. Writing below a scalar or beyond an array is
    ``InvalidValue``. ``value`` may be ``ABSENT``.
    """
    if not tokens:
        return part
    root = {} if value is ABSENT else value
    inside = root
    for depth, token in enumerate(tokens[:-1], start=1):
        following = _child(inside, token)
        if following is ABSENT:
            following = {}
            _put(inside, token, following, tokens[:depth])
        inside = following
    _put(inside, tokens[-1], part, tokens)
    return root


def cut(value: Any, tokens: Tokens) -> bool:
    """Remove the part at ``tokens`` from ``value`` in place; say whether there was one."""
    parent = find(value, tokens[:-1])
    if _child(parent, tokens[-1]) is ABSENT:
        return False
    del parent[int(tokens[-1]) if isinstance(parent, list) else tokens[-1]]
    return True


def _child(parent: Any, token: str) -> Any:
    if isinstance(parent, dict):
        return parent.get(token, ABSENT)
    if isinstance(parent, list) and _is_index(token) and int(token) < len(parent):
        return parent[int(token)]
    return ABSENT


def _put(parent: Any, token: str, part: Any, tokens: Tokens) -> None:
    if isinstance(parent, dict):
        parent[token] = part
    elif isinstance(parent, list) and token == "-":
        parent.append(part)
    elif isinstance(parent, list) and _is_index(token) and int(token) < len(parent):
        parent[int(token)] = part
    else:
        path = join(tokens)
        where = "beyond the array" if isinstance(parent, list) else f"below {json_kind(parent)}"
        raise InvalidValue(f"There is nothing to write to at {path:.200}: it is {where}.", pointer=path)


def _is_index(token: str) -> bool:
    # RFC 6901, section 4: digits without a leading zero. The length bound keeps int() cheap.
    return token.isascii() and token.isdigit() and len(token) <= 10 and (token == "0" or token[0] != "0")
