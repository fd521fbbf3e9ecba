"""What each verb of a ``LayeredStore`` sends to its fast store on Redis, and asks of the durable one."""

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from tests.backends.layered_kit import stores_of
from tests.backends.redis_kit import BACKEND, client_of, each_server, sent
from tests.servers import addresses

pytestmark = pytest.mark.django_db(transaction=True, databases=["default"])

HIT, READ, LEASE, FILL = ["HGET"], ["HMGET"], ["EVALSHA", "HGET"], ["EVALSHA"]
MARK, UNMARK = ["EVALSHA", "EVALSHA"], ["EVALSHA", "EVALSHA"]


@pytest.fixture(params=each_server("valkey"))
def store(request, settings, tmp_path):
    from statestore.handler import StoreHandler

    url = addresses()[request.param]["url"]
    settings.CACHES = {"default": {"BACKEND": BACKEND, "LOCATION": url, "KEY_PREFIX": tmp_path.name}}
    settings.STATESTORE = stores_of(front={"BACKEND": "statestore.backends.CacheStore"}, trust=60)
    handler = StoreHandler()
    store = handler["layered"]
    store.set_many("user:1", {f"k{n}": n for n in range(100)})
    store.get("user:1", "k0")
    store.delete("user:2")
    yield store
    front = handler["front"]
    for info in list(front.scopes()):
        front.delete(info.name)
    handler.close_all()


def flights_of(monkeypatch, verb):
    """Return the flights to Redis, each once where it has many of a kind, and the number of statements."""
    with CaptureQueriesContext(connections["default"]) as queries, sent(monkeypatch) as flights:
        verb()
    return [list(dict.fromkeys(flight)) if len(flight) > 2 else flight for flight in flights], len(queries)


def test_hit_costs_one_trip_and_no_statement(store, monkeypatch):
    assert flights_of(monkeypatch, lambda: store.get("user:1", "k0")) == ([HIT], 0)
    store.get("user:1", ["k0", "k1"])
    assert flights_of(monkeypatch, lambda: store.get("user:1", ["k0", "k1"])) == ([READ], 0)


def test_miss_costs_three_trips_and_one_statement(store, monkeypatch):
    assert flights_of(monkeypatch, lambda: store.get("user:1", "k1")) == ([HIT, LEASE, FILL], 1)


def test_list_that_is_all_there_costs_one_trip(store, monkeypatch):
    keys = [f"k{n}" for n in range(100)]
    store.get("user:1", keys)
    assert flights_of(monkeypatch, lambda: store.get("user:1", keys)) == ([READ], 0)


def test_list_with_misses_costs_a_second_look(store, monkeypatch):
    keys = [f"k{n}" for n in range(100)]
    assert flights_of(monkeypatch, lambda: store.get("user:1", keys)) == ([READ, READ, LEASE, FILL], 1)
    assert flights_of(monkeypatch, lambda: store.get("user:1", keys)) == ([READ], 0)


@pytest.mark.parametrize("verb", ["set", "set_many", "remove"])
def test_write_costs_two_trips_and_one_statement(store, monkeypatch, verb):
    verbs = {
        "set": lambda: store.set("user:1", "k0", 1),
        "set_many": lambda: store.set_many("user:1", {f"k{n}": n for n in range(50)}),
        "remove": lambda: store.remove("user:1", "k0"),
    }
    assert flights_of(monkeypatch, verbs[verb]) == ([MARK, UNMARK], 1)


def test_end_of_a_scope_costs_five_trips(store, monkeypatch):
    store.get("user:1", ["k0", "k1"])
    flights, statements = flights_of(monkeypatch, lambda: store.delete("user:1"))
    assert (len(flights), statements) == (5, 1)


def test_clean_of_many_scopes_costs_the_trips_of_one(store, monkeypatch):
    counts = []
    for number in (3, 240):
        for n in range(number):
            store._back.set(f"clean:{n}", "a", n)
        with sent(monkeypatch) as flights:
            assert store.clean([], prefix="clean:").removed == number
        counts.append(len(flights))
    assert counts[0] == counts[1] <= 8


def test_mark_is_looked_for_after_the_lease_though_the_server_knows_no_script(store):
    client_of("valkey").script_flush()
    version, marked = store._front.lease("user:3", ["a"], None, store.now())
    client_of("valkey").script_flush()
    steps = [("_write", ("user:3", {"!": b"[]"}, _stamp(store), None)), ("_read_one", ("user:3", "!"))]
    assert version
    assert not marked
    assert store._front.in_turn(steps)[1].text == b"[]"


def _stamp(store):
    from statestore.entries import Stamp

    return Stamp("v" * 16, store.now(), None)
