"""Writes that replicas must acknowledge: on a primary with a real replica, behind Sentinel, on a cluster."""

import re
import time
from contextlib import contextmanager

import pytest
import redis

from statestore import ABSENT, StoreTimeout, VersionConflict
from statestore.backends import redis_health as says
from tests.backends.redis_kit import sent, sentinel_cache, store_on
from tests.backends.test_redis_cluster import cache_of
from tests.servers import Redis, RedisCluster, RedisSentinel, ServerUnavailable, Valkey
from tests.servers.process import eventually

LIMIT = 1  # seconds that is waited for replicas that are not there
PATIENT = 60  # … and for those that are, however busy the machine is

WRITES = {
    "set": lambda s: s.set("user:1", "b", 2),
    "set_many": lambda s: s.set_many("user:1", {"b": 2, "c": 3}),
    "set a part": lambda s: s.set("user:1", "o", 2, at="/x"),
    "update": lambda s: s.update("user:1", "a", lambda n: n + 1),
    "increment": lambda s: s.increment("user:1", "a"),
    "remove": lambda s: s.remove("user:1", "a"),
    "delete": lambda s: s.delete("user:1"),
    "touch": lambda s: s.touch("user:1"),
    "clean": lambda s: s.clean([]),
}
CHANGES_NOTHING = {
    "get": lambda s: s.get("user:1", "a"),
    "keys": lambda s: s.keys("user:1"),
    "scopes": lambda s: list(s.scopes()),
    "remove what is missing": lambda s: s.remove("user:1", "none"),
    "delete nothing": lambda s: s.delete("nobody"),
    "touch nothing": lambda s: s.touch("nobody"),
    "clean nothing": lambda s: s.clean(["user"]),
}


@pytest.fixture(scope="module", params=[Valkey, Redis], ids=lambda kind: kind.name)
def pair(request):
    """A primary and its replica."""
    try:
        primary = request.param().start()
    except ServerUnavailable as reason:
        pytest.skip(f"NOT TESTED: {reason}")
    with primary, request.param(replicaof=f"{primary.host} {primary.port}") as replica:
        yield primary, replica


@contextmanager
def strict_store(server, replicas=1, timeout=PATIENT):
    with store_on(server.django, options={"replicas": replicas, "timeout": timeout}) as store:
        yield store


@pytest.mark.parametrize("verb", WRITES.values(), ids=WRITES)
def test_acknowledged_write_is_on_the_replica_and_costs_no_sending_more(pair, verb, monkeypatch):
    primary, replica = pair
    with strict_store(primary) as store, replica.client() as copy, primary.client() as client:
        store.set_many("user:1", {"a": 1, "o": {"x": 1}})
        with sent(monkeypatch) as flights:
            verb(store)
        key = store._layout.key("user:1")
        assert copy.hgetall(key) == client.hgetall(key)
        assert flights[-1][-1] == "WAIT"
        assert [flight for flight in flights if flight == ["WAIT"]] == []
        store.delete("user:1")


@pytest.fixture
def lonely(pair):
    """A store that demands more replicas than there are, and has something in it."""
    cache = pair[0].django | {"KEY_PREFIX": "lonely"}
    with store_on(cache) as easy:  # waits for nobody
        easy.set_many("user:1", {"a": 1, "o": {"x": 1}})
    with store_on(cache, options={"replicas": 2, "timeout": LIMIT}) as store:
        store.get("user:1", "a")  # connects
        yield store
    with store_on(cache) as easy:
        easy.delete("user:1")


@pytest.mark.parametrize("verb", WRITES.values(), ids=WRITES)
def test_write_that_too_few_acknowledge_is_done_and_a_time_out_that_says_so(lonely, verb):
    before = lonely.version("user:1"), lonely.info("user:1")
    with pytest.raises(StoreTimeout) as caught:
        verb(lonely)
    assert (lonely.version("user:1"), lonely.info("user:1")) != before
    assert re.search("the write is done, but only [01] of the 2 replicas", str(caught.value))
    assert caught.value.alias == "s"
    with pytest.raises(StoreTimeout):
        lonely.set("user:1", "a", 1)


@pytest.mark.parametrize("verb", CHANGES_NOTHING.values(), ids=CHANGES_NOTHING)
def test_what_writes_nothing_is_no_time_out(lonely, verb):
    verb(lonely)


