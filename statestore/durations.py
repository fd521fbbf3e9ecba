"""Lengths of time: a ttl in seconds, an age such as ``30d``."""

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from statestore.exceptions import InvalidValue, shown

MAX_TTL = 1000 * 365 * 86400  # seconds; keeps every expiry before the year 10000
_LONG_AGO = datetime(2, 1, 1, tzinfo=UTC)  # a moment that every time zone has
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGE = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)([smhdw])", re.ASCII)


def check_ttl(ttl: Any) -> int | None:
    """Return a ttl (seconds above 0 as int or float; None for ever) in microseconds, or raise ``InvalidValue``."""
    if ttl is None:
        return None
    if type(ttl) not in (int, float) or not 0 < ttl < math.inf:
        raise InvalidValue(f"A ttl is a number of seconds above 0, or None, not {shown(ttl)}.")
    if ttl > MAX_TTL:
        raise InvalidValue("A ttl is at most 1,000 years; None is for ever.")
    return max(1, round(ttl * 1_000_000))


def parse_age(text: object) -> timedelta:
    """Return the length of time that ``30d`` or the like says (s, m, h, d, w), or raise ``InvalidValue``."""
    found = _AGE.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise InvalidValue(f"An age is a number with s, m, h, d or w, as in 30d, not {shown(text)}.")
    try:
        return timedelta(**{_UNITS[found[2]]: float(found[1])})
    except OverflowError:
        raise InvalidValue(f"This age is too long: {text}.") from None


def back(moment: datetime, age: timedelta) -> datetime:
    """Return the moment that lies ``age`` before this one, or one that is long enough ago."""
    try:
        return max(moment - age, _LONG_AGO)
    except OverflowError:
        return _LONG_AGO
