"""What a store on Redis says of its server, and warns of."""

import pytest
import redis

from statestore.backends import redis_health as says
from tests.backends.redis_kit import BACKEND, clean_store_on, each_server, store_on
from tests.servers import Valkey, addresses


@pytest.fixture(scope="module")
def server():
    with Valkey() as server:
        yield server


@pytest.fixture
def client(server):
    with redis.Redis.from_url(server.url) as client:
        before = {name: client.config_get(name)[name] for name in ("appendonly", "appendfsync", "save")}
        yield client
        for name, value in {**before, "maxmemory": 0, "maxmemory-policy": "noeviction"}.items():
            client.config_set(name, value)


def threats(server, **options):
    with store_on(server.django | {"OPTIONS": options}) as store:
        return store.health().threats


@pytest.mark.parametrize("name", each_server("valkey", "redis"))
def test_good_server_is_named_and_threatens_nothing(name):
    with clean_store_on(name) as store:
        health = store.health()
    assert (health.reachable, health.backend, health.server) == (True, "RedisStore", name)
    assert (health.version, health.threats, health.error) == (addresses()[name]["version"], [], "")
    assert 0 < health.latency < 30


@pytest.mark.parametrize("name", each_server("cluster", "sentinel"))
def test_failover_is_a_threat_where_there_may_be_one(name):
    with clean_store_on(name) as store:
        assert store.health().threats == [says.FAILOVER]


def test_one_node_of_a_cluster_is_a_threat():
    if "cluster" not in addresses():
        pytest.skip("NOT TESTED: there is no cluster server")
    with store_on({"BACKEND": BACKEND, "LOCATION": addresses()["cluster"]["url"]}) as store:
        assert says.ONE_NODE in store.health().threats


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
def test_eviction_is_a_threat(server, client, policy):
    client.config_set("maxmemory-policy", policy)
    assert threats(server) == [says.EVICTS.format(policy)]


def test_memory_nearly_full_is_a_threat(server, client):
    client.setrange("ballast", 30 * 2**20, "x")  # made by the server: what is sent lies in its buffers for a while
    client.config_set("maxmemory", int(client.info("memory")["used_memory"] * 1.05))
    [threat] = threats(server)
    client.delete("ballast")
    assert threat.startswith("The memory is 9")


def test_lack_of_a_log_is_a_threat(server, client):
    client.config_set("appendonly", "no")
    assert threats(server) == [says.NO_DISK]
    client.config_set("save", "60 1000")
    assert threats(server) == [says.SNAPSHOTS]


def test_lazy_log_is_a_threat(server, client):
    client.config_set("appendfsync", "no")
    assert threats(server) == [says.LAZY]


def test_replica_is_a_threat(server, client):
    client.replicaof("127.0.0.1", 1)
    try:
        assert threats(server) == [says.REPLICA]
    finally:
        client.replicaof("NO", "ONE")


def test_ignored_exceptions_are_a_threat(server):
    assert threats(server, IGNORE_EXCEPTIONS=True) == [says.HIDES]


@pytest.mark.parametrize(
    ("denied", "server_name", "expected"),
    [("-config", "valkey", says.HIDDEN.format("CONFIG")), ("-info", "", says.HIDDEN.format("INFO"))],
)
def test_server_that_keeps_its_settings_to_itself_is_unknown_and_no_failure(
    server, client, denied, server_name, expected
):
    client.execute_command("ACL", "SETUSER", "guest", "on", ">word", "~*", "+@all", denied)
    location = server.url.replace("redis://", "redis://guest:word@")
    with store_on(server.django | {"LOCATION": location}) as store:
        health = store.health()
    assert (health.reachable, health.server, health.threats) == (True, server_name, [expected])


def test_stopped_server_is_out_of_reach():
    with store_on({"BACKEND": BACKEND, "LOCATION": "redis://127.0.0.1:1/0"}) as store:
        health = store.health()
    assert (health.reachable, health.threats) == (False, [])
    assert "'s' is unavailable" in health.error
