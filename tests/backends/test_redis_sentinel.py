"""Behind Sentinel: writes follow the master, and reads too."""

import time

import pytest

from statestore import StoreUnavailable
from tests.backends.redis_kit import catch_up, sentinel_cache, store_on
from tests.servers import Redis, RedisSentinel, ServerUnavailable, Valkey

pytestmark = pytest.mark.slow


@pytest.fixture(params=[Valkey, Redis], ids=lambda kind: kind.name)
def group(request):
    try:
        group = RedisSentinel(request.param, sentinels=1, down_after=3000).start()
    except ServerUnavailable as reason:
        pytest.skip(f"NOT TESTED: {reason}")
    with group:
        yield group


def cache_of(group):
    return sentinel_cache(group.url, [(each.host, each.port) for each in group.sentinels])


def test_promoted_replica_is_found_and_has_the_state(group):
    with store_on(cache_of(group), options={"timeout": 5}) as store:
        store.set("user:1", "a", 1)
        first = group.current_master()
        catch_up(first, next(each for each in (group.master, *group.replicas) if each is not first))
        first.kill()
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            store.set("user:1", "a", 2)
        assert time.monotonic() - began < 60
        while True:
            try:
                store.set("user:1", "b", 2)
                break
            except StoreUnavailable:
                assert time.monotonic() - began < 180
                time.sleep(0.2)
        assert store.get_many("user:1") == {"a": 1, "b": 2}
        assert group.current_master() is not first


def test_reads_come_from_the_master(group):
    with store_on(cache_of(group)) as store, group.replicas[0].client() as replica:
        replica.replicaof("NO", "ONE")  # what is written now, the replica never hears of
        for number in range(20):
            store.set("user:1", "n", number)
            assert store.get("user:1", "n") == number
