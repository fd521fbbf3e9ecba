"""``Scope``: a store bound to one scope, with the verbs of the store and the manners of a dict."""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import suppress
from typing import Any

from asgiref.sync import markcoroutinefunction

from statestore.entries import ABSENT
from statestore.names import check_key

CHANGING = frozenset(
    {"set", "set_many", "change", "change_many", "increment", "remove", "delete", "touch", "pop", "setdefault"}
)


def _bound(verb: str) -> Any:
    def call(self: "Scope", *args: Any, **kwargs: Any) -> Any:
        return getattr(self.store, verb)(self.name, *args, **kwargs)

    call.__name__ = verb
    call.__doc__ = f"``{verb}`` of the store, for this scope."
    call.alters_data = verb in CHANGING  # type: ignore[attr-defined]  # Django's templates do not call it
    return call


def _bound_twin(verb: str) -> Any:
    return markcoroutinefunction(_bound(verb))


def _one(key: Any) -> Any:
    """Return a key; as in a dict, a list of them is none."""
    check_key(key)
    return key


def _there(key: str, value: Any, default: Any) -> Any:
    """Return what was found, or else ``default``; ``KeyError`` if that is not given either."""
    if value is not ABSENT:
        return value
    if default is ABSENT:
        raise KeyError(key)
    return default


def _mapping(given: Any, more: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(given, str):
        raise TypeError("update() takes a key and a function, or a mapping.")
    return dict(given, **more)


class Scope(MutableMapping[str, Any]):
    """The state of one scope in one store. Nothing is read until a value is asked for."""

    __slots__ = ("name", "store")

    def __init__(self, store: Any, name: str) -> None:
        self.store = store
        self.name = name

    def __repr__(self) -> str:
        return f"<Scope {self.name!r} in {self.store.alias!r}>"

    get = _bound("get")
    get_many = _bound("get_many")
    entry = _bound("entry")
    entries = _bound("entries")
    set = _bound("set")
    set_many = _bound("set_many")
    change = _bound("change")
    change_many = _bound("change_many")
    increment = _bound("increment")
    remove = _bound("remove")
    keys = _bound("keys")
    delete = clear = _bound("delete")
    setdefault = _bound("setdefault")
    touch = _bound("touch")
    info = _bound("info")
    record = _bound("record")
    records = _bound("records")
    version = _bound("version")

    aget = _bound_twin("aget")
    aget_many = _bound_twin("aget_many")
    aentry = _bound_twin("aentry")
    aentries = _bound_twin("aentries")
    aset = _bound_twin("aset")
    aset_many = _bound_twin("aset_many")
    achange = _bound_twin("achange")
    achange_many = _bound_twin("achange_many")
    aincrement = _bound_twin("aincrement")
    aremove = _bound_twin("aremove")
    akeys = _bound_twin("akeys")
    adelete = aclear = _bound_twin("adelete")
    asetdefault = _bound_twin("asetdefault")
    atouch = _bound_twin("atouch")
    ainfo = _bound_twin("ainfo")
    arecord = _bound_twin("arecord")
    arecords = _bound_twin("arecords")
    aversion = _bound_twin("aversion")

    def update(self, key: Any = (), function: Callable[[Any], Any] | None = None, *args: Any, **kwargs: Any) -> Any:
        """``update`` of the store: ``update("cart", add)``; or a dict's: ``update({"a": 1}, b=2)``."""
        if function is not None:
            return self.store.update(self.name, key, function, *args, **kwargs)
        self.store.set_many(self.name, _mapping(key, kwargs))
        return None

    async def aupdate(
        self, key: Any = (), function: Callable[[Any], Any] | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        """``update``, awaited."""
        if function is not None:
            return await self.store.aupdate(self.name, key, function, *args, **kwargs)
        await self.store.aset_many(self.name, _mapping(key, kwargs))
        return None

    # -- a dict

    def __getitem__(self, key: str) -> Any:
        return _there(key, self.store.get(self.name, _one(key), ABSENT), ABSENT)

    def __setitem__(self, key: str, value: Any) -> None:
        self.store.set(self.name, _one(key), value)

    def __delitem__(self, key: str) -> None:
        if not self.store.remove(self.name, _one(key)):
            raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        return self.store.get(self.name, _one(key), ABSENT) is not ABSENT

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self.keys())

    def __bool__(self) -> bool:
        return True  # asking whether there is a scope object must not ask the store

    def items(self) -> Any:
        """Return the (key, value) pairs, in one round trip."""
        return self.get_many().items()

    def values(self) -> Any:
        """Return the values, in one round trip."""
        return self.get_many().values()

    def pop(self, key: str, default: Any = ABSENT) -> Any:
        """Remove ``key`` and return its value, atomically: of two callers only one gets it."""
        return _there(key, self.store.pop(self.name, key, ABSENT), default)

    async def apop(self, key: str, default: Any = ABSENT) -> Any:
        """``pop``, awaited."""
        return _there(key, await self.store.apop(self.name, key, ABSENT), default)

    pop.alters_data = apop.alters_data = True  # type: ignore[attr-defined]

    def popitem(self) -> tuple[str, Any]:
        """Remove and return some (key, value) pair; ``KeyError`` when the scope is empty."""
        for key in self.keys():
            with suppress(KeyError):  # somebody else was quicker
                return key, self.pop(key)
        raise KeyError("the scope is empty")

    popitem.alters_data = True  # type: ignore[attr-defined]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Scope):
            return self.store is other.store and self.name == other.name
        return isinstance(other, Mapping) and dict(self.items()) == dict(other.items())

    def __hash__(self) -> int:
        return hash((self.store.alias, self.name))
