"""What is not a store's own, in the same Redis: other stores, strangers' keys, foreign bytes under its names."""

import pickle

import pytest

from statestore import CorruptState, StoreUnavailable, VersionConflict
from statestore.entries import CleanReport
from tests.backends.redis_kit import (
    cache_on,
    everywhere,
    index_of,
    key_of,
    store_on,
    valkey,
    wipe,
)


@everywhere
def test_strangers_keys_stay_untouched_among_thousands(name, store, client):
    strangers = {f"{store._layout.namespace.decode()}:x{n}": f"{n}" for n in range(3000)}
    client.mset(strangers)
    store.set_many("user:1", {"a": 1, "b": 2})
    store.set("user:12", "a", 1, ttl=60)
    assert [info.name for info in store.scopes()] == ["user:1", "user:12"]
    assert store.clean([]).removed == 2
    assert client.mget(strangers) == [value.encode() for value in strangers.values()]
    assert client.delete(*strangers) == 3000


@valkey
def test_stores_that_differ_in_prefix_key_prefix_or_version_never_meet(name):
    cache = cache_on(name)
    settings = [
        (cache | {"KEY_PREFIX": "meet-a"}, {}),
        (cache | {"KEY_PREFIX": "meet-b"}, {}),
        (cache | {"KEY_PREFIX": "meet-a", "VERSION": 2}, {}),
        (cache | {"KEY_PREFIX": "meet-a"}, {"prefix": "other"}),
        (cache | {"KEY_PREFIX": "meet-a:1"}, {}),
    ]
    for number, (each, options) in enumerate(settings):
        with store_on(each, options=options) as store:
            assert list(store.scopes()) == []
            store.set("user:1", "n", number)
    for number, (each, options) in enumerate(settings):
        with store_on(each, options=options) as store:
            assert store.get_many("user:1") == {"n": number}
            assert store.clean([]).entries == 1


@valkey
def test_caches_key_function_serializer_and_time_out_play_no_part(name, client):
    trap = "tests.backends.redis_kit.Trap"
    options = {"SERIALIZER": trap, "COMPRESSOR": trap, "REVERSE_KEY_FUNCTION": trap}
    cache = cache_on(name) | {"KEY_FUNCTION": trap, "TIMEOUT": 1, "OPTIONS": options}
    with store_on(cache) as store:
        store.set("user:1", "a", "plain")
        assert client.hget(key_of(store, "user:1"), "a").endswith(b'"plain"')
        assert client.ttl(key_of(store, "user:1")) == -1
        wipe(store)


FOREIGN = {
    "pickle": pickle.dumps({"a": 1}),
    "bare JSON": b'{"a":1}',
    "long bare JSON": b'{"a":"' + b"x" * 100 + b'"}',
    "empty": b"",
    "header alone": b"A" * 16 + b"0" * 36,
    "cut header": b"A" * 16 + b"0" * 30,
    "cut text": b"A" * 16 + b"0" * 36 + b'{"a":',
    "not UTF-8": b"\xff" * 80,
    "number": b"5",
}


@everywhere
@pytest.mark.parametrize("stored", FOREIGN.values(), ids=FOREIGN)
def test_foreign_bytes_are_corrupt_and_the_others_stay_readable(name, store, client, stored):
    store.set("user:1", "good", 1)
    client.hset(key_of(store, "user:1"), "bad", stored)
    assert store.get("user:1", "good") == 1
    assert store.keys("user:1") == ["bad", "good"]
    assert store.info("user:1").entries == 2
    for verb in (store.get, store.entry, store.increment):
        with pytest.raises(CorruptState) as caught:
            verb("user:1", "bad")
        assert (caught.value.scope, caught.value.key) == ("user:1", "bad")
    with pytest.raises(VersionConflict):
        store.set("user:1", "bad", 1, if_version="nonsense")
    assert store.remove("user:1", "bad") == 1
    assert store.get_many("user:1") == {"good": 1}


@everywhere
def test_foreign_touch_is_no_touch(name, store, client):
    store.set("user:1", "a", 1)
    before = store.info("user:1")
    client.hset(key_of(store, "user:1"), "", "yesterday")
    assert store.info("user:1") == before
    assert store.clean([]).removed == 1


@everywhere
def test_clean_spares_foreign_bytes_in_what_is_active(name, store, client):
    store.set("user:1", "good", 1)
    for scope in ("user:1", "user:2"):
        store.set(scope, "a", 1)
        client.hset(key_of(store, scope), "a", "not ours")
    assert store.clean(["user:2"]) == CleanReport(examined=2, removed=1, kept=1, entries=2)
    assert client.hgetall(key_of(store, "user:2")) == {b"a": b"not ours"}
    assert store.delete("user:2") == 1


@everywhere
def test_foreign_type_under_a_scopes_name_is_an_error_and_listing_goes_on(name, store, client):
    store.set_many("user:1", {"a": 1})
    store.set_many("user:2", {"a": 1})
    client.set(key_of(store, "user:1"), "a string")
    for verb in (store.keys, store.get_many, store.touch, store.delete):
        with pytest.raises(StoreUnavailable):
            verb("user:1")
    assert [info.name for info in store.scopes()] == ["user:2"]
    assert store.clean([]).removed == 1
    assert client.get(key_of(store, "user:1")) == b"a string"
    client.delete(key_of(store, "user:1"), index_of(store, "user:1"))


@everywhere
def test_refused_write_leaves_no_trace_in_the_index(name, store, client):
    client.set(key_of(store, "user:1"), "a string")
    with pytest.raises(StoreUnavailable):
        store.set("user:1", "a", 1)
    assert client.exists(index_of(store, "user:1")) == 0
    client.delete(key_of(store, "user:1"))
    client.set(index_of(store, "user:1"), "a string")
    with pytest.raises(StoreUnavailable):
        store.set("user:1", "a", 1)
    assert client.exists(key_of(store, "user:1")) == 0
    client.delete(index_of(store, "user:1"))
