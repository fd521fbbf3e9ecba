"""What the bodies of the requests must be, besides JSON."""

import re
from datetime import datetime
from typing import Any

from statestore.api.conditions import UNCONDITIONAL, Conditions
from statestore.api.parsers import StrictJSONParser, read_body, read_json_of
from statestore.api.problems import BadRequest
from statestore.api.query import Query, since
from statestore.exceptions import InvalidKey, InvalidScope, json_kind
from statestore.names import check_key, check_prefix, check_scope
from statestore.pointer import join

_EMPTY_FORM = re.compile(rb"--[^\r\n]{1,70}--\r\n")  # what clients send who post nothing as a form
CLEANING = {"active", "idle", "prefix", "dry_run", "allow_empty"}


def values(body: Any) -> dict[str, Any]:
    """Return the values by key of a body, or raise ``BadRequest``."""
    for key in _object(body):
        try:
            check_key(key)
        except InvalidKey as error:
            raise BadRequest(str(error), pointer=join([key]), key=key) from None
    return body


def step(request: Any) -> float:
    """Return by how much to increment: 1 where the body says nothing, which it may do by being empty."""
    text = read_body(request)
    if not text or _EMPTY_FORM.fullmatch(text):
        return 1
    by = _object(read_json_of(request, text, [StrictJSONParser])[1], {"by"}).get("by", 1)
    if type(by) not in (int, float):
        raise BadRequest("'by' is a number.", pointer="/by")
    return by


def cleaning(body: Any, store: Any) -> dict[str, Any]:
    """Return what a body says as arguments of ``clean``; one that would clean out all is refused."""
    given = _object(body, CLEANING)
    for flag in ("dry_run", "allow_empty"):
        if type(given.get(flag, False)) is not bool:
            raise BadRequest(f"'{flag}' is true or false.", pointer=f"/{flag}")
    active = _active(given.get("active", []))
    bounded = bool(active) or ("active" not in given and "idle" in given)
    if not bounded and not given.get("allow_empty"):
        raise BadRequest('Nothing is active and so all would go; say "allow_empty": true if that is meant.')
    return {
        "active": active,
        "prefix": _prefix(given.get("prefix", "")),
        "idle_since": _idle_since(store, given["idle"]) if "idle" in given else None,
        "dry_run": given.get("dry_run", False),
    }


def refuse_conditions(conditions: Conditions) -> None:
    """Raise ``BadRequest`` for a condition on what can't be checked and done in one step."""
    if conditions != UNCONDITIONAL:
        raise BadRequest("This request takes neither If-Match nor If-None-Match.")


def refuse_ttl(query: Query) -> None:
    """Raise ``BadRequest`` for a ``ttl`` where nothing is written."""
    if "ttl" in query:
        raise BadRequest("'ttl' goes with what is written, not with what is removed.")


def _object(body: Any, members: set[str] | None = None) -> dict[str, Any]:
    if type(body) is not dict:
        raise BadRequest("The body is a JSON object.")
    for name in body:
        if members is not None and name not in members:
            raise BadRequest(f"The body has an unknown member {name!a:.80}.", pointer=join([name]))
    return body


def _active(given: Any) -> list[str]:
    if type(given) is not list:
        raise BadRequest("'active' is an array of scopes or their leading segments.", pointer="/active")
    for number, name in enumerate(given):
        try:
            check_scope(_string(name, "A scope", f"/active/{number}"))
        except InvalidScope as error:
            raise BadRequest(str(error), pointer=f"/active/{number}") from None
    return given


def _prefix(given: Any) -> str:
    try:
        return check_prefix(_string(given, "'prefix'", "/prefix"))
    except InvalidScope as error:
        raise BadRequest(str(error), pointer="/prefix") from None


def _idle_since(store: Any, given: Any) -> datetime:
    return since(store, _string(given, "'idle'", "/idle"), pointer="/idle")


def _string(given: Any, what: str, pointer: str) -> str:
    if type(given) is not str:
        raise BadRequest(f"{what} is a string, not {json_kind(given)}.", pointer=pointer)
    return given
