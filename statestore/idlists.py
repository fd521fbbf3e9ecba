"""Lists of active ids as they come from other programs: one id a line, a JSON list, or a Node-RED flow export."""

import json
from collections.abc import Iterator
from typing import Any

from statestore.exceptions import InvalidScope, InvalidValue
from statestore.names import check_scope


def read_ids(data: bytes, source: str) -> frozenset[str]:
    """Return the ids in ``data``, or raise ``InvalidValue`` naming ``source``: half a list is worse than none.

    Text that begins with ``[`` or ``{`` is JSON: a list of ids, or a flow export, in which every ``id`` and every
    ``z`` (the flow that a node stands in) counts. Anything else is one id a line; blank lines are passed over.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidValue(f"{source} is not text in UTF-8 (at byte {error.start}).") from None
    found = _in_json(text, source) if text.lstrip()[:1] in ("[", "{") else _in_lines(text, source)
    return frozenset(found)


def _in_lines(text: str, source: str) -> Iterator[str]:
    for number, line in enumerate(text.split("\n"), 1):
        name = line.removesuffix("\r")
        if name.strip():
            yield _checked(name, f"{source}, line {number}")
            yield name.strip()  # a space too many must not make an active id idle


def _in_json(text: str, source: str) -> Iterator[str]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidValue(f"{source} begins like JSON and is none, or not all of it: {error}.") from None
    if isinstance(document, list) and all(isinstance(member, str) for member in document):
        return (_checked(name, source) for name in document)
    return _in_export(document)


def _in_export(document: Any) -> Iterator[str]:
    waiting = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield from (node[member] for member in ("id", "z") if _is_name(node.get(member)))
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)


def _checked(name: str, place: str) -> str:
    try:
        return check_scope(name)
    except InvalidScope as error:
        raise InvalidValue(f"{place}: {error}") from None


def _is_name(given: object) -> bool:
    try:
        check_scope(given)
    except InvalidScope:
        return False
    return True
