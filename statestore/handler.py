"""``stores`` by alias, and ``store``, the default one."""

import threading
from collections.abc import Iterator
from typing import Any, cast
from weakref import WeakKeyDictionary

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils.connection import ConnectionProxy
from django.utils.module_loading import import_string

from statestore import conf
from statestore.backends.base import StateStore
from statestore.exceptions import UnknownStore, shown
from statestore.observe.watching import follow_settings

DEFAULT = "default"
LOOK_AGAIN = object()  # in place of the settings that the stores built so far go by


class StoreHandler:
    """The configured stores by alias, each built on first use and then shared by all threads.

    A store holds no connection of its own (those are Django's, one a thread), so that one instance serves a whole
    process, its forks included. Building one touches no server. When ``STATESTORE`` or ``CACHES`` is replaced,
    stores whose parameters stay the same are kept and the others are built anew. A block of ``override_settings``
    lets go of those it alone has spoken of, and the block around it has its own again.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._settings: Any = None
        self._caches: Any = None
        self._built: dict[str, tuple[Any, StateStore]] = {}
        self._around: WeakKeyDictionary[Any, tuple[Any, ...]] = WeakKeyDictionary()
        setting_changed.connect(self._change_block)

    def __getitem__(self, alias: str) -> StateStore:
        """Return the store with this alias, or raise ``UnknownStore``."""
        built = self._built.get(alias) if isinstance(alias, str) else None
        if built is not None and self._is_current():
            return built[1]
        with self._lock:
            self._follow_settings()
            return self._find(alias, ())

    def __iter__(self) -> Iterator[str]:
        """Iterate over the configured aliases."""
        return iter(conf.store_params())

    def __contains__(self, alias: object) -> bool:
        return alias in conf.store_params()

    def all(self) -> list[StateStore]:
        """Return every configured store once, in the order of the settings."""
        return list(dict.fromkeys(self[alias] for alias in self))

    def close_all(self) -> None:
        """Close the stores built so far; the next use of an alias builds a new one."""
        with self._lock:
            built, self._built = self._built, {}
        for _, store in built.values():
            store.close()

    def _is_current(self) -> bool:
        return self._settings is getattr(settings, "STATESTORE", None) and self._caches is settings.CACHES

    def _follow_settings(self) -> None:
        if not self._is_current():
            self._built = {alias: built for alias, built in self._built.items() if self._stays(alias, *built)}
            for _, store in self._built.values():
                follow_settings(store)
            self._settings, self._caches = getattr(settings, "STATESTORE", None), settings.CACHES

    def _change_block(self, *, setting: str, enter: bool, **kwargs: Any) -> None:
        """Go by Django's word, which only tests give, that ``override_settings`` begins or has ended."""
        if setting not in ("STATESTORE", "CACHES"):
            return
        with self._lock:
            holder = settings._wrapped  # noqa: SLF001 (one a block)
            if enter:
                around = getattr(holder, "default_settings", holder)
                self._around.setdefault(around, (self._settings, self._caches, self._built))
                self._settings, self._built = LOOK_AGAIN, dict(self._built)
            elif holder in self._around:
                built = self._built_for_both()
                self._settings, self._caches, self._built = self._around.pop(holder)
                self._built = self._built | {name: each for name, each in built.items() if not self._has(name)}
                self._watch_again()

    def _built_for_both(self) -> dict[str, tuple[Any, StateStore]]:
        """Return what the block that has ended was the first to ask for, of what the one around it speaks of."""
        try:
            said = conf.store_params()
        except ImproperlyConfigured:
            return {}
        ours = {alias: built for alias, built in self._built.items() if said.get(alias) is built[0]}
        return {alias: built for alias, built in ours.items() if self._stays(alias, *built)}

    def _has(self, alias: str) -> bool:
        """Say whether the block that goes on has this store itself, not only one of before its own settings."""
        if alias not in self._built or _is_closed(self._built[alias][1]):
            return False
        return self._is_current() or self._stays(alias, *self._built[alias])

    def _watch_again(self) -> None:
        """Have those stores watched that a block inside shared with this one, unless it has closed some of them."""
        if self._is_current() and not any(_is_closed(store) for _, store in self._built.values()):
            for _, store in self._built.values():
                follow_settings(store)
        else:
            self._settings = LOOK_AGAIN

    def _stays(self, alias: str, params: Any, store: StateStore) -> bool:
        """Say whether a store is still what the settings say, and of use."""
        if isinstance(params, str) or store.composite:  # what these lead to may have changed
            return False
        if _is_closed(store):
            return False
        if hasattr(store, "cache_alias") and self._caches is not settings.CACHES:
            return False
        return conf.store_params().get(alias) == params

    def _find(self, alias: str, followed: tuple[str, ...]) -> StateStore:
        params = conf.store_params().get(alias) if isinstance(alias, str) else None
        if params is None:
            raise UnknownStore(f"STATESTORE['STORES'] has no store {shown(alias)}.", alias=alias)
        if alias not in self._built:
            self._built[alias] = (params, self._build(alias, params, (*followed, alias)))
        return self._built[alias][1]

    def _build(self, alias: str, params: Any, followed: tuple[str, ...]) -> StateStore:
        if isinstance(params, str):
            if params in followed:
                raise ImproperlyConfigured(
                    f"STATESTORE['STORES']: {' → '.join((*followed, params))} goes in a circle."
                )
            return self._find(params, followed)
        try:
            built = _backend(alias, params)(alias, params)
        except TypeError as error:  # a hook is missing, say
            raise ImproperlyConfigured(f"STATESTORE['STORES'][{alias!r}]: {error}.") from error
        built.siblings = self
        follow_settings(built)
        return built


def _backend(alias: str, params: Any) -> type[StateStore]:
    try:
        backend = import_string(params["BACKEND"])
    except (KeyError, TypeError, AttributeError, ImportError) as error:
        raise ImproperlyConfigured(f"STATESTORE['STORES'][{alias!r}]: BACKEND names no class.") from error
    if isinstance(backend, type) and issubclass(backend, StateStore):
        return backend
    raise ImproperlyConfigured(f"STATESTORE['STORES'][{alias!r}]: BACKEND names no subclass of StateStore.")


def _is_closed(store: StateStore) -> bool:
    return store._state == "closed"  # noqa: SLF001 (there is no question for it)


class DefaultStore(ConnectionProxy):  # type: ignore[type-arg]
    """``stores["default"]``, whichever that is when it is used, also to ``isinstance`` and ``repr``."""

    @property  # type: ignore[misc]
    def __class__(self) -> type:  # pyright: ignore[reportIncompatibleMethodOverride]
        try:
            return type(stores[DEFAULT])
        except Exception:  # noqa: BLE001 (settings that are not there, or wrong: using it will say so)
            return DefaultStore

    def __repr__(self) -> str:
        return repr(stores[DEFAULT])

    def __hash__(self) -> int:
        return hash(stores[DEFAULT])


stores = StoreHandler()
store = cast("StateStore", DefaultStore(stores, DEFAULT))  # type: ignore[arg-type]
