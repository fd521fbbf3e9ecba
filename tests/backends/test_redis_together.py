"""Writes in one transaction: whole or not at all, and by a script wherever a transaction will not do."""

import pytest
import redis

from statestore import StoreTimeout, StoreUnavailable
from tests.backends.redis_kit import BACKEND, clean_store_on, client_of, each_server, sent, store_on
from tests.servers import Valkey

TRIAL, TOGETHER, SCRIPT = ["MULTI", "EXEC", "EVALSHA"], ["MULTI", "ZADD", "HSET", "EXEC"], ["EVALSHA"]
everywhere = pytest.mark.parametrize("name", each_server("valkey", "redis"))


@pytest.fixture
def store(store):
    store.set("warm", "up", 1)
    store.set("user:1", "warm", 1)
    return store


@everywhere
def test_first_write_into_each_index_is_by_script_and_tries_a_transaction(name, monkeypatch):
    with clean_store_on(name) as store:
        store.set("warm", "up", 1)  # the server may not know the script
        with sent(monkeypatch) as flights:
            store.set("user:1", "a", 1)
            store.set("user:1", "a", 2)
            store.set("user:1", "a", 3, if_version=store.entry("user:1", "a").version)
        assert flights == [TRIAL, TOGETHER, ["HGET"], SCRIPT]
        assert store.get("user:1", "a") == 3


@everywhere
def test_transaction_on_a_foreign_type_writes_nothing_and_leaves_no_trace_in_the_index(name, store, client):
    key, index, _ = store._layout.place("user:1")
    store.delete("user:1")
    client.set(key, "a string")
    with pytest.raises(StoreUnavailable) as caught:
        store.set_many("user:1", {"a": 1, "b": 2})
    assert type(caught.value) is StoreUnavailable
    assert client.get(key) == b"a string"
    assert client.zscore(index, b"user:1") is None
    client.delete(key)
    store.set("user:1", "a", 1)
    assert client.zscore(index, b"user:1") == 0


@everywhere
def test_index_that_turns_foreign_under_a_store_at_work_makes_a_write_unknown_and_the_next_one_refused(
    name, store, client
):
    index = store._layout.place("user:1").index
    client.delete(index)
    client.set(index, "a string")
    with pytest.raises(StoreTimeout):
        store.set("user:1", "a", 1)
    with pytest.raises(StoreUnavailable) as caught:
        store.set("user:1", "a", 2)
    assert type(caught.value) is StoreUnavailable
    assert store.get("user:1", "a") == 1
    client.delete(index)
    store.set("user:1", "a", 3)
    assert store.keys("user:1") == ["a", "warm"]


@pytest.fixture
def guest():
    """A server with a user, and the store as that user."""
    with Valkey() as server, redis.Redis.from_url(server.url) as owner:
        owner.execute_command("ACL", "SETUSER", "guest", "on", ">word", "~*", "+@all")
        address = f"redis://guest:word@127.0.0.1:{server.port}/0"
        with store_on({"BACKEND": BACKEND, "LOCATION": address}) as store:
            yield owner, store


@pytest.mark.parametrize("denied", ["-multi", "-exec"])
def test_user_without_the_right_to_transactions_writes_by_script_alone(guest, monkeypatch, denied):
    owner, store = guest
    owner.execute_command("ACL", "SETUSER", "guest", denied)
    store.set("user:1", "a", 1)
    with sent(monkeypatch) as flights:
        store.set("user:1", "a", 2)
        store.set_many("user:2", {"a": 1, "b": 2})
    assert flights == [SCRIPT, SCRIPT]
    assert store.get("user:1", "a") == 2
    assert [info.name for info in store.scopes()] == ["user:1", "user:2"]


@pytest.mark.parametrize("denied", ["-multi", "-exec"])
def test_right_to_transactions_that_is_taken_away_loses_no_write(guest, monkeypatch, denied):
    owner, store = guest
    store.set("user:1", "a", 1)
    owner.execute_command("ACL", "SETUSER", "guest", denied)
    for value in (2, 3):  # a refusal is noticed, and then a trial
        store.set("user:1", "a", value)
        assert store.get("user:1", "a") == value
    with sent(monkeypatch) as flights:
        store.set("user:1", "a", 4)
    assert flights == [SCRIPT]
    assert [info.entries for info in store.scopes()] == [1]


@everywhere
@pytest.mark.parametrize("protocol", [2, 3])
def test_replies_are_understood_in_both_protocols(name, protocol, monkeypatch):
    with client_of(name) as client:
        address = client.connection_pool.connection_kwargs
        location = f"redis://{address['host']}:{address['port']}/0?protocol={protocol}"
        with store_on({"BACKEND": BACKEND, "LOCATION": location}) as store:
            store.set("user:1", "a", 0)
            with sent(monkeypatch) as flights:
                store.set("user:1", "a", 1)
                store.set("user:1", "b", 2)
                store.set_many("user:1", {f"k{number}": number for number in range(20)})
            assert flights == [TOGETHER] * 3
            assert len(store.get_many("user:1")) == 22
            store.delete("user:1")


@everywhere
def test_keys_are_found_whatever_is_among_them(name, store, client):
    place = store._layout.place("user:1")
    assert store.keys("user:1") == ["warm"]
    assert store.keys("nobody") == []
    store.touch("user:1")
    assert store.keys("user:1") == ["warm"]
    client.hset(place.key, "foreign\nfield", "5")
    assert store.keys("user:1") == ["foreign\nfield", "warm"]
    assert store.delete("user:1") == 2
