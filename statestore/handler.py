"""``stores`` by alias, and ``store``, the default one."""

import threading
from collections.abc import Iterator
from typing import Any, cast

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.connection import ConnectionProxy
from django.utils.module_loading import import_string

from statestore import conf
from statestore.backends.base import StateStore
from statestore.exceptions import UnknownStore, shown
from statestore.observe.watching import follow_settings

DEFAULT = "default"


class StoreHandler:
    """The configured stores by alias, each built on first use and then shared by all threads.

    A store holds no connection of its own (those are Django's, one a thread), so that one instance serves a whole
    process, its forks included. Building one touches no server. When ``STATESTORE`` or ``CACHES`` is replaced (by
    ``override_settings``, say), stores whose parameters stay the same are kept and the others are built anew.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._settings: Any = None
        self._caches: Any = None
        self._built: dict[str, tuple[Any, StateStore]] = {}

    def __getitem__(self, alias: str) -> StateStore:
        """Return the store with this alias, or raise ``UnknownStore``."""
        if isinstance(alias, str) and alias in self._built and self._is_current():
            return self._built[alias][1]
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

    def _stays(self, alias: str, params: Any, store: StateStore) -> bool:
        """Say whether a store is still what the settings say."""
        if isinstance(params, str) or store.composite:  # what these lead to may have changed
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
            backend = import_string(params["BACKEND"])
        except (KeyError, TypeError, AttributeError, ImportError) as error:
            raise ImproperlyConfigured(f"STATESTORE['STORES'][{alias!r}]: BACKEND names no class.") from error
        built = backend(alias, params)
        built.siblings = self
        follow_settings(built)
        return built


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


stores = StoreHandler()
store = cast("StateStore", DefaultStore(stores, DEFAULT))  # type: ignore[arg-type]
