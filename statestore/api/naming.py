"""Names in URLs: ``/`` and ``~`` are written ``~1`` and ``~0``, all else percent-encoded: every name has a URL."""

import re
from typing import Any
from urllib.parse import unquote_to_bytes

from django.utils.encoding import escape_uri_path

from statestore.api.arriving import path_as_it_came
from statestore.api.problems import BadRequest

_BAD_ESCAPE = re.compile("~(?![01])")
_REPAIRED = re.compile(rb"%([89A-F][0-9A-F])")  # what Django makes of a byte that is not UTF-8
_BAD_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def unescape(segment: str) -> str:
    """Return the name that a segment of a path says, or raise ``BadRequest``."""
    if "~" not in segment:
        return segment
    if _BAD_ESCAPE.search(segment):
        raise BadRequest("In a URL '~' is followed by 0 or 1: '~0' is '~', '~1' is '/'.")
    return segment.replace("~1", "/").replace("~0", "~")


def value_path(request: Any) -> str:
    """Return the path of the value that a request below it is about."""
    return escape_uri_path(request.path.removesuffix("increment/"))


def decode(text: bytes, place: str) -> str:
    """Return percent-encoded text decoded, or raise ``BadRequest`` if it is not UTF-8."""
    if _BAD_PERCENT.search(text):
        raise BadRequest(f"{place} has a '%' without two hexadecimal digits behind it.")
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise BadRequest(f"{place} is not UTF-8.") from None


def check_path(request: Any) -> None:
    """Raise ``BadRequest`` if the request's path was not percent-encoded UTF-8.

    By the time a view sees it, what was wrong has become a percent sign or a replacement character.
    """
    if "%" not in request.path_info and "\ufffd" not in request.path_info:
        return
    raw = path_as_it_came(request)
    if raw is not None:
        decode(raw, "The URL")
    elif not _is_utf8(request.path_info):
        # Nobody kept the path as it came: a name such as '%FF' and a byte FF look alike, which is refused.
        raise BadRequest("The URL is not UTF-8.")


def _is_utf8(path: str) -> bool:
    try:
        _REPAIRED.sub(lambda found: bytes([int(found[1], 16)]), path.encode()).decode()
    except UnicodeDecodeError:
        return False
    return True
