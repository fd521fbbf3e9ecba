"""How state lies in Redis: pinned byte for byte, apart from everybody else's, in one slot a scope."""

import threading
from collections import Counter

import pytest
from redis.crc import key_slot

from statestore.backends.redis_layout import BUCKETS, SLOTS, TAGS, Layout
from statestore.testing.clock import Clock
from tests.backends.redis_kit import (
    cache_on,
    everywhere,
    index_of,
    key_of,
    store_on,
    valkey,
)

NASTY = [*"{}* é", "{}", "}{", "{a}", "a{b}c", "{}{a}", "}{a", "{a", "a}", "a:{1}:b", "[a-z]", "e\u0301"]


@everywhere
def test_stored_form_is_a_promise(name, client):
    with store_on(cache_on(name) | {"KEY_PREFIX": "pinned"}, options={"prefix": "test"}) as store:
        store.clock = lambda: 1_700_000_000.25
        version = store.set("user:42", "thème", {"b": [1, 1.0], "a": "é"}, ttl=60).encode()
        assert client.hgetall("pinned:1:test:{3}:user:42") == {
            "thème".encode(): version + b'001700000000250000001700000060250000{"b":[1,1.0],"a":"\xc3\xa9"}'
        }
        store.set("user:42", "thème", None)
        store.clock = lambda: 1_700_000_001
        store.touch("user:42")
        stored = client.hgetall("pinned:1:test:{3}:user:42")
        assert stored.pop(b"") == b"001700000001000000"
        assert [text[16:] for text in stored.values()] == [b"001700000000250000" + b"0" * 18 + b"null"]
        assert client.zrange("pinned:1:test:{3}", 0, -1, withscores=True) == [(b"user:42", 0.0)]
        assert sorted(client.keys("pinned:*")) == [b"pinned:1:test:{3}", b"pinned:1:test:{3}:user:42"]
        store.delete("user:42")
        assert client.keys("pinned:*") == []


def test_tags_are_pinned_and_share_the_slots_of_a_cluster_evenly():
    assert len(set(TAGS)) == BUCKETS
    assert [key_slot(tag) * BUCKETS // SLOTS for tag in TAGS] == list(range(BUCKETS))
    assert TAGS[:4] + TAGS[-4:] == [b"10", b"18", b"113", b"342", b"53", b"143", b"48", b"40"]


def test_scopes_are_spread_evenly_over_the_buckets():
    layout = Layout("", 1, "s")
    counts = Counter(layout.place(f"user:{n}").index for n in range(64_000))
    assert len(counts) == BUCKETS
    assert max(counts.values()) < 1300


@pytest.mark.parametrize("site", ["", "site", "a:b", "{", "}", "{}", "{x}", "a{b}c", "%7B"])
def test_scope_and_its_index_lie_in_one_slot_whatever_the_names(site):
    layout = Layout(site, 1, "state{}store")
    for scope in NASTY:
        place = layout.place(scope)
        assert key_slot(place.key) == key_slot(place.index)
        assert key_slot(place.key) in {key_slot(tag) for tag in TAGS}


def test_no_two_stores_share_a_key():
    stores = [
        (site, version, prefix)
        for site in ("", "a", "a:1", "a:1:b", "%", "{", "%7B")
        for version in (1, 2, "1:b", "b")
        for prefix in ("b", "1:b", "b:{1}", "%3A")
    ]
    places = [Layout(*store).place("x") for store in stores]
    assert len({place.key for place in places}) == len({place.index for place in places}) == len(stores)


def test_no_scope_has_the_key_of_an_index_or_of_another_scope():
    layout = Layout("", 1, "s")
    keys = [layout.place(scope).key for scope in NASTY]
    assert len({*keys, *layout.indexes}) == len(NASTY) + BUCKETS


@everywhere
def test_dead_name_in_the_index_is_dropped_by_listing(name, store, client):
    client.zadd(index_of(store, "ghost"), {"ghost": 0})
    store.set("user:1", "a", 1)
    assert [info.name for info in store.scopes()] == ["user:1"]
    assert client.exists(index_of(store, "ghost")) == (index_of(store, "ghost") == index_of(store, "user:1"))


@everywhere
def test_name_lost_from_the_index_comes_back_with_the_next_write(name, store, client):
    store.set("user:1", "a", 1)
    client.delete(index_of(store, "user:1"))
    store.set("user:1", "a", 2)
    assert [info.name for info in store.scopes()] == ["user:1"]


@everywhere
def test_last_entry_takes_scope_touch_and_index_with_it(name, store, client):
    for end in (
        lambda: store.remove("user:1", ["a", "b"]),
        lambda: [store.remove("user:1", key) for key in "ab"],
        lambda: store.delete("user:1"),
        lambda: store.clean([]),
    ):
        store.set_many("user:1", {"a": 1, "b": 2})
        store.touch("user:1")
        end()
        assert client.exists(key_of(store, "user:1"), index_of(store, "user:1")) == 0


@everywhere
def test_clean_sweeps_out_what_has_expired_and_scopes_of_nothing_else(name, store, client):
    store.clock = clock = Clock()
    store.set("user:1", "lasts", 1)
    store.set("user:1", "expires", 1, ttl=10)
    store.set("user:2", "expires", 1, ttl=10)
    clock.tick(10)
    assert store.clean(["user"]).examined == 1
    assert client.hkeys(key_of(store, "user:1")) == [b"lasts"]
    assert client.exists(key_of(store, "user:2")) == 0


@everywhere
def test_large_scope(name, store):
    for first in range(0, 20_000, 1000):
        store.set_many("big", {f"key {n}": n for n in range(first, first + 1000)})
    assert len(store.keys("big")) == 20_000
    assert store.info("big").entries == 20_000
    assert store.touch("big")
    assert store.delete("big", if_version=store.version("big")) == 20_000
    assert store.info("big") is None


@valkey
def test_page_holds_the_next_names_even_if_all_are_in_one_bucket(name, store):
    layout = store._layout
    names = [f"n:{n}" for n in range(20_000) if layout.place(f"n:{n}").index == layout.indexes[5]]
    for each in names:
        store.set(each, "k", 1)
    assert len(names) > 200
    assert [info.name for info in store.scopes(limit=150)] == sorted(names)[:150]
    assert [info.name for info in store.scopes()] == sorted(names)


@valkey
def test_index_loses_no_scope_while_threads_write_remove_delete_and_clean(name, store, client):
    names = [f"user:{n}" for n in range(6)]
    layout, failures = store._layout, []

    def work(number):
        try:
            for step in range(120):
                scope = names[(number + step) % len(names)]
                verbs = [
                    lambda scope: store.set(scope, "a", 1),
                    lambda scope: store.remove(scope, "a"),
                    lambda scope: store.set_many(scope, {"a": 1, "b": 2}),
                    store.delete,
                    lambda scope: store.clean([]),
                ]
                verbs[(number * 7 + step * 3) % len(verbs)](scope)
        except Exception as error:  # noqa: BLE001 (told below)
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    kept = {name for name in names if client.exists(layout.place(name).key)}
    listed = {name.decode() for index in layout.indexes for name in client.zrange(index, 0, -1)}
    assert kept == listed == {info.name for info in store.scopes()}
