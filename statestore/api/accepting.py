"""What the caller accepts: the API speaks JSON and leaves only when that is ruled out."""

import re

from rest_framework.exceptions import NotAcceptable

_RANGE = re.compile(r"\s*([\w!#$&^.+*-]+/[\w!#$&^.+*-]+)\s*(?:;(.*))?", re.ASCII | re.DOTALL)
_WEIGHT = re.compile(r"(?:^|;)\s*q\s*=\s*(\d(?:\.\d*)?)\s*(?:;|$)", re.ASCII | re.IGNORECASE)
_CLOSENESS = {"application/json": 2, "application/*": 1, "*/*": 0}


def check_accept(header: str | None) -> None:
    """Raise ``NotAcceptable`` if an ``Accept`` header rules out JSON (RFC 9110, section 12.5.1)."""
    if not header or header in {"*/*", "application/json"}:
        return
    closest, weight = -1, 0.0
    for each in header.split(","):
        found = _RANGE.fullmatch(each)
        closeness = _CLOSENESS.get(found[1].lower(), -1) if found else -1
        if found and closeness > closest:
            given = _WEIGHT.search(found[2] or "")
            closest, weight = closeness, float(given[1]) if given else 1.0
    if not weight:
        raise NotAcceptable("This API answers in application/json.")
