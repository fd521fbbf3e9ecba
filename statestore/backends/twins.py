"""The async twin of every verb: the same signature, an ``a`` before the name, bridged once for all stores."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from asgiref.sync import async_to_sync, iscoroutinefunction, sync_to_async

from statestore.entries import ScopeInfo


def _twin(verb: str) -> Any:
    async def twin(self: Any, *args: Any, **kwargs: Any) -> Any:
        return await sync_to_async(getattr(self, verb))(*args, **kwargs)

    twin.__name__ = f"a{verb}"
    twin.__doc__ = f"``{verb}``, awaited."
    return twin


class AsyncVerbs:
    """``aget`` is ``get`` in the thread where Django's synchronous code runs, and so with every verb."""

    aget = _twin("get")
    aget_many = _twin("get_many")
    aentry = _twin("entry")
    aentries = _twin("entries")
    aset = _twin("set")
    aset_many = _twin("set_many")
    aincrement = _twin("increment")
    aremove = _twin("remove")
    akeys = _twin("keys")
    adelete = _twin("delete")
    atouch = _twin("touch")
    ainfo = _twin("info")
    aclean = _twin("clean")
    ahealth = _twin("health")
    aopen = _twin("open")
    aclose = _twin("close")

    async def aupdate(self, scope: str, key: str, function: Any, *args: Any, **kwargs: Any) -> Any:
        """``update``, awaited; ``function`` may be a coroutine function."""
        plain = async_to_sync(function) if iscoroutinefunction(function) else function
        return await sync_to_async(self.update)(scope, key, plain, *args, **kwargs)

    async def ascopes(self, *args: Any, **kwargs: Any) -> AsyncIterator[ScopeInfo]:
        """``scopes`` as an async iterator."""
        pages = self._pages(*args, **kwargs)
        advance = sync_to_async(partial(next, pages, None))
        while (page := await advance()) is not None:
            for info in page:
                yield info
