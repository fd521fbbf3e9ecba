"""``CacheStore`` when something happens to its Valkey or Redis; more in ``tests/backends/test_redis_failures``."""

import pytest
import redis
from django.core.checks import run_checks

from tests.backends.redis_kit import store_on
from tests.faults import kit
from tests.faults.kit import BEFORE, PATIENT, READS, WRITES, fails, put, soon, unknown
from tests.servers import Redis, Valkey
from tests.servers.process import eventually

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=[Valkey, Redis], ids=lambda kind: kind.name)
def running(request):
    with kit.running(request.param, appendfsync="always") as server:
        yield server


@pytest.fixture
def store(server, proxy):
    """A store whose connection is open, and goes through the proxy."""
    location = server.url.replace(f":{server.port}/", f":{proxy.port}/")
    with store_on(server.django | {"LOCATION": location}, options={"timeout": PATIENT}) as store:
        put(store)
        yield store


def is_well(store):
    with soon():
        put(store)
        assert store.increment("s:1", "a") == 2
        assert store.get_many("s:1") == BEFORE | {"a": 2}


def test_write_whose_answer_is_cut_off_is_unknown_and_is_not_sent_again(store, proxy):
    proxy.mode = "cut"
    unknown(lambda store: store.set_many("s:1", {"a": 9, "b": 9}), store)
    assert proxy.spoilt == 1
    proxy.mode = "pass"
    assert store.get_many("s:1") == {"a": 9, "b": 9}  # it had happened
    is_well(store)


def test_increment_whose_read_is_cut_off_counts_nothing(store, proxy):
    for spoilt in (2, 4, 6):  # a read that is cut off is asked once more
        proxy.mode = "cut"
        fails(WRITES["increment"], store)
        proxy.mode = "pass"
        assert store.get("s:1", "a") == 1
        assert proxy.spoilt == spoilt


def test_closed_port_is_an_error_for_every_verb(store, proxy):
    proxy.close()
    for call in [*READS.values(), *WRITES.values()]:
        fails(call, store)


@pytest.mark.parametrize("mode", ["delay", "slices"])
def test_slow_answers_are_answers(store, proxy, mode):
    proxy.mode = mode
    store.set_many("s:1", {"a": 5, "x": "é" * 50})
    assert store.get_many("s:1") == BEFORE | {"a": 5, "x": "é" * 50}
    assert store.remove("s:1", "x") == 1
    assert proxy.spoilt >= 3


def test_killed_server_is_found_again_with_all_that_was_acknowledged(server, store):
    store.set("s:1", "x", 7)
    server.kill()
    assert not server.running
    for call in READS.values():
        fails(call, store)
    server.start()
    assert store.get_many("s:1") == BEFORE | {"x": 7}
    is_well(store)


def test_connections_that_the_server_ends_are_opened_again(server, store):
    with redis.Redis.from_url(server.url) as client:
        for _ in range(3):
            assert client.execute_command("CLIENT KILL TYPE normal SKIPME yes") >= 1
            assert store.get_many("s:1") == BEFORE
    is_well(store)


def test_no_connection_is_left_behind_by_faults(server, store, proxy):
    for _ in range(10):
        proxy.mode = "cut"
        unknown(WRITES["set"], store)
        proxy.mode = "pass"
        store.get("s:1", "a")
    assert proxy.spoilt == 10
    with redis.Redis.from_url(server.url) as client:
        # The store's, and this one: the server takes its time to notice that the others have ended.
        assert eventually(lambda: len(client.client_list(_type="normal")) <= 2)


def test_server_that_evicts_is_named_by_health_and_by_the_deployment_check(server, store):
    with redis.Redis.from_url(server.url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            assert [threat for threat in store.health().threats if "allkeys-lru" in threat]
            said = run_checks(tags=["statestore"], include_deployment_checks=True)
            assert [message for message in said if "allkeys-lru" in message.msg]
        finally:
            client.config_set("maxmemory-policy", "noeviction")
    assert not [threat for threat in store.health().threats if "allkeys-lru" in threat]
