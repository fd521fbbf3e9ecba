"""``State``: several keys of one scope declared as a class, read as one, written as what has changed."""

import copy
from inspect import get_annotations
from typing import TYPE_CHECKING, Any, ClassVar, get_origin

from statestore.entries import STORE_TTL
from statestore.exceptions import InvalidValue
from statestore.names import check_key
from statestore.scope import Scope
from statestore.typed import Key

if TYPE_CHECKING:
    from typing import Self


class State:
    """Subclass it and annotate: each public annotation is a typed key of that name, its value the default.

    ``class Checkout(State, prefix="checkout."): step: int = 1``; then ``Checkout(context.session).step``. The first
    attribute asked for reads all keys in one round trip; ``save`` writes those that changed, in another, so that
    two who change different ones do not undo each other. As a context manager it saves at the end of the block,
    unless that raised. A key that is missing and has no default is an ``AttributeError``.
    """

    _keys: ClassVar[dict[str, Key[Any, Any]]] = {}
    _defaults: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, *, prefix: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        kinds = {name: kind for name, kind in get_annotations(cls, eval_str=True).items() if _is_key(name, kind)}
        cls._defaults = cls._defaults | {name for name in kinds if name in vars(cls)}
        cls._keys = cls._keys | {
            name: Key(check_key(f"{prefix}{name}"), type=kind, default=vars(cls).get(name))
            for name, kind in kinds.items()
        }
        for name in kinds.keys() & vars(cls).keys():
            delattr(cls, name)  # so that an instance which has not read it yet is asked

    def __init__(self, scope: Scope) -> None:
        vars(self).update(_scope=scope, _texts={})

    def __repr__(self) -> str:
        known = ", ".join(f"{name}={vars(self)[name]!r}" for name in self._keys if name in vars(self))
        return f"<{type(self).__name__} in {self._scope!r}{': ' if known else ''}{known}>"

    def __getattr__(self, name: str) -> Any:
        if name not in self._keys:
            raise AttributeError(f"{type(self).__name__} has no {name!r}")
        if name not in self._texts:
            given = {known: vars(self)[known] for known in self._keys if known in vars(self)}
            self.load()
            vars(self).update(given)
        if name not in vars(self):
            raise AttributeError(f"{self._keys[name]} has no value and no default")
        return vars(self)[name]

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._keys:
            raise AttributeError(f"{type(self).__name__} has no {name!r}")
        vars(self)[name] = value

    def __enter__(self) -> "Self":
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            self.save()

    async def __aenter__(self) -> "Self":
        return await self.aload()

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            await self.asave()

    def load(self) -> "Self":
        """Read all keys anew, in one round trip; forget what was not saved. ``SchemaViolation`` if one is unfit."""
        return self._take(self._scope.get_many(self._keys.values()))

    async def aload(self) -> "Self":
        """``load``, awaited; in async code it comes before the first attribute."""
        return self._take(await self._scope.aget_many(self._keys.values()))

    def save(self, *, ttl: Any = STORE_TTL) -> str | None:
        """Write what has changed, all or nothing, and return the version; None when nothing has.

        ``SchemaViolation`` for a value that does not fit its annotation, and nothing is written.
        """
        changed, texts = self._changed()
        version = self._scope.set_many(changed, ttl=ttl) if changed else None
        self._texts.update(texts)
        return version

    async def asave(self, *, ttl: Any = STORE_TTL) -> str | None:
        """``save``, awaited."""
        changed, texts = self._changed()
        version = await self._scope.aset_many(changed, ttl=ttl) if changed else None
        self._texts.update(texts)
        return version

    def clear(self) -> int:
        """Remove all of its keys and return how many there were; what is read afterwards are the defaults."""
        self._forget()
        return self._scope.remove(self._keys.values())

    async def aclear(self) -> int:
        """``clear``, awaited."""
        self._forget()
        return await self._scope.aremove(self._keys.values())

    def _take(self, found: dict[str, Any]) -> "Self":
        self._forget()
        for name, key in self._keys.items():
            if key in found or name in self._defaults:
                vars(self)[name] = found.get(key, key.missing())
                self._texts[name] = self._text(name)
            else:
                self._texts[name] = b""  # it was looked for
        return self

    def _changed(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the values that changed since they were read, by key, and their texts, by attribute."""
        texts = {name: self._text(name) for name in self._keys if name in vars(self)}
        texts = {name: text for name, text in texts.items() if text != self._texts.get(name)}
        return {self._keys[name]: vars(self)[name] for name in texts}, texts

    def _text(self, name: str) -> Any:
        value = vars(self)[name]
        try:
            return self._keys[name].to_text(value)
        except InvalidValue:
            return [copy.deepcopy(value)]  # unlike any text; the store refuses it by its full name if it changes

    def _forget(self) -> None:
        scope = self._scope
        vars(self).clear()
        vars(self).update(_scope=scope, _texts={})


def _is_key(name: str, kind: Any) -> bool:
    return not name.startswith("_") and kind is not ClassVar and get_origin(kind) is not ClassVar
