"""Stores on Redis for the tests of this folder, and a note of what they send."""

import re
from contextlib import contextmanager
from uuid import uuid4

import pytest
import redis
from django.test import override_settings
from redis.connection import AbstractConnection

from statestore.handler import StoreHandler
from tests.servers import addresses
from tests.servers.process import eventually

BACKEND = "django_redis.cache.RedisCache"
CLUSTER = {"CONNECTION_FACTORY": "statestore.redis_cluster.ClusterConnectionFactory"}
SENTINEL = {
    "CLIENT_CLASS": "django_redis.client.SentinelClient",
    "CONNECTION_FACTORY": "django_redis.pool.SentinelConnectionFactory",
}


class Trap:
    """Something of a cache's OPTIONS that is not to be used."""

    def __init__(self, *args, **kwargs):
        pass

    def __call__(self, *args):
        raise AssertionError("called")

    dumps = loads = compress = decompress = __call__


def each_server(*names):
    """The servers as parameters; one that is missing is a skip."""
    absent = {name: pytest.mark.skip(reason=f"NOT TESTED: there is no {name} server") for name in names}
    return [pytest.param(name, marks=() if name in addresses() else absent[name]) for name in names]


valkey = pytest.mark.parametrize("name", each_server("valkey"))
everywhere = pytest.mark.parametrize("name", each_server("valkey", "redis"))


def cache_on(name):
    """The entry for CACHES of a shared server."""
    address = addresses()[name]
    if name == "sentinel":
        return sentinel_cache(address["url"], address["sentinels"])
    return {"BACKEND": BACKEND, "LOCATION": address["url"], "OPTIONS": CLUSTER if name == "cluster" else {}}


def sentinel_cache(url, sentinels):
    options = SENTINEL | {"SENTINELS": [tuple(each) for each in sentinels]}
    return {"BACKEND": BACKEND, "LOCATION": url, "OPTIONS": options}


def client_of(name):
    """redis-py's own client for a shared server, to look and to meddle."""
    url = addresses()[name]["url"]
    return redis.RedisCluster.from_url(url) if name == "cluster" else redis.Redis.from_url(url)


def key_of(store, scope):
    return store._layout.place(scope).key


def index_of(store, scope):
    return store._layout.place(scope).index


@contextmanager
def store_on(cache, *, options=None, **params):
    """A store on a cache, given as its entry for CACHES; its keys are its own unless that has a KEY_PREFIX."""
    cache = {"KEY_PREFIX": f"test-{uuid4().hex}"} | cache
    stores = {"s": {"BACKEND": "statestore.backends.CacheStore", "OPTIONS": options or {}, **params}}
    with override_settings(CACHES={"default": cache}, STATESTORE={"STORES": stores}):
        handler = StoreHandler()
        try:
            yield handler["s"]
        finally:
            handler.close_all()


@contextmanager
def clean_store_on(name, **kwargs):
    """A store on a shared server, that leaves nothing there."""
    with store_on(cache_on(name), **kwargs) as store:
        store.get("warm", "up")
        yield store
        wipe(store)


def catch_up(primary, replica):
    """Wait until the replica has all that its primary has now."""
    with primary.client() as client, replica.client() as copy:
        written = client.info("replication")["master_repl_offset"]
        eventually(lambda: copy.info("replication")["slave_repl_offset"] >= written)


def wipe(store):
    """Delete all scopes, also what has expired."""
    clock, store.clock = store.clock, lambda: 0
    for info in list(store.scopes()):
        store.delete(info.name)
    store.clock = clock


@contextmanager
def sent(monkeypatch):
    """Note everything that goes to a Redis, sending by sending: the names of the commands."""
    flights = []
    send = AbstractConnection.send_packed_command

    def note(self, command, *args, **kwargs):
        data = command if isinstance(command, bytes) else b"".join(command)
        flights.append([name.decode() for name in re.findall(rb"\*\d+\r\n\$\d+\r\n([A-Z]+)\r\n", data)])
        return send(self, command, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(AbstractConnection, "send_packed_command", note)
        yield flights
