"""What each of Django's caches is able to promise, and what it needs so that a store can rely on it.

Everything here is told by the settings alone: no server is asked.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from django import get_version
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.db import DatabaseCache
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.memcached import BaseMemcachedCache, PyMemcacheCache
from django.core.cache.backends.redis import RedisCache
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, router
from django.utils.module_loading import import_string

from statestore.backends import portable_locks as locks

Params = Mapping[str, Any]  # an entry of CACHES

AT_ONCE = "A write counts at once, also when the caller's database transaction is rolled back."


class Kind:
    """Any cache: nothing is known of it."""

    name = "a cache of an unknown kind"
    durable = False
    shared = False
    transactional = False
    sure = False
    """Does ``set`` raise when it has not stored the value?"""
    partial = False
    """Does ``get_many`` leave out in silence what it could not ask for?"""
    max_scope_bytes: int | None = None
    """What one value may have, if less is stored in silence, or nothing."""
    lock: Callable[..., Any] = staticmethod(locks.lease)

    def own(self, params: Params, timeout: float) -> dict[str, Any] | None:
        """Return the parameters of a cache object of our own, or None if the site's own will do."""
        return None

    def threats(self, params: Params) -> list[str]:
        """Return what this cache can't promise, as sentences."""
        return [
            "It is not known whether this cache is shared, adds atomically, evicts, or reports a failed server.",
            AT_ONCE,
        ]

    def version(self, cache: Any) -> str:
        """Return the version of what keeps the state, as far as it can be asked for; whatever fails is let out."""
        return ""


class _Djangos(Kind):
    """What Django does by itself."""

    def version(self, cache: Any) -> str:
        return f"Django {get_version()}"


class LocMem(_Djangos):
    """The memory of this process."""

    name = "local memory"
    sure = True
    lock = staticmethod(locks.process_lock)

    def threats(self, params: Params) -> list[str]:
        return [
            "The state is lost when this process ends, and other processes do not see it.",
            _culls(params, "throws out a part of all it has, what was used longest ago"),
            AT_ONCE,
        ]


class Files(_Djangos):
    """A directory."""

    name = "files"
    durable = shared = sure = True
    lock = staticmethod(locks.file_lock)

    def threats(self, params: Params) -> list[str]:
        return [
            "Only processes that share this directory see the state; a power cut may lose what was written last.",
            _culls(params, "throws out a part of all it has, by chance"),
            "A write takes longer the more there is, since this cache counts its files each time.",
            AT_ONCE,
        ]


class Database(Kind):
    """A table of the site's database."""

    name = "a database table"
    durable = shared = transactional = True
    lock = staticmethod(locks.row_lock)

    def threats(self, params: Params) -> list[str]:
        found = [
            "A write joins the caller's transaction, and is lost if that is rolled back.",
            "Until the caller's transaction ends, others who write to the same scopes wait.",
            _culls(params, "throws out what has the lowest keys"),
        ]
        model = DatabaseCache(params.get("LOCATION", ""), dict(params)).cache_model_class
        if router.db_for_read(model) != router.db_for_write(model):
            found.append("A router sends reads to another database than writes: what is read may be out of date.")
        return found

    def version(self, cache: Any) -> str:
        connection: Any = connections[router.db_for_read(cache.cache_model_class)]
        return f"{connection.display_name} {'.'.join(map(str, connection.get_database_version()))}"


class Memcached(Kind):
    """Memcached, by any client."""

    name = "memcached"
    shared = partial = True
    max_scope_bytes = 1_000_000

    def threats(self, params: Params) -> list[str]:
        found = [
            "Memcached throws out what was used longest ago when its memory is full, and all when it is restarted.",
            f"A scope takes at most {self.max_scope_bytes:,} bytes.",
            AT_ONCE,
        ]
        if len(_servers(params)) > 1:
            found.append("Whenever a memcached server is added or taken away, scopes move and are lost.")
        return found

    def version(self, cache: Any) -> str:
        return _version_in(cache._cache.get_stats()[0][1])  # noqa: SLF001 (pylibmc; there is no public way to it)


class PyMemcache(Memcached):
    """Memcached by pymemcache, which after an error calls everything missing for a while, or asks another server.

    With no second try, and a failed server back in the ring at once, every error shows and nothing moves.
    """

    partial = False
    _NEVER_SILENT = {"retry_attempts": 0, "dead_timeout": -1, "ignore_exc": False}

    def own(self, params: Params, timeout: float) -> dict[str, Any]:
        patience = {"timeout": timeout, "connect_timeout": timeout}
        return {**params, "OPTIONS": {**patience, **(params.get("OPTIONS") or {}), **self._NEVER_SILENT}}

    def version(self, cache: Any) -> str:
        one = next(iter(cache._cache.clients.values()))  # noqa: SLF001 (there is no public way to it)
        return _version_in(one.stats())


class DjangoRedis(Kind):
    """Django's own Redis cache, which reads from any server but writes to the first one."""

    name = "Redis by Django's own cache"
    shared = sure = True

    def own(self, params: Params, timeout: float) -> dict[str, Any]:
        patience = {"socket_timeout": timeout, "socket_connect_timeout": timeout}
        options = {**patience, **(params.get("OPTIONS") or {})}
        return {**params, "LOCATION": _servers(params)[:1], "OPTIONS": options}

    def threats(self, params: Params) -> list[str]:
        return [
            "A scope is one value under a lock; with django-redis the same server changes single entries at once.",
            "A Redis that evicts, or saves nothing, loses state.",
            AT_ONCE,
        ]

    def version(self, cache: Any) -> str:
        said = cache._cache.get_client(write=True).info("server")  # noqa: SLF001 (there is no public way to it)
        return said.get("valkey_version") or said["redis_version"]


_KINDS: list[tuple[type[BaseCache], Kind]] = [
    (LocMemCache, LocMem()),
    (FileBasedCache, Files()),
    (DatabaseCache, Database()),
    (PyMemcacheCache, PyMemcache()),
    (BaseMemcachedCache, Memcached()),
    (RedisCache, DjangoRedis()),
    (BaseCache, Kind()),
]


@cache
def kind_of(path: str) -> Kind:
    """Return the kind of the cache whose class has this dotted path.

    ``ImproperlyConfigured`` if it keeps nothing or is no cache of Django's.
    """
    try:
        backend = import_string(path)
    except ImportError as error:
        raise ImproperlyConfigured(f"{path!r}, a BACKEND of CACHES, can't be imported.") from error
    if issubclass(backend, DummyCache):
        raise ImproperlyConfigured("No state can be kept on Django's dummy cache, which keeps nothing.")
    for base, kind in _KINDS:
        if issubclass(backend, base):
            return kind
    raise ImproperlyConfigured(f"{path!r}, a BACKEND of CACHES, is no cache of Django's.")


def _version_in(stats: Mapping[Any, Any]) -> str:
    said = stats.get(b"version") or stats["version"]
    return said.decode() if isinstance(said, bytes) else said


def _culls(params: Params, what: str) -> str:
    limit = BaseCache(dict(params))._max_entries  # noqa: SLF001 (read from the settings the way Django does)
    return f"With more than {limit:,} keys (MAX_ENTRIES) this cache {what}; one scope is one key."


def _servers(params: Params) -> list[str]:
    location = params.get("LOCATION", "")
    return location.replace(";", ",").split(",") if isinstance(location, str) else list(location)
