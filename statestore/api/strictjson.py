"""JSON, read strictly: UTF-8 without a mark, numbers that survive, no more levels than a value may have."""

import re
from typing import Any

import orjson

from statestore.api.problems import BadRequest
from statestore.values import MAX_DEPTH, MAX_INT, MIN_INT, is_too_deep

_LONG_NUMBER = re.compile(rb"\d{19}")
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_INTEGER = re.compile(rb"(?<![\d.eE+-])-?\d{19,}(?![\d.eE])")


def loads(text: bytes) -> Any:
    """Return the value of JSON text, or raise ``BadRequest``. Of members with the same name the last one wins.

    What would be costly to read is refused before that: levels without end, endless integers.
    """
    if not text:
        raise BadRequest("The body is empty; a JSON value was expected.")
    if _LONG_NUMBER.search(text):
        _check_integers(text)
    try:
        value = orjson.loads(text)  # at a thousand levels it gives up
    except orjson.JSONDecodeError as error:
        raise BadRequest(_fault(text, error)) from None
    if is_too_deep(text):
        raise BadRequest(f"The body nests more than {MAX_DEPTH} levels.")
    return value


def _fault(text: bytes, error: orjson.JSONDecodeError) -> str:
    try:
        text.decode()
    except UnicodeDecodeError as fault:
        return f"The body is not UTF-8 (at byte {fault.start})."
    return f"The body is not JSON in UTF-8: {error}."


def _check_integers(text: bytes) -> None:
    # The reader would make floats of integers beyond 64 bit, without a word.
    for number in _INTEGER.findall(_STRING.sub(b'""', text)):
        if len(number) > 20 or not MIN_INT <= int(number) <= MAX_INT:
            raise BadRequest("The body has an integer beyond signed 64 bit.")
