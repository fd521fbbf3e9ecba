"""``CacheStore``: a store on an alias of ``CACHES``, by Redis's own structures or through the plain cache API."""

import re
from collections.abc import Mapping
from typing import Any, Self

from django.conf import settings
from django.core.cache import BaseCache, caches
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from statestore.backends.base import StateStore
from statestore.conf import StoreConfig

DEFAULTS: dict[str, Any] = {
    "cache": "default",
    "prefix": "statestore",
    "timeout": 5.0,
    "max_scope_bytes": None,
    "replicas": 0,
}
MOST_REPLICAS = 100
REDIS_CACHE = "django_redis.cache.RedisCache"

_PREFIX = re.compile("[!-~]{1,64}")


class CacheStore(StateStore):
    """Keeps state on a cache. ``OPTIONS``: ``cache``, ``prefix`` (a name space in it), ``timeout`` (seconds),
    ``replicas`` (how many of them must acknowledge every write).

    ``CacheStore(alias, params)`` makes a ``RedisStore`` where the cache is django-redis's, a ``PortableStore`` on
    any other. Making one touches no server.
    """

    def __new__(cls, alias: str = "default", params: Mapping[str, Any] | None = None) -> Self:
        """Return a new store of the kind that fits the cache."""
        if cls is CacheStore:
            return super().__new__(_kind(alias, _options(alias, params or {})["cache"]))  # type: ignore[return-value]
        return super().__new__(cls)

    def __init__(self, alias: str = "default", params: Mapping[str, Any] | None = None) -> None:
        super().__init__(alias, params)
        options = _options(alias, params or {})
        self.cache_alias: str = options["cache"]
        self.prefix: str = options["prefix"]
        self.timeout: float = options["timeout"]
        self.replicas: int = options["replicas"]

    @property
    def cache(self) -> BaseCache:
        """Return Django's cache, the one of this thread."""
        return caches[self.cache_alias]


def _options(alias: str, params: Mapping[str, Any]) -> dict[str, Any]:
    given = StoreConfig.of(alias, params).options
    for problem in problems(given):
        raise ImproperlyConfigured(f"STATESTORE['STORES'][{alias!r}]['OPTIONS']: {problem}")
    return DEFAULTS | dict(given)


def problems(options: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the ``OPTIONS`` of a ``CacheStore``, as sentences."""
    found = [f"{name!r} is not an option of CacheStore." for name in options if name not in DEFAULTS]
    said = DEFAULTS | dict(options)
    if not isinstance(said["cache"], str) or said["cache"] not in settings.CACHES:
        found.append(f"CACHES has no cache {said['cache']!r}.")
    if not isinstance(said["prefix"], str) or not _PREFIX.fullmatch(said["prefix"]):
        found.append("prefix is a text of 1 to 64 visible ASCII characters.")
    if type(said["timeout"]) not in (int, float) or not 0 < said["timeout"] <= 3600:
        found.append("timeout is a number of seconds above 0 and up to 3600.")
    limit = said["max_scope_bytes"]  # heeded by a PortableStore, whose scope is one value of the cache
    if limit is not None and (type(limit) is not int or limit < 1):
        found.append("max_scope_bytes is a whole number above 0, or None.")
    if type(said["replicas"]) is not int or not 0 <= said["replicas"] <= MOST_REPLICAS:
        found.append(f"replicas is a whole number from 0 to {MOST_REPLICAS}.")
    return found


def is_redis(cache_alias: str) -> bool:
    """Say whether this alias of ``CACHES`` is django-redis; ``ImproperlyConfigured`` if its class is not there."""
    path = settings.CACHES[cache_alias].get("BACKEND", "")
    try:
        backend = import_string(path)
    except ImportError as error:
        raise ImproperlyConfigured(f"CACHES[{cache_alias!r}]: BACKEND {path!r} can't be imported.") from error
    try:
        return issubclass(backend, import_string(REDIS_CACHE))
    except ImportError:
        return False


def _kind(alias: str, cache_alias: str) -> type[CacheStore]:
    if is_redis(cache_alias):
        from statestore.backends.redis import RedisStore

        return RedisStore
    from statestore.backends.portable import PortableStore

    return PortableStore
