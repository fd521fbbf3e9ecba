"""Whose scope? A resolver says it of a request: the built-in ones, and those of ``STATESTORE["SCOPES"]``."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import LazyObject, empty

from statestore import conf
from statestore.exceptions import InvalidScope, ScopeUnavailable, kind, shown
from statestore.handler import DEFAULT
from statestore.importing import load
from statestore.names import GLOBAL, check_key

MEMBERS = ("resolver", "store")


def known_user(request: Any) -> Any:
    """Return ``request.user``, or who it will be where ``await request.auser()`` has found that out already."""
    user = getattr(request, "user", None)
    return getattr(request, "_acached_user", user) if _is_unasked(user) else user


def _is_unasked(user: Any) -> bool:
    return isinstance(user, LazyObject) and vars(user)["_wrapped"] is empty


def user_scope(request: Any) -> str | None:
    """Return ``user:<pk>`` of the signed-in user; None for anybody else, and for a user without a key."""
    user = known_user(request)
    if not getattr(user, "is_authenticated", False):
        return None
    pk, meta = getattr(user, "pk", None), getattr(user, "_meta", None)
    if pk in (None, ""):
        return None
    return f"user:{pk if meta is None else meta.pk.to_python(pk)}"  # so that "42" is who 42 is


def view_scope(request: Any) -> str | None:
    """Return ``view:<name>`` of the view that answers, with its namespaces; None before one was found."""
    match = getattr(request, "resolver_match", None)
    return match and f"view:{match.view_name}"


def global_scope(request: Any) -> str:
    """Return the scope that all share."""
    return GLOBAL


def session_scope(request: Any) -> str | None:
    """Stand for the visitor's session, whose scope has no name before it is first written to (``SessionScope``)."""
    raise NotImplementedError


@dataclass(frozen=True)
class NamedScope:
    """A name of the context helper: who resolves it, and the store it lives in."""

    name: str
    resolver: Callable[[Any], Any]
    store: str = DEFAULT
    awaited: bool = False
    """Is the resolver a coroutine function?"""

    def may_wait(self, request: Any) -> bool:
        """Say whether resolving may do I/O, which must not happen in an event loop."""
        if self.resolver is user_scope:
            return _is_unasked(known_user(request))
        return self.resolver not in (session_scope, view_scope, global_scope)


BUILT_IN = {
    "session": NamedScope("session", session_scope),
    "user": NamedScope("user", user_scope),
    "view": NamedScope("view", view_scope),
    "global": NamedScope("global", global_scope),
}


def named_scope(name: str) -> NamedScope:
    """Return what stands behind a name of the context helper, or raise ``ScopeUnavailable``."""
    given = _given()
    if name in given:
        return _configured(name, given[name])
    if name in BUILT_IN:
        return BUILT_IN[name]
    raise ScopeUnavailable(f"No scope has the name {shown(name)}; STATESTORE['SCOPES'] can add it.")


def scope_names() -> list[str]:
    """Return every name, the most personal first: the order in which ``lookup`` asks when told none."""
    added = [name for name in _given() if name not in BUILT_IN]
    return ["session", "user", *added, "global"]


def problems(name: Any, given: Any) -> Iterator[str]:
    """Yield what is wrong with one member of ``SCOPES``, as sentences."""
    try:
        check_key(name)
    except ValueError:
        yield "The name of a scope is text."
        return
    params = _params(given)
    if not isinstance(params, Mapping):
        yield "A scope has a resolver: a callable, its dotted path, or a dict with 'resolver' and 'store'."
        return
    yield from (f"{member!r} is neither 'resolver' nor 'store'." for member in params if member not in MEMBERS)
    yield from _resolver_problems(name, params)
    if "store" in params and params["store"] not in list(conf.store_params()):
        yield f"STATESTORE['STORES'] has no store {shown(params['store'])}."


def _resolver_problems(name: str, params: Mapping[str, Any]) -> Iterator[str]:
    try:
        resolver = load(params.get("resolver"))
    except ImportError as error:
        yield f"The resolver {error}"
        return
    if resolver is None and name not in BUILT_IN:
        yield "There is no resolver."
    elif resolver is not None and not callable(resolver):
        yield f"The resolver is a callable that takes the request, not {kind(resolver)}."


def _configured(name: str, given: Any) -> NamedScope:
    for problem in problems(name, given):
        raise ImproperlyConfigured(f"STATESTORE['SCOPES'][{name!r}]: {problem}")
    params = _params(given)
    resolver = load(params.get("resolver")) or BUILT_IN[name].resolver
    return NamedScope(name, resolver, params.get("store", DEFAULT), iscoroutinefunction(resolver))


def _given() -> Mapping[str, Any]:
    given = conf.section("SCOPES")
    if not isinstance(given, Mapping):
        raise ImproperlyConfigured("STATESTORE['SCOPES'] is a dict.")
    return given


def _params(given: Any) -> Any:
    return {"resolver": given} if callable(given) or isinstance(given, str) else given


def checked(name: str, answer: Any) -> str:
    """Return what a resolver answered, or raise ``ScopeUnavailable`` where that is None."""
    if answer is None:
        raise ScopeUnavailable(f"This request has no scope {name!r}.")
    if not isinstance(answer, str):
        raise InvalidScope(f"The resolver of {name!r} answers a scope's name or None, not {shown(answer)}.")
    return answer
