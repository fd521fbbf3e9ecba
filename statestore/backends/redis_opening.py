"""From an alias of ``CACHES`` to a link: what is taken of django-redis."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django_redis.pool import get_connection_factory
from redis.backoff import NoBackoff
from redis.connection import ConnectionPool
from redis.retry import Retry

from statestore.backends.redis_demand import Demand
from statestore.backends.redis_guard import Welcomes
from statestore.backends.redis_layout import Layout
from statestore.backends.redis_link import Link
from statestore.backends.redis_nodes import ClusterLink
from statestore.redis_cluster import ClusterConnectionFactory


def open_layout(cache_alias: str, prefix: str) -> Layout:
    """Return where the store's keys lie in this cache."""
    cache = caches[cache_alias]
    return Layout(cache.key_prefix, cache.version, prefix)


def open_link(cache_alias: str, timeout: float, replicas: int, welcomes: Welcomes | None = None) -> Link:
    """Return a link to the server that takes the cache's writes. Of a cluster, a node is asked for the others.

    What is written must be acknowledged by so many ``replicas`` before the time is up. With ``welcomes`` only those
    servers are spoken to whose names it is true for.

    The connections are such as django-redis makes for the cache, with its addresses, credentials and limits, but in
    a pool of the store's own: django-redis shares one among all who name the same address, and anybody may close it
    in the midst of a command, give it no time limit, or have it try again.
    """
    said = _patient(options(cache_alias), timeout)
    demand = Demand(replicas, min(timeout, said["SOCKET_TIMEOUT"]))
    factory = get_connection_factory(options=said)
    params = factory.make_connection_params(_address(cache_alias))
    if isinstance(factory, ClusterConnectionFactory):
        return ClusterLink(factory.get_connection(params), demand, timeout, welcomes)
    return Link(_without_retries(factory.get_connection_pool(params)), demand, welcomes)


def options(cache_alias: str) -> Mapping[str, Any]:
    """Return the ``OPTIONS`` of a cache as the site gives them."""
    return settings.CACHES[cache_alias].get("OPTIONS") or {}


def _address(cache_alias: str) -> str:
    """Return the first address of the cache, which is the primary's."""
    return caches[cache_alias].client._server[0]  # type: ignore[attr-defined]  # noqa: SLF001 (SentinelClient works it out, and tells nobody)


def _patient(said: Mapping[str, Any], timeout: float) -> dict[str, Any]:
    """Return the options of a cache, with time limits and the plainer protocol where it says nothing of them."""
    pool = {"protocol": 2} | (said.get("CONNECTION_POOL_KWARGS") or {})
    limits = {name: said.get(name) or timeout for name in ("SOCKET_TIMEOUT", "SOCKET_CONNECT_TIMEOUT")}
    asking = {"socket_timeout": timeout, "socket_connect_timeout": timeout, "retry": Retry(NoBackoff(), 0)}
    return {
        **said,
        **limits,
        "CONNECTION_POOL_KWARGS": pool,
        "SENTINEL_KWARGS": asking | (said.get("SENTINEL_KWARGS") or {}),
    }


def _without_retries(pool: ConnectionPool) -> ConnectionPool:
    for name in ("retry", "retry_on_timeout", "retry_on_error"):
        pool.connection_kwargs.pop(name, None)
    return pool
