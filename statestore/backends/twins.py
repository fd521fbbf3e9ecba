"""The async twin of every verb: the same signature, an ``a`` before the name, bridged once for all stores."""

from collections.abc import AsyncIterator, Callable, Coroutine
from functools import partial
from inspect import signature
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, overload

from asgiref.sync import async_to_sync, iscoroutinefunction, sync_to_async

from statestore.backends.many import Many
from statestore.backends.taking import Taking
from statestore.backends.walking import Walking
from statestore.backends.writing import Writing
from statestore.entries import ScopeInfo

if TYPE_CHECKING:
    from statestore.typed import Key, Kind, Missing

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")
Other = TypeVar("Other")


def _like(verb: Callable[..., Any]) -> Callable[[Answer], Answer]:
    """Give a twin the signature of its verb."""

    def sign(twin: Answer) -> Answer:
        twin.__signature__ = signature(verb)  # type: ignore[attr-defined]
        return twin

    return sign


def _twin(verb: Callable[Asked, Answer]) -> Callable[Asked, Coroutine[Any, Any, Answer]]:
    name = verb.__name__

    async def twin(self: Any, *args: Any, **kwargs: Any) -> Any:
        return await sync_to_async(getattr(self, name))(*args, **kwargs)

    twin.__name__ = f"a{name}"
    twin.__doc__ = f"``{name}``, awaited."
    return _like(verb)(twin)  # type: ignore[return-value]


class AsyncVerbs:
    """``aget`` is ``get`` in the thread where Django's synchronous code runs, and so with every verb."""

    if TYPE_CHECKING:

        @overload
        async def aget(self, scope: str, key: Key[Kind, Missing], default: None = None) -> Kind | Missing: ...
        @overload
        async def aget(self, scope: str, key: Key[Kind, Any], default: Other) -> Kind | Other: ...
        @overload
        async def aget(self, scope: str, key: str, default: Any = None, *, at: str | None = None) -> Any: ...
        @overload
        async def aget(
            self, scope: str, key: list[str] | tuple[str, ...], default: Any = None, *, at: str | None = None
        ) -> list[Any]: ...
        async def aget(self, scope: str, key: Any, default: Any = None, *, at: str | None = None) -> Any: ...

    else:
        aget = _twin(Writing.get)
    aget_many = _twin(Writing.get_many)
    aentry = _twin(Writing.entry)
    aentries = _twin(Writing.entries)
    aset = _twin(Writing.set)
    aset_many = _twin(Writing.set_many)
    aincrement = _twin(Writing.increment)
    achange = _twin(Writing.change)
    achange_many = _twin(Many.change_many)
    aremove = _twin(Writing.remove)
    akeys = _twin(Writing.keys)
    adelete = _twin(Writing.delete)
    atouch = _twin(Writing.touch)
    apop = _twin(Taking.pop)
    asetdefault = _twin(Taking.setdefault)
    ainfo = _twin(Walking.info)
    aclean = _twin(Walking.clean)
    arecord = _twin(Writing.record)
    arecords = _twin(Writing.records)
    aversion = _twin(Writing.version)
    aversions = _twin(Writing.versions)
    ahealth = _twin(Writing.health)
    aopen = _twin(Writing.open)
    aclose = _twin(Writing.close)

    @overload
    async def aupdate(
        self,
        scope: str,
        key: "Key[Kind, Any]",
        function: Callable[[Any], Any],
        default: None = None,
        *,
        ttl: Any = ...,
        if_version: str | None = None,
    ) -> "Kind": ...
    @overload
    async def aupdate(
        self,
        scope: str,
        key: str,
        function: Callable[[Any], Any],
        default: Any = None,
        *,
        ttl: Any = ...,
        if_version: str | None = None,
    ) -> Any: ...
    @_like(Writing.update)
    async def aupdate(self, scope: str, key: str, function: Any, *args: Any, **kwargs: Any) -> Any:
        """``update``, awaited; ``function`` may be a coroutine function."""
        plain = async_to_sync(function) if iscoroutinefunction(function) else function
        return await sync_to_async(self.update)(scope, key, plain, *args, **kwargs)  # type: ignore[attr-defined]

    @_like(Walking.scopes)
    async def ascopes(self, *args: Any, **kwargs: Any) -> AsyncIterator[ScopeInfo]:
        """``scopes`` as an async iterator."""
        pages = self._pages(*args, **kwargs)  # type: ignore[attr-defined]
        advance = sync_to_async(partial(next, pages, None))
        while (page := await advance()) is not None:
            for info in page:
                yield info
