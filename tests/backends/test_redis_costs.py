"""What each verb costs on Redis: one sending, one reply, whatever lies beside."""

import pytest

from statestore import ABSENT, VersionConflict
from statestore.testing.clock import Clock
from tests.backends.redis_kit import clean_store_on, each_server, sent

SCRIPT = [["EVALSHA"]]
TOGETHER = [["MULTI", "ZADD", "HSET", "EXEC"]]  # on a cluster the same in a script

VERBS = {
    "get": (lambda s: s.get("user:1", "a"), [["HGET"]]),
    "get what is missing": (lambda s: s.get("user:9", "a"), [["HGET"]]),
    "get a part": (lambda s: s.get("user:1", "a", at=""), [["HGET"]]),
    "entry": (lambda s: s.entry("user:1", "a"), [["HGET"]]),
    "get a list": (lambda s: s.get("user:1", ["a", "b", "none"]), [["HMGET"]]),
    "get 1,000": (lambda s: s.get("user:1", [f"k{i}" for i in range(1000)]), [["HMGET"]]),
    "get_many": (lambda s: s.get_many("user:1", ["a", "b"]), [["HMGET"]]),
    "get_many of all": (lambda s: s.get_many("user:1"), [["HGETALL"]]),
    "get none": (lambda s: s.get("user:1", []), []),
    "keys": (lambda s: s.keys("user:1"), SCRIPT),
    "set": (lambda s: s.set("user:1", "a", 2), TOGETHER),
    "set new": (lambda s: s.set("user:1", "new", 2, ttl=60), TOGETHER),
    "set absent": (lambda s: s.set("user:1", "absent", 2, if_version=ABSENT), SCRIPT),
    "set a list": (lambda s: s.set("user:1", ["a", "b"], [1, 2]), TOGETHER),
    "set_many": (lambda s: s.set_many("user:1", {f"k{i}": i for i in range(1000)}), TOGETHER),
    "set none": (lambda s: s.set_many("user:1", {}), []),
    "remove": (lambda s: s.remove("user:1", "a"), SCRIPT),
    "remove many": (lambda s: s.remove("user:1", [f"k{i}" for i in range(1000)]), SCRIPT),
    "delete": (lambda s: s.delete("user:1"), SCRIPT),
    "delete nothing": (lambda s: s.delete("nobody"), SCRIPT),
    "touch": (lambda s: s.touch("user:1"), SCRIPT),
    "increment": (lambda s: s.increment("user:1", "a"), [["HGET"], ["EVALSHA"]]),
    "update": (lambda s: s.update("user:1", "a", lambda n: n + 1), [["HGET"], ["EVALSHA"]]),
    "set a part": (lambda s: s.set("user:1", "o", 2, at="/x"), [["HGET"], ["EVALSHA"]]),
    "remove a part": (lambda s: s.remove("user:1", "o", at="/x"), [["HGET"], ["EVALSHA"]]),
}


@pytest.fixture(params=each_server("valkey", "redis", "cluster", "sentinel"), scope="module")
def shared_store(request):
    with clean_store_on(request.param) as store:
        yield store


@pytest.fixture
def store(shared_store):
    for verb, _ in VERBS.values():  # every node knows every script, and has its connection
        verb(as_before(shared_store))
    return as_before(shared_store)


def as_before(store):
    store.delete("user:1")
    store.set_many("user:1", {"a": 1, "b": 2, "o": {"x": 1}})
    return store


@pytest.mark.parametrize(("verb", "expected"), VERBS.values(), ids=VERBS)
def test_verb_sends_once(store, monkeypatch, verb, expected):
    with sent(monkeypatch) as flights:
        verb(store)
    is_script = expected is TOGETHER and store._link.is_to_cluster
    assert flights == (SCRIPT if is_script else expected)


def test_conflict_costs_no_more(store, monkeypatch):
    with sent(monkeypatch) as flights, pytest.raises(VersionConflict):
        store.set("user:1", "a", 2, if_version=ABSENT)
    assert flights == SCRIPT


def fill(store, number):
    for n in range(number):
        store.set(f"fill:{n}", "k", n)


@pytest.mark.parametrize("name", each_server("valkey", "redis"))
@pytest.mark.parametrize("number", [30, 2000])
def test_page_of_scopes_costs_two_sendings_whatever_exists(monkeypatch, name, number):
    with clean_store_on(name) as store:
        fill(store, number)
        expected = [info.name for info in store.scopes("fill:", after="fill:1", limit=20)]
        with sent(monkeypatch) as flights:
            page = [info.name for info in store.scopes("fill:", after="fill:1", limit=20)]
    assert page == expected == sorted(f"fill:{n}" for n in range(number))[2:22]
    assert [set(flight) for flight in flights] == [{"ZRANGEBYLEX"}, {"EVALSHA"}]


def kinds(flights):
    """Return the commands in each flight; not what is sent again to a server that another test rid of scripts."""
    return [sorted(set(flight)) for flight in flights if set(flight) != {"EVAL"}]


@pytest.mark.parametrize("name", each_server("valkey"))
def test_batch_of_a_clean_costs_two_sendings_whatever_its_size_and_what_has_expired(monkeypatch, name):
    with clean_store_on(name) as store:
        store.clock = clock = Clock()
        fill(store, 1)
        store.set("fill:0", "expires", 1, ttl=1)
        clock.tick(1)
        with sent(monkeypatch) as flights:
            store.clean([])
        assert kinds(flights) == [["ZRANGEBYLEX"], ["EVALSHA"]]
        counts = []
        for number in (20, 240):
            fill(store, number)
            with sent(monkeypatch) as flights:
                report = store.clean([])
            assert (report.examined, report.removed) == (number, number)
            counts.append(kinds(flights))
    assert counts == [[["ZRANGEBYLEX"], ["EVALSHA"]]] * 2


@pytest.mark.parametrize("name", each_server("cluster"))
def test_page_of_scopes_asks_each_node_of_a_cluster_twice(monkeypatch, name):
    with clean_store_on(name) as store:
        fill(store, 300)
        list(store.scopes(limit=200))
        with sent(monkeypatch) as flights:
            assert len(list(store.scopes(limit=200))) == 200
    assert sorted(set(flight) == {"ZRANGEBYLEX"} for flight in flights) == [False] * 3 + [True] * 3
