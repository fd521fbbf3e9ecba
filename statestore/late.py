"""Scopes whose name is found only when a verb needs it: by then the request knows more, or may wait for it."""

import secrets
from collections.abc import Collection, Mapping
from functools import wraps
from inspect import isfunction
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async

from statestore.backends.base import StateStore
from statestore.entries import Page, Record, Sentinel, Stamp
from statestore.exceptions import ScopeUnavailable
from statestore.handler import stores
from statestore.resolving import NamedScope, checked
from statestore.scope import CHANGING, Scope

TOKEN = "_statestore"  # the session's member
WRITES = CHANGING - {"remove", "delete", "touch", "pop"} | {"update", "__setitem__"}  # all that can create


class LateScope(Scope):
    """A scope that finds out about itself at each verb; every verb comes by ``_run`` or ``_arun``."""

    __slots__ = ("_named", "_request")

    def __init__(self, named: NamedScope, request: Any) -> None:
        self._named = named
        self._request = request

    def __repr__(self) -> str:
        return f"<Scope of the request's {self._named.name!r} in {self._named.store!r}>"

    @property
    def store(self) -> StateStore:
        """The store it lives in."""
        return stores[self._named.store]

    def _run(self, verb: str, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError

    async def _arun(self, verb: str, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError


def _late(verb: str) -> Any:
    @wraps(getattr(Scope, verb))
    def call(self: LateScope, *args: Any, **kwargs: Any) -> Any:
        return self._run(verb, *args, **kwargs)

    return call


def _alate(verb: str) -> Any:
    @wraps(getattr(Scope, verb))
    async def call(self: LateScope, *args: Any, **kwargs: Any) -> Any:
        return await self._arun(verb, *args, **kwargs)

    return call


_VERBS = {name for name, member in vars(Scope).items() if isfunction(member) and not name.startswith("_")}
_TWINS = {name for name in _VERBS if name.startswith("a") and name[1:] in _VERBS}
for _verb in (_VERBS - _TWINS) | {"__getitem__", "__setitem__", "__delitem__", "__contains__"}:
    setattr(LateScope, _verb, _late(_verb))
for _verb in _TWINS:
    setattr(LateScope, _verb, _alate(_verb))


class DeferredScope(LateScope):
    """In an event loop: a scope that is resolved where waiting is allowed, before its first awaited verb."""

    __slots__ = ("_found",)

    def __init__(self, named: NamedScope, request: Any) -> None:
        super().__init__(named, request)
        self._found: Scope | None = None

    @property
    def name(self) -> str:
        """The scope's name; resolving it may be I/O, so await ``context.aresolve`` in an event loop."""
        return self.resolve().name

    def resolve(self) -> Scope:
        """Return the scope itself, or raise ``ScopeUnavailable``."""
        if self._found is None:
            self._found = resolve(self._named, self._request)
        return self._found

    async def aresolve(self) -> Scope:
        """``resolve``, awaited."""
        if self._found is None:
            self._found = await aresolve(self._named, self._request)
        return self._found

    def _run(self, verb: str, *args: Any, **kwargs: Any) -> Any:
        return getattr(self.resolve(), verb)(*args, **kwargs)

    async def _arun(self, verb: str, *args: Any, **kwargs: Any) -> Any:
        return await getattr(await self.aresolve(), verb)(*args, **kwargs)


def resolve(named: NamedScope, request: Any) -> Scope:
    """Return the scope that a name stands for in this request, or raise ``ScopeUnavailable``."""
    resolver = async_to_sync(named.resolver) if named.awaited else named.resolver
    return stores[named.store].scope(checked(named.name, resolver(request)))


async def aresolve(named: NamedScope, request: Any) -> Scope:
    """``resolve``, awaited: a plain resolver runs in the thread of Django's synchronous code."""
    resolver = named.resolver if named.awaited else sync_to_async(named.resolver)
    return stores[named.store].scope(checked(named.name, await resolver(request)))


class SessionScope(LateScope):
    """The visitor's own state: ``session:<token>``, the token a random one that is kept in the session.

    It is made by the first write, so that reading starts no session; it outlives the session key's rotation at
    login and goes with the session at logout. Asking for the ``name`` makes it too, for a name is given to be used.
    """

    __slots__ = ()

    def __init__(self, named: NamedScope, request: Any) -> None:
        super().__init__(named, request)
        if getattr(request, "session", None) is None:
            raise ScopeUnavailable("This request has no session; SessionMiddleware gives it one.")

    @property
    def name(self) -> str:
        """The scope's name, which the session remembers from now on."""
        session = self._request.session
        if TOKEN not in session:
            session[TOKEN] = _new_token()
        return _name(session[TOKEN])

    def _run(self, verb: str, *args: Any, **kwargs: Any) -> Any:
        session = self._request.session
        known = session.get(TOKEN)
        token = known or (_new_token() if verb in WRITES else None)
        answer = getattr(self._scope(token), verb)(*args, **kwargs)
        if token != known:  # only now: a refused write starts no session
            session[TOKEN] = token
        return answer

    async def _arun(self, verb: str, *args: Any, **kwargs: Any) -> Any:
        session = self._request.session
        known = await _awaited(session, "get")(TOKEN)
        token = known or (_new_token() if verb[1:] in WRITES else None)
        answer = await getattr(self._scope(token), verb)(*args, **kwargs)
        if token != known:
            await _awaited(session, "setdefault")(TOKEN, token)
        return answer

    def _scope(self, token: str | None) -> Scope:
        return Scope(Nothing(self.store), "session") if token is None else self.store.scope(_name(token))


def _awaited(session: Any, verb: str) -> Any:
    """Return the session's awaited verb; a plain dict, as tests use one, has none."""
    return getattr(session, f"a{verb}", None) or sync_to_async(getattr(session, verb))


def _new_token() -> str:
    return secrets.token_urlsafe(18)


def _name(token: str) -> str:
    return f"session:{token}"


class Nothing(StateStore):
    """A store with nothing in it, with the switches and limits of another, which it never touches."""

    def __init__(self, like: StateStore) -> None:
        super().__init__(like.alias)
        self.config, self.clock = like.config, like.clock

    def _read(self, scope: str, keys: Collection[str] | None) -> Mapping[str, Record]:
        return {}

    def _write(self, scope: str, texts: Mapping[str, bytes], stamp: Stamp, expect: str | Sentinel | None) -> bool:
        return False

    def _remove(self, scope: str, keys: Collection[str], expect: str | None, now: int) -> list[str]:
        return []

    def _delete(
        self, scope: str, now: int, unused_since: int | None = None, versions: Mapping[str, str] | None = None
    ) -> int | None:
        return 0

    def _touch(self, scope: str, now: int) -> bool:
        return False

    def _scan(self, prefix: str, after: str, limit: int, idle_since: int | None, now: int) -> Page:
        return Page([], None)
