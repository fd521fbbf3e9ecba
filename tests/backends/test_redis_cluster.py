"""On a real Redis Cluster: slots that move, masters that die, one client a process."""

import threading
import time

import pytest
import redis
from django.core.cache import caches
from redis.crc import key_slot

from statestore import StoreTimeout, StoreUnavailable
from statestore.redis_cluster import ClusterConnectionFactory
from tests.backends.redis_kit import BACKEND, CLUSTER, cache_on, catch_up, clean_store_on, each_server, store_on
from tests.servers import Redis, RedisCluster, ServerUnavailable, Valkey, addresses

on_cluster = pytest.mark.parametrize("name", each_server("cluster"))


@on_cluster
def test_scopes_are_spread_over_the_nodes_and_each_lies_whole_on_one(name):
    with clean_store_on(name) as store:
        for number in range(90):
            store.set_many(f"user:{number}", {"a": 1, "b": 2})
        namespace = store._layout.namespace.decode()
        held = []
        for host, port in addresses()[name]["nodes"]:
            with redis.Redis(host, port, decode_responses=True) as node:
                held.append([key for key in node.scan_iter(f"{namespace}:*", count=1000) if not key.endswith("}")])
        assert all(len(keys) > 10 for keys in held)
        assert sorted(key.split("}:")[1] for keys in held for key in keys) == sorted(f"user:{n}" for n in range(90))


@on_cluster
def test_one_client_serves_all_threads_of_a_process(name):
    found = []
    with clean_store_on(name) as store:
        store.set("user:1", "a", 1)

        def work():
            found.append(caches["default"].client.get_client())
            assert store.get("user:1", "a") == 1

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(map(id, found)) == {id(store._link.cluster)}
        assert len(found) == 8


@on_cluster
def test_cache_itself_works_too(name):
    with clean_store_on(name):
        caches["default"].set("key", [1], 60)
        assert caches["default"].get("key") == [1]
        assert caches["default"].delete("key")
        caches["default"].client.disconnect()


@on_cluster
def test_other_nodes_are_asked_when_the_first_is_down(name):
    options = CLUSTER | {"CLUSTER_NODES": [tuple(node) for node in addresses()[name]["nodes"][1:]]}
    cache = {"BACKEND": BACKEND, "LOCATION": "redis://127.0.0.1:1/0", "OPTIONS": options}
    with store_on(cache) as store:
        store.set("user:1", "a", 1)
        assert store.delete("user:1") == 1


def test_cluster_that_is_not_there_is_unavailable():
    cache = {"BACKEND": BACKEND, "LOCATION": "redis://127.0.0.1:1/0", "OPTIONS": CLUSTER}
    with store_on(cache) as store, pytest.raises(StoreUnavailable) as caught:
        store.set("user:1", "a", 1)
    assert type(caught.value) is StoreUnavailable
    assert "127.0.0.1" not in str(caught.value)


@on_cluster
def test_single_server_is_no_cluster(name):
    cache = cache_on("valkey") | {"OPTIONS": CLUSTER}
    with store_on(cache) as store, pytest.raises(StoreUnavailable):
        store.get("user:1", "a")


def test_time_limits_of_the_settings_reach_the_nodes():
    factory = ClusterConnectionFactory({"SOCKET_TIMEOUT": 2, "CONNECTION_POOL_KWARGS": {"max_connections": 7}})
    arguments = factory._arguments(factory.make_connection_params("redis://node:1"))
    assert arguments == {
        "url": "redis://node:1",
        "socket_timeout": 2,
        "socket_connect_timeout": 5.0,
        "max_connections": 7,
        "protocol": 2,
    }


@pytest.fixture(params=[Valkey, Redis], ids=lambda kind: kind.name)
def own_cluster(request):
    try:
        cluster = RedisCluster(request.param, cluster_node_timeout=60_000).start()
    except ServerUnavailable as reason:
        pytest.skip(f"NOT TESTED: {reason}")
    with cluster:
        yield cluster


def cache_of(cluster):
    return {"BACKEND": BACKEND, "LOCATION": cluster.url, "OPTIONS": CLUSTER}


def layout_of(store):
    store.open()
    return store._layout


def test_no_write_is_lost_or_repeated_while_slots_move(own_cluster):
    with store_on(cache_of(own_cluster)) as store:
        slot = key_slot(layout_of(store).key("user:1"))
        counts, failures, done = [0, 0], [], threading.Event()

        def work(number):
            try:
                while not done.is_set():
                    store.increment("user:1", "n")
                    counts[number] += 1
                    store.set("user:1", "other", counts[number])
                    assert [info.name for info in store.scopes()] == ["user:1"]
            except Exception as error:  # noqa: BLE001 (told below)
                failures.append(error)

        store.set("user:1", "n", 0)
        threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        home = own_cluster.owner(slot)
        away = next(node for node in own_cluster.masters if node is not home)
        for source, target in [(home, away), (away, home)]:
            own_cluster.move(slot, source, target)
        done.set()
        for thread in threads:
            thread.join()
        assert failures == []
        assert store.get("user:1", "n") == sum(counts) > 10


@pytest.mark.slow
def test_promoted_replica_is_found_after_its_master_was_killed():
    with (
        RedisCluster(Valkey, replicas=True) as cluster,
        store_on(cache_of(cluster), options={"timeout": 5}) as store,
    ):
        for number in range(30):
            store.set(f"user:{number}", "a", number)
        catch_up(cluster.masters[0], cluster.replica_of(cluster.masters[0]))
        cluster.masters[0].kill()
        deadline, outcomes = time.monotonic() + 180, set()
        while True:
            try:
                for number in range(30):
                    store.set(f"user:{number}", "b", number)
                break
            except StoreUnavailable as error:
                outcomes.add(type(error))
                assert time.monotonic() < deadline
                time.sleep(0.2)
        assert outcomes <= {StoreUnavailable, StoreTimeout}
        assert [store.get(f"user:{number}", ["a", "b"]) for number in range(30)] == [[n, n] for n in range(30)]
        assert len(list(store.scopes())) == 30
