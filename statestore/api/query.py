"""The query string, strictly: a parameter that is unknown, repeated or out of range is an error."""

import re
from collections.abc import Collection
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from statestore import durations, pointer
from statestore.api.naming import decode
from statestore.api.problems import BadRequest
from statestore.entries import Sentinel, to_datetime
from statestore.exceptions import InvalidValue
from statestore.values import MAX_DEPTH

_TTL = "'ttl' is a number of seconds above 0 and up to 1,000 years, as in ttl=60 or ttl=0.5."
_SECONDS = re.compile(r"(\d{1,15}(\.\d{0,50})?|\.\d{1,50})([eE][+-]?\d{1,3})?", re.ASCII)


class Query:
    """The parameters of one request."""

    def __init__(self, request: Any, known: Collection[str]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in _pairs(request):
            if name not in known:
                raise BadRequest(f"The query has an unknown parameter {name!a:.80}.")
            self._values.setdefault(name, []).append(value)
        for name, values in self._values.items():
            if len(values) > 1 and name != "key":
                raise BadRequest(f"The query has the parameter {name!r} more than once.")

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def one(self, name: str) -> str | None:
        """Return the value of a parameter, None when it is not given."""
        return self._values[name][0] if name in self._values else None

    def every(self, name: str) -> list[str] | None:
        """Return all values of a parameter, None when it is not given."""
        return self._values.get(name)

    def at(self) -> pointer.Tokens:
        """Return the tokens of the JSON Pointer ``at``; none are the whole value."""
        text = self.one("at")
        if not text:
            return ()
        with refused():
            tokens = pointer.parse(text)
        if len(tokens) > MAX_DEPTH:
            raise BadRequest(f"A value has at most {MAX_DEPTH} levels, and 'at' has more.")
        return tokens

    def ttl(self, default: Sentinel) -> Any:
        """Return ``ttl`` in seconds, or ``default`` when it is not given."""
        text = self.one("ttl")
        if text is None:
            return default
        if not _SECONDS.fullmatch(text):
            raise BadRequest(_TTL)
        seconds = int(text) if text.isdigit() else float(text)
        try:
            durations.check_ttl(seconds)
        except InvalidValue:
            raise BadRequest(_TTL) from None
        return seconds


def since(store: Any, age: str, **place: Any) -> datetime:
    """Return the moment that lies an age such as ``30d`` back, by the store's clock."""
    try:
        return to_datetime(store.now()) - durations.parse_age(age)
    except InvalidValue as error:
        raise BadRequest(str(error), **place) from None
    except OverflowError:
        raise BadRequest("'idle' goes back before the beginning of time.", **place) from None


@contextmanager
def refused() -> Any:
    """Turn an ``InvalidValue`` into a ``BadRequest``: what was wrong is in the request itself."""
    try:
        yield
    except InvalidValue as error:
        raise BadRequest(str(error), pointer=error.pointer) from None


def _pairs(request: Any) -> list[tuple[str, str]]:
    text = request.META.get("QUERY_STRING", "")
    if not text:
        return []
    # WSGI hands over bytes in the clothes of latin-1.
    raw = text.encode("latin-1", "replace") if hasattr(request, "environ") else text.encode()
    parts = (part.replace(b"+", b" ").partition(b"=") for part in raw.split(b"&") if part)
    return [(decode(name, "The query"), decode(value, "The query")) for name, _, value in parts]
