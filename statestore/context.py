"""The context helper: the scopes that apply to one request."""

import asyncio
from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import TYPE_CHECKING, Any, overload

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.views.generic import View

from statestore.entries import ABSENT
from statestore.exceptions import ScopeUnavailable
from statestore.handler import DEFAULT, stores
from statestore.late import DeferredScope, SessionScope, resolve
from statestore.resolving import NamedScope, named_scope, scope_names, session_scope
from statestore.scope import Scope
from statestore.template_state import TemplateState
from statestore.typed import Key

if TYPE_CHECKING:
    from typing import TypeVar

    from statestore.typed import Kind, Missing

    Other = TypeVar("Other")

_ATTRIBUTE = "_statestore_context"


class StateContext:
    """The scopes of one request, each resolved when it is asked for; no store is touched before a value is.

    ``context.user``, ``context.session``, ``context.view``, ``context.global_`` and those that
    ``STATESTORE["SCOPES"]`` adds, also as ``context["global"]``.
    """

    user: Scope
    session: Scope
    view: Scope
    global_: Scope

    def __init__(self, request: Any) -> None:
        self.request = request

    def __repr__(self) -> str:
        return f"<StateContext of {self.request!r}>"

    def __getattr__(self, name: str) -> Scope:
        try:
            named = named_scope("global" if name == "global_" else name)
        except ScopeUnavailable as error:
            raise AttributeError(str(error)) from None
        return self._scope(named)

    def __getitem__(self, name: str) -> Scope:
        """Return the scope of this name, or raise ``ScopeUnavailable`` where this request has none."""
        return self._scope(named_scope(name))

    def _scope(self, named: NamedScope) -> Scope:
        if named.resolver is session_scope:
            return SessionScope(named, self.request)
        if _in_event_loop() and named.may_wait(self.request):
            return DeferredScope(named, self.request)
        return resolve(named, self.request)

    async def aresolve(self, name: str) -> Scope:
        """``context[name]``, awaited: in an async view it always works, and tells at once what is unavailable."""
        scope = self[name]
        return await scope.aresolve() if isinstance(scope, DeferredScope) else scope

    def scope(self, name: str, store: str = DEFAULT) -> Scope:
        """Return any other scope, by its full name, in the store with this alias."""
        return stores[store].scope(name)

    @overload
    def lookup(self, key: "Key[Kind, Missing]", *names: str, default: None = None) -> "Kind | Missing": ...
    @overload
    def lookup(self, key: "Key[Kind, Any]", *names: str, default: "Other") -> "Kind | Other": ...
    @overload
    def lookup(self, key: str, *names: str, default: Any = None) -> Any: ...
    def lookup(self, key: Any, *names: str, default: Any = None) -> Any:
        """Return the value under ``key`` in the first of these scopes that has it, else ``default``.

        A scope that this request has not got is passed over. Without names: ``session``, ``user``, those that
        ``SCOPES`` adds, ``global``.
        """
        for named in _several(names):
            try:
                value = self._scope(named).get(key, ABSENT)
            except ScopeUnavailable:
                continue
            if value is not ABSENT:
                return value
        return _missing(key, default)

    @overload
    async def alookup(self, key: "Key[Kind, Missing]", *names: str, default: None = None) -> "Kind | Missing": ...
    @overload
    async def alookup(self, key: "Key[Kind, Any]", *names: str, default: "Other") -> "Kind | Other": ...
    @overload
    async def alookup(self, key: str, *names: str, default: Any = None) -> Any: ...
    async def alookup(self, key: Any, *names: str, default: Any = None) -> Any:
        """``lookup``, awaited."""
        for named in _several(names):
            try:
                value = await self._scope(named).aget(key, ABSENT)
            except ScopeUnavailable:
                continue
            if value is not ABSENT:
                return value
        return _missing(key, default)


def get_context(request: Any) -> StateContext:
    """Return the request's ``StateContext``, the same one each time; of a request of Django REST framework too."""
    http_request = getattr(request, "_request", request)
    context = vars(http_request).get(_ATTRIBUTE)
    if context is None:
        context = StateContext(request)
        setattr(http_request, _ATTRIBUTE, context)
    elif request is not http_request:
        context.request = request  # it may know a user that the one inside does not
    return context


def with_context(view: Callable[..., Any]) -> Callable[..., Any]:
    """Hand the request's context to a function view, sync or async: ``def view(request, context, …)``.

    It is passed by the name ``context``, or ``state``, where the view has such a parameter, else as the second one.
    A method is decorated by ``method_decorator(with_context)``.
    """
    name = _name_in(view)

    @wraps(view)
    def with_its_context(request: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(request, View):
            raise TypeError("with_context decorates functions; on a method it is method_decorator(with_context).")
        if name and name not in kwargs:  # else that is a part of the URL
            return view(request, *args, **{name: get_context(request)}, **kwargs)
        return view(request, get_context(request), *args, **kwargs)

    return markcoroutinefunction(with_its_context) if iscoroutinefunction(view) else with_its_context


class ContextMixin:
    """Give a class-based view ``self.state``, and its template the variable ``state``; stands before the view."""

    request: Any

    @property
    def state(self) -> StateContext:
        """The request's context."""
        return get_context(self.request)

    context = state

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what the view's template sees, with ``state`` among it."""
        kwargs.setdefault("state", TemplateState(self.state))
        return super().get_context_data(**kwargs)  # type: ignore[misc]


def _name_in(view: Callable[..., Any]) -> str | None:
    """Return the name by which a view takes its context; None if it is simply the second parameter."""
    parameters = list(signature(view).parameters.values())
    second = [one.name for one in parameters[1:2] if one.kind is not one.KEYWORD_ONLY]
    named = [
        one.name
        for one in parameters
        if one.kind is one.KEYWORD_ONLY
        or (one.kind is one.POSITIONAL_OR_KEYWORD and (one.name == "context" or one.default is one.empty))
    ]
    found = [name for name in ("context", "state") if name in named][:1]
    return found[0] if found and found != second else None


def _missing(key: Any, default: Any) -> Any:
    return key.missing() if default is None and isinstance(key, Key) else default


def _several(names: tuple[str, ...]) -> list[NamedScope]:
    return [named_scope(name) for name in names or scope_names()]


def _in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
