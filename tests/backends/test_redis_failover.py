"""Servers that take over from one another, in short; `python -m tests.prove.failover` is the long run."""

import time
from contextlib import contextmanager

import pytest
from redis.exceptions import TryAgainError

from statestore import StoreTimeout, StoreUnavailable
from statestore.backends.redis_demand import Demand
from tests.backends.redis_kit import store_on
from tests.prove import failover_faults as faults
from tests.prove.failover_groups import Cluster, Sentinel
from tests.prove.failover_load import FAR, NEAR
from tests.prove.failover_run import figures, observe, verdict
from tests.servers import ServerUnavailable, Valkey

slow = pytest.mark.slow

SOON = {"cluster_node_timeout": 3000}  # milliseconds until a node is given up: a busy one may take its time
NEVER = {"cluster_node_timeout": 60_000}
BOUND = 60  # seconds: the limits of `failover_run` are those of an idle machine


@contextmanager
def running(make, **options):
    try:
        group = make(Valkey, **options).__enter__()
    except ServerUnavailable as reason:
        pytest.skip(f"NOT TESTED: {reason}")
    with group:
        yield group


@slow
def test_cluster_whose_primary_stands_still_is_survived_without_a_restart():
    with running(Cluster, **SOON) as group:
        seen = figures(observe(group, faults.stop, before=0.7, after=8))
    assert verdict(seen, patience=BOUND) == "ok"
    assert seen.unavailable + seen.unknown > 0
    assert seen.works_again < BOUND


@slow
def test_deposed_primary_that_comes_back_gets_no_more_writes_from_clients_that_know():
    def come_back(group):
        began = faults.stop(group)
        group.wait_until_known()
        time.sleep(5)  # every thread has found the other
        group.primary.resume()
        assert group.primary.is_primary()  # it thinks so, and would take them
        return began

    with running(Sentinel, down_after=3000) as group:
        seen = figures(observe(group, come_back, before=0.7, after=3))
    assert verdict(seen, may_lose=False, patience=BOUND) == "ok"
    assert seen.unavailable + seen.unknown > 0


@slow
def test_live_scopes_move_to_another_node_and_nothing_is_lost_or_fails(monkeypatch):
    monkeypatch.setattr(faults, "LONG", 3.9)  # still more than the store waits
    with running(Cluster, **NEVER) as group:
        seen = figures(observe(group, faults.move_slots, before=0.7, after=0.5, timeout=3))
    assert verdict(seen, may_lose=False, patience=BOUND) == "ok"
    assert (seen.unavailable, seen.unknown) == (0, 0)


class TurnedAway:
    """Connections to a node that has not the slot yet, and no replica."""

    def exchange(self, commands):
        return [b"OK", TryAgainError("half here"), 0]


def test_write_that_is_turned_away_waits_for_no_replica():
    asked = Demand(1, 1.0).write(TurnedAway(), [(b"ASKING",), (b"EVALSHA",)])
    assert [str(reply) for reply in asked] == ["b'OK'", "half here"]


VERBS = {
    "get": lambda store, scope: store.get(scope, "a", "default"),
    "get_many": lambda store, scope: store.get_many(scope),
    "keys": lambda store, scope: store.keys(scope),
    "set": lambda store, scope: store.set(scope, "b", 1),
    "increment": lambda store, scope: store.increment(scope, "n"),
    "touch": lambda store, scope: store.touch(scope),
    "remove": lambda store, scope: store.remove(scope, "b"),
}


@slow
def test_range_of_slots_that_is_down_is_an_error_for_its_scopes_only():
    with running(Cluster, **SOON) as group, store_on(group.cache, options={"timeout": 5}) as store:
        near, far = (group.scopes()[role][0] for role in (NEAR, FAR))
        for scope in (near, far):
            store.set(scope, "a", 1)
        faults.take_range_down(group)
        for verb in VERBS.values():
            fails_soon(verb, store, near)
        fails_soon(lambda store, _: list(store.scopes()), store, near)
        answers = [verb(store, far) for name, verb in VERBS.items() if name != "set"]
        assert answers == [1, {"a": 1}, ["a"], 1, True, 0]


@slow
def test_range_that_is_down_takes_all_others_with_it_where_the_nodes_demand_full_coverage():
    with (
        running(Cluster, cluster_require_full_coverage="yes", **SOON) as group,
        store_on(group.cache, options={"timeout": 5}) as store,
    ):
        far = group.scopes()[FAR][0]
        store.set(far, "a", 1)
        faults.take_range_down(group)
        fails_soon(VERBS["get"], store, far)
        fails_soon(VERBS["set"], store, far)


def fails_soon(verb, store, scope):
    began = time.monotonic()
    with pytest.raises(StoreUnavailable) as caught:
        verb(store, scope)
    assert time.monotonic() - began < BOUND
    assert type(caught.value) in {StoreUnavailable, StoreTimeout}
