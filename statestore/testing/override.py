"""Other stores for the length of a test."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.test.utils import TestContextDecorator, override_settings

from statestore import conf
from statestore.handler import StoreHandler, stores

_PLACE = ("BACKEND", "OPTIONS")


class override_stores(TestContextDecorator):  # noqa: N801 (in line with override_settings)
    """Put every configured store on a fresh ``MemoryStore``; as a context manager or a decorator.

    A store given by its alias, with parameters as in ``STATESTORE`` or as the alias of another, is that instead.
    The limits and switches of the others (``TTL``, ``ENABLE_…``) stay. ``with`` answers the handler, ``stores``.
    """

    def __init__(self, **given: Mapping[str, Any] | str) -> None:
        super().__init__()
        self._given = given

    def enable(self) -> StoreHandler:
        """Replace the stores; return ``stores``."""
        configured = {alias: _in_memory(params) for alias, params in conf.store_params().items()}
        given = {alias: _fresh(params) for alias, params in self._given.items()}
        current = getattr(settings, "STATESTORE", None) or {}
        self._override = override_settings(STATESTORE={**current, "STORES": {**configured, **given}})
        self._override.enable()
        return stores

    def disable(self) -> None:
        """Bring back the stores that were there before, with all that is in them."""
        self._override.disable()


class _Fresh(dict[str, Any]):
    """Parameters that equal no others, so that the handler builds a store anew."""

    __hash__ = None

    def __eq__(self, other: object) -> bool:
        return self is other


def _fresh(params: Mapping[str, Any] | str) -> Mapping[str, Any] | str:
    return params if isinstance(params, str) else _Fresh(params)


def _in_memory(params: Any) -> Any:
    if isinstance(params, str):
        return params
    kept = {name: value for name, value in params.items() if name not in _PLACE}
    return _Fresh(kept, BACKEND="statestore.backends.MemoryStore")
