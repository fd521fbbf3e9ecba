"""JSON as text that a person edits: written to be read, read back strictly, every mistake at its place."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from statestore.jsontext import DuplicateName, NotFinite, NotJSON, parse
from statestore.pointer import join

MOST = 5000  # lines of an indented text: with more of them browsers take seconds
WIDTH = 100  # characters of a line, where there would be too many lines

# Read by nobody, or turning the text around in the editor: written as escapes, which mean the same.
_UNSEEN = re.compile("[\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
_UP_TO_A_COMMA = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^",])+,?')
_TOKEN = re.compile(r'[ \t\r\n]*(?:("(?:[^"\\]|\\.)*")|([{}\[\]:,])|([^\s{}\[\]:,"]+))', re.DOTALL)


@dataclass(frozen=True)
class Mistake:
    """What is wrong with a text, and where: offset, line and column, the last two counted from 1."""

    message: str
    offset: int | None = None
    line: int | None = None
    column: int | None = None


def pretty(value: Any) -> str:
    """Return a value as text to edit."""
    text = orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    if text.count("\n") >= MOST:
        text = _filled(orjson.dumps(value).decode())
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _filled(text: str) -> str:
    """Return a JSON text with lines broken after commas, each as full as it can be."""
    lines, size = [""], 0
    for piece in _UP_TO_A_COMMA.findall(text):
        if size and size + len(piece) > WIDTH:
            lines.append("")
            size = 0
        lines[-1] += piece
        size += len(piece)
    return "\n".join(lines)


def read(text: str) -> tuple[Any, Mistake | None]:
    """Return the value that a text says, and None; or None and what is wrong with the text."""
    text = text.replace("\r\n", "\n")
    try:
        return parse(text), None
    except DuplicateName as error:
        return None, mistake(text, str(error), _second(text, error.name))
    except NotFinite as error:
        return None, mistake(text, str(error), _word(text, error.constant))
    except NotJSON as error:
        return None, mistake(text, str(error), error.offset)


def mistake(text: str, message: str, offset: int | None) -> Mistake:
    """Return a mistake at this offset of a text."""
    if offset is None:
        return Mistake(message)
    return Mistake(message, offset, text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))


def locate(text: str, pointer: str) -> int | None:
    """Return where in a JSON text the value at ``pointer`` stands, or None."""
    return next((offset for found, offset in _places(text) if found == pointer), None)


def _word(text: str, word: str) -> int | None:
    return next((found.start(3) for found in _TOKEN.finditer(text) if found[3] == word), None)


def _second(text: str, name: str) -> int | None:
    seen: set[str] = set()
    ending = join((name,))
    for pointer, offset in _places(text):
        if pointer in seen and pointer.endswith(ending):
            return offset
        seen.add(pointer)
    return None


def _places(text: str) -> Iterator[tuple[str, int]]:
    """Yield the pointer of every value of a JSON text, and where it stands."""
    path: list[Any] = []  # of the containers around: a position in an array, or the name in an object
    awaits_name = False
    for found in _TOKEN.finditer(text):
        sign = found[2]
        if awaits_name and found[1]:
            path[-1], awaits_name = json.loads(found[1], strict=False), False
        elif sign in ("}", "]"):
            path = path[:-1]
            awaits_name = False
        elif sign == ",":
            awaits_name = bool(path) and isinstance(path[-1], str)
            if path and isinstance(path[-1], int):
                path[-1] += 1
        elif sign != ":":
            yield join(path), found.end() - len(found[0].lstrip())
            if sign:
                path.append("" if sign == "{" else 0)
                awaits_name = sign == "{"
