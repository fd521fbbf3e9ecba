"""A cache that can be relied on: what it says is missing is missing, and what it took it has."""

import binascii
import os
import pickle
import threading
import weakref
import zlib
from collections.abc import Collection, KeysView
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

from django.conf import settings
from django.core.cache import BaseCache, caches
from django.utils.module_loading import import_string

from statestore.backends.portable_kinds import Kind, kind_of
from statestore.backends.portable_locks import Check
from statestore.entries import Sentinel
from statestore.exceptions import StoreTimeout

BATCH = 100  # values asked for at once


DAMAGED = Sentinel("DAMAGED")
_UNREADABLE = (pickle.UnpicklingError, zlib.error, binascii.Error, EOFError)


class NotKept(Exception):
    """The cache took a value and does not have it; what was there before was put back."""


class Shelf:
    """Keeps texts for ever under an alias of ``CACHES``, for one store.

    ``timeout`` is the number of seconds that one change may take.
    """

    def __init__(self, alias: str, cache_alias: str, timeout: float) -> None:
        self._alias = alias
        self._cache_alias = cache_alias
        self._timeout = timeout
        self._own = threading.local()

    @property
    def params(self) -> dict[str, Any]:
        """Return the entry of ``CACHES``, as it is now."""
        return settings.CACHES[self._cache_alias]

    @property
    def kind(self) -> Kind:
        """Return what kind of cache it is."""
        return kind_of(self.params["BACKEND"])

    @property
    def cache(self) -> BaseCache:
        """Return this thread's cache: Django's, or one with stricter options where Django's can't be relied on."""
        made_for = (os.getpid(), self.params)
        if getattr(self._own, "made_for", None) != made_for:
            self._own.cache, self._own.made_for = _make(self.kind.own(self.params, self._timeout)), made_for
        return self._own.cache or caches[self._cache_alias]

    def get(self, address: str) -> Any:
        """Return what lies at an address, None for nothing, ``DAMAGED`` for what Django can't unpickle."""
        try:
            return self.cache.get(address)
        except _UNREADABLE:
            return DAMAGED

    def get_many(self, addresses: Collection[str]) -> dict[str, Any]:
        """Return what lies at the addresses, by address."""
        asked = list(addresses)
        found: dict[str, Any] = {}
        for start in range(0, len(asked), BATCH):
            found |= self._get_batch(dict.fromkeys(asked[start : start + BATCH]).keys())
        return found

    def _get_batch(self, addresses: KeysView[str]) -> dict[str, Any]:
        try:
            found = self.cache.get_many(addresses)
        except _UNREADABLE:
            return self._get_each(addresses)
        return found | self._get_each(addresses - found.keys()) if self.kind.partial else found

    def _get_each(self, addresses: Collection[str]) -> dict[str, Any]:
        found = {address: self.get(address) for address in addresses}
        return {address: text for address, text in found.items() if text is not None}

    def hold(self, address: str) -> AbstractContextManager[Check]:
        """Hold an address for changing it."""
        return self.kind.lock(self.cache, address, self._timeout)

    def put(self, address: str, text: str, before: Any, check: Check) -> None:
        """Replace ``before``, None for nothing, with ``text``; called by the holder of the address.

        Nothing is changed if this raises, other than ``StoreTimeout``.
        """
        check()
        with self._all_or_nothing(address, before):
            self.cache.set(address, text, timeout=None)
            if not self.kind.sure and self.cache.get(address) != text:
                raise NotKept(NotKept.__doc__)

    def drop(self, address: str, before: Any, check: Check) -> None:
        """Remove what lies at an address; called by its holder."""
        check()
        with self._all_or_nothing(address, before):
            self.cache.delete(address)
            if not self.kind.sure and self.cache.get(address) is not None:
                raise NotKept(NotKept.__doc__)

    @contextmanager
    def _all_or_nothing(self, address: str, before: Any) -> Any:
        try:
            yield
        except Exception as error:
            if _is_timeout(error) or not (self.kind.transactional or self._put_back(address, before)):
                raise StoreTimeout(
                    f"The store {self._alias!r} did not answer in time: it may or may not have written.",
                    alias=self._alias,
                ) from error
            raise

    def _put_back(self, address: str, before: Any) -> bool:
        """Undo a write that failed: memcached drops the old value when the new one does not fit."""
        with suppress(Exception):
            if before is DAMAGED:
                return False
            if before is None:
                self.cache.delete(address)
            else:
                self.cache.set(address, before, timeout=None)
            return self.cache.get(address) == before
        return False


def _make(params: dict[str, Any] | None) -> BaseCache | None:
    if params is None:
        return None
    backend, location = import_string(params.pop("BACKEND")), params.pop("LOCATION", "")
    made = backend(location, params)
    if hasattr(made._cache, "disconnect_all"):  # noqa: SLF001 (closes the sockets of a thread that ends)
        weakref.finalize(made, made._cache.disconnect_all)  # noqa: SLF001
    return made


def _is_timeout(error: Exception) -> bool:
    """Say whether the outcome is open: redis-py's own ``TimeoutError`` is no kind of Python's."""
    return any(kind.__name__ == "TimeoutError" for kind in type(error).__mro__)
