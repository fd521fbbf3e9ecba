"""The connections of a store on Redis: of any kind, its own, and safe among threads and forks."""

import os

import pytest
import redis
from django.test import override_settings

from statestore import CorruptState, StoreUnavailable
from tests.backends.redis_kit import BACKEND, cache_on, clean_store_on, client_of, each_server, sent, store_on
from tests.servers import Valkey
from tests.servers.process import eventually


def test_forgotten_scripts_are_told_again(monkeypatch):
    with Valkey() as server, redis.Redis.from_url(server.url) as client, store_on(server.django) as store:
        store.set("user:1", "a", 1)
        store.touch("user:1")
        client.script_flush()
        with sent(monkeypatch) as flights:
            store.touch("user:1")
            store.touch("user:1")
            store.set("user:2", "a", 1)
        assert flights == [["EVALSHA"], ["EVAL"], ["EVALSHA"], ["MULTI", "EXEC", "EVALSHA"], ["EVAL"]]
        client.script_flush()
        store.set("user:2", "a", 2)
        assert store.clean([]).removed == 2


@pytest.mark.parametrize("name", each_server("valkey", "redis"))
@pytest.mark.parametrize(
    "pool",
    [{"decode_responses": True}, {"protocol": 2}, {"protocol": 3}, {"protocol": 3, "decode_responses": True}],
    ids=str,
)
def test_any_kind_of_connection_will_do(name, pool):
    cache = cache_on(name) | {"OPTIONS": {"CONNECTION_POOL_KWARGS": pool}}
    with store_on(cache) as store:
        store.set_many("user:1", {"é": "\x00é", "b": None})
        assert store.get_many("user:1") == {"é": "\x00é", "b": None}
        assert store.keys("user:1") == ["b", "é"]
        assert store.increment("user:1", "n") == 1
        assert [info.entries for info in store.scopes()] == [3]
        assert store.health().version
        store.set("user:2", "a", 1)
        with client_of(name) as client:
            client.hset(store._layout.place("user:2").key, "a", b"\xff" * 60)
        with pytest.raises(CorruptState):
            store.get("user:2", "a")
        assert store.clean([]).removed == 2


@pytest.mark.parametrize("name", each_server("valkey"))
def test_cache_that_closes_its_connections_disturbs_no_store(name):
    with clean_store_on(name) as store:
        store.set("user:1", "a", 1)
        store.cache.client.get_client(write=True).connection_pool.disconnect()
        assert store.get("user:1", "a") == 1


@pytest.mark.parametrize("name", each_server("valkey"))
def test_child_of_a_fork_has_connections_of_its_own(name):
    with clean_store_on(name) as store:
        store.set("user:1", "n", 0)
        children = []
        for _ in range(3):
            pid = os.fork()
            if not pid:
                try:
                    for _ in range(50):
                        store.increment("user:1", "n")
                finally:
                    os._exit(0)
            children.append(pid)
        for _ in range(50):
            store.increment("user:1", "n")
        assert [os.waitpid(pid, 0)[1] for pid in children] == [0, 0, 0]
        assert store.get("user:1", "n") == 200


@pytest.mark.parametrize("name", each_server("valkey"))
def test_making_a_store_touches_no_server(name, monkeypatch):
    with sent(monkeypatch) as flights, store_on(cache_on(name)) as store:
        assert repr(store) == "<RedisStore 's'>"
        store.scope("user:1")
    assert flights == []


@pytest.mark.parametrize("name", each_server("valkey"))
def test_store_follows_the_settings_of_its_cache(name):
    with clean_store_on(name) as store:
        store.set("user:1", "a", 1)
        with override_settings(CACHES={"default": {"BACKEND": BACKEND, "LOCATION": "redis://127.0.0.1:1/0"}}):
            with pytest.raises(StoreUnavailable):
                store.get("user:1", "a")
            with pytest.raises(StoreUnavailable):
                list(store.scopes())
        assert store.get("user:1", "a") == 1


@pytest.mark.parametrize("name", each_server("valkey"))
def test_closed_store_leaves_no_connection_behind(name):
    with store_on(cache_on(name) | {"OPTIONS": {"CONNECTION_POOL_KWARGS": {"client_name": "leaver"}}}) as store:
        store.get("user:1", "a")
        with client_of(name) as client:
            names = [each["name"] for each in client.client_list()]
            assert names.count("leaver") == 1
            store.close()
            # The server may hear of us before it hears that a connection has ended.
            assert eventually(lambda: "leaver" not in [each["name"] for each in client.client_list()])
