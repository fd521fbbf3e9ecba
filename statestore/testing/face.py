"""The async verbs, walked from synchronous tests."""

from typing import Any

from asgiref.sync import async_to_sync


class AsyncFace:
    """A store (or one of its scopes) whose every verb goes by its ``a`` twin; all else is passed through."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __repr__(self) -> str:
        return f"<AsyncFace of {self._store!r}>"

    def __getattr__(self, name: str) -> Any:
        twin = getattr(self._store, f"a{name}", None)
        if twin is None:
            return getattr(self._store, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            return await twin(*args, **kwargs)

        return async_to_sync(call)

    def scope(self, name: str) -> "AsyncFace":
        """Return the scope with this name, async in its turn."""
        return AsyncFace(self._store.scope(name))

    def scopes(self, *args: Any, **kwargs: Any) -> Any:
        """Iterate over what ``ascopes`` yields."""

        async def collect() -> list[Any]:
            return [info async for info in self._store.ascopes(*args, **kwargs)]

        return iter(async_to_sync(collect)())
