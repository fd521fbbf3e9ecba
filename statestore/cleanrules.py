"""Rules of cleaning: which scopes of a family are active, and how long the others may lie idle."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from statestore import conf
from statestore.durations import parse_age
from statestore.exceptions import InvalidValue, kind, shown
from statestore.importing import load
from statestore.names import check_scope

MEMBERS = ("active", "idle", "store")
WHOLE_STORE = ""
"""In place of a family: every scope of the store. Scopes such as ``:a``, whose first segment is empty, can't have a
rule of their own; this one is about them too."""


@dataclass(frozen=True)
class Rule:
    """What may go: scopes that ``active()`` does not cover and that were not used for the time ``idle``.

    A family of None is every scope; an ``active`` of None covers nothing; without ``idle`` any time will do.
    """

    family: str | None = None
    active: Callable[[], Iterable[str]] | None = None
    idle: timedelta | None = None
    stores: tuple[str, ...] = ()


def configured_rules() -> list[Rule]:
    """Return the rules of ``STATESTORE["CLEAN"]``; raise ``ImproperlyConfigured`` naming what is wrong."""
    given = conf.section("CLEAN")
    if not isinstance(given, Mapping):
        raise ImproperlyConfigured("STATESTORE['CLEAN'] is a dict of rules by family.")
    return [_rule(family, params) for family, params in given.items()]


def check_idle(given: Any) -> timedelta:
    """Return an age (text such as ``30d``, a timedelta, or seconds) as a timedelta, or raise ``InvalidValue``."""
    if isinstance(given, str):
        return parse_age(given)
    if isinstance(given, timedelta) and given >= timedelta(0):
        return given
    if type(given) in (int, float) and math.isfinite(given) and given >= 0:  # pyright: ignore[reportArgumentType, reportOperatorIssue]
        try:
            return timedelta(seconds=given)  # pyright: ignore[reportArgumentType, reportOperatorIssue]
        except OverflowError:
            raise InvalidValue(f"This age is too long: {shown(given)}.") from None
    raise InvalidValue(f"An age is text as in 30d, a timedelta or seconds, not {shown(given)}.")


def problems(family: Any, params: Any) -> Iterator[str]:
    """Yield what is wrong with one rule, as sentences."""
    if not _is_family(family):
        yield "A family is the first segment of a scope's name, without a colon."
    if not isinstance(params, Mapping):
        yield "A rule is a dict with 'active', 'idle' or both."
        return
    yield from (f"{member!r} is none of {', '.join(MEMBERS)}." for member in params if member not in MEMBERS)
    if params.get("active") is None and params.get("idle") is None:
        yield "A rule has 'active', 'idle' or both."
    yield from _active_problems(params)
    yield from _idle_problems(params)
    yield from _store_problems(params)


def _active_problems(params: Mapping[str, Any]) -> Iterator[str]:
    try:
        active = load(params.get("active"))
    except ImportError as error:
        yield f"'active': {error}"
        return
    if active is not None and not callable(active):
        yield f"'active' is a callable that returns the active ids, not {kind(active)}."


def _idle_problems(params: Mapping[str, Any]) -> Iterator[str]:
    if params.get("idle") is None:
        return
    try:
        check_idle(params["idle"])
    except InvalidValue as error:
        yield f"'idle': {error}"


def _store_problems(params: Mapping[str, Any]) -> Iterator[str]:
    known = list(conf.store_params())
    for alias in _aliases(params):
        if alias not in known:
            yield f"STATESTORE['STORES'] has no store {shown(alias)}."


def _rule(family: str, params: Mapping[str, Any]) -> Rule:
    for problem in problems(family, params):
        raise ImproperlyConfigured(f"STATESTORE['CLEAN'][{family!r}]: {problem}")
    idle = params.get("idle")
    return Rule(
        family or None, load(params.get("active")), None if idle is None else check_idle(idle), _aliases(params)
    )


def _aliases(params: Mapping[str, Any]) -> tuple[Any, ...]:
    given = params.get("store")
    if given is None:
        return ()
    return tuple(given) if isinstance(given, list | tuple | set | frozenset) else (given,)


def _is_family(given: object) -> bool:
    if given == WHOLE_STORE:
        return True
    try:
        return ":" not in check_scope(given)
    except ValueError:
        return False