def test_reading_several_scopes_at_once_is_no_time_out(lonely):
    assert lonely.versions(["user:1", "user:2"]) == {"user:1": lonely.version("user:1")}


def test_conflict_is_a_conflict_whoever_is_connected(lonely):
    version = lonely.entry("user:1", "a").version
    with pytest.raises(VersionConflict):
        lonely.set("user:1", "a", 2, if_version=ABSENT)
    with pytest.raises(VersionConflict):
        lonely.remove("user:1", "a", if_version=version[::-1])
    assert lonely.entry("user:1", "a").version == version


def test_unacknowledged_increment_is_done_once(lonely, monkeypatch):
    with sent(monkeypatch) as flights, pytest.raises(StoreTimeout):
        lonely.increment("user:1", "a")
    assert flights == [["HGET"], ["EVALSHA", "WAIT"]]
    assert lonely.get("user:1", "a") == 2


def test_silent_replica_is_a_time_out_in_time_and_heals(pair):
    primary, replica = pair
    with strict_store(primary, timeout=LIMIT) as store:
        eventually(lambda: store.set("user:1", "a", 1))
        replica.pause()
        try:
            began = time.monotonic()
            with pytest.raises(StoreTimeout, match="0 of the 1 replicas"):
                store.set("user:1", "a", 2)
            assert LIMIT / 2 < time.monotonic() - began < 30 * LIMIT
        finally:
            replica.resume()
        eventually(lambda: store.set("user:1", "a", 3))
        eventually(lambda: store.delete("user:1") or True)


def test_user_who_may_not_wait_is_told_nothing_reassuring(pair):
    primary, _ = pair
    with primary.client() as client:
        client.execute_command("ACL", "SETUSER", "hasty", "on", ">word", "~*", "+@all", "-wait")
    location = primary.url.replace("redis://", "redis://hasty:word@")
    with store_on(primary.django | {"LOCATION": location}, options={"replicas": 1}) as store:
        with pytest.raises(StoreTimeout, match="0 of the 1 replicas") as caught:
            store.set("user:1", "a", 1)
        assert isinstance(caught.value.__cause__.__cause__, redis.ResponseError)
        assert store.get("user:1", "a") == 1


@pytest.mark.parametrize(("replicas", "expected"), [(0, []), (1, []), (2, [says.FEWER.format(1, 2)])])
def test_health_names_replicas_that_are_missing(pair, replicas, expected):
    with strict_store(pair[0], replicas) as store:
        assert store.health().threats == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    ("replicas", "expected"), [(1, says.BEHIND.format(1, 2)), (2, None), (3, says.FEWER.format(2, 3))]
)
def test_group_is_as_safe_as_all_its_replicas_acknowledge(group, replicas, expected):
    cache = sentinel_cache(group.url, [(each.host, each.port) for each in group.sentinels])
    with store_on(cache, options={"replicas": replicas, "timeout": LIMIT if replicas == 3 else PATIENT}) as store:
        assert store.health().threats == ([expected] if expected else [])
        if replicas < 3:
            store.set("user:1", "a", 1)
            assert store.delete("user:1") == 1
        else:
            with pytest.raises(StoreTimeout, match=r"[012] of the 3"):
                store.set("user:1", "a", 1)


@pytest.fixture(scope="module")
def group():
    with RedisSentinel(Valkey, replicas=2, sentinels=1) as group:
        yield group


@pytest.mark.slow
def test_each_node_of_a_cluster_waits_for_its_own_replicas(monkeypatch):
    with (
        RedisCluster(Valkey, replicas=True) as cluster,
        store_on(cache_of(cluster), options={"replicas": 1, "timeout": 2}) as store,
    ):
        for number in range(30):
            eventually(lambda number=number: store.set(f"user:{number}", "a", number))
        with sent(monkeypatch) as flights:
            eventually(lambda: store.set("user:1", "a", 1))
        assert flights[-1] == ["EVALSHA", "WAIT"]
        assert store.health().threats == []
        cluster.replicas[0].pause()
        try:
            outcomes = [outcome(store, number) for number in range(30)]
        finally:
            cluster.replicas[0].resume()
        assert set(outcomes) == {"done", "unknown"}
        assert eventually(lambda: store.clean([]))
        assert list(store.scopes()) == []


def outcome(store, number):
    try:
        store.set(f"user:{number}", "b", number)
    except StoreTimeout:
        return "unknown"
    return "done"
