"""``change_many``: many entries over the version of their whole scope, in one step, on every store."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from statestore import (
    ABSENT,
    InvalidValue,
    OperationDisabled,
    StateStore,
    VersionConflict,
    entry_changed,
)
from statestore.backends import MemoryStore
from statestore.testing import Clock
from tests.contract.conftest import each_store

WRITERS = 8


def conflicts(store, mapping, version):
    with pytest.raises(VersionConflict) as caught:
        store.change_many("s", mapping, if_version=version)
    return (caught.value.scope, caught.value.key) == ("s", None)


@pytest.mark.parametrize("store", each_store(), indirect=True)
def test_many_are_written_over_the_version_that_was_seen_and_no_other(store):
    store.set_many("s", {"a": 1, "b": 2})
    store.set("s:other", "a", 1)
    seen = store.version("s")
    done = store.change_many("s", {"b": 3, "c": [4]}, if_version=seen)
    assert (done.version, done.created) == (store.version("s"), False)
    versions = {key: entry.version for key, entry in store.entries("s").items()}
    assert versions["b"] == versions["c"] != versions["a"]
    assert conflicts(store, {"d": 5}, seen)
    assert store.get_many("s") == {"a": 1, "b": 3, "c": [4]}


@pytest.mark.parametrize("store", each_store(), indirect=True)
def test_many_only_create_the_scope(store):
    assert conflicts(store, {"a": 1}, "old")
    done = store.change_many("s", {"a": 1, "b": 2}, if_version=ABSENT)
    assert (done.version, done.created) == (store.version("s"), True)
    assert conflicts(store, {"c": 3}, ABSENT)
    assert store.get_many("s") == {"a": 1, "b": 2}
    assert [(info.name, info.entries) for info in store.scopes()] == [("s", 2)]
    assert store.delete("s", if_version=done.version) == 2


@pytest.mark.parametrize("store", each_store(), indirect=True)
def test_what_has_expired_is_no_part_of_the_scope(store):
    store.clock = clock = Clock()
    store.set("s", "old", 1, ttl=60)
    clock.tick(60)
    store.change_many("s", {"old": 2, "new": 3}, if_version=ABSENT, ttl=60)
    seen = store.version("s")
    assert store.get_many("s") == {"old": 2, "new": 3}
    clock.tick(60)
    assert conflicts(store, {"new": 4}, seen)
    assert store.keys("s") == []


@pytest.mark.parametrize("store", each_store(transaction=True), indirect=True)
@pytest.mark.parametrize("there", [{}, {"a": 0}])
@pytest.mark.parametrize("same", [True, False], ids=["one key", "a key each"])
def test_of_many_writers_over_one_version_exactly_one_wins(store, there, same):
    for turn in range(3):
        store.delete("s")
        store.set_many("s", there)
        seen, gate = store.version("s") or ABSENT, threading.Barrier(WRITERS)

        def write(number, seen=seen, gate=gate):
            gate.wait(30)
            try:
                return store.change_many("s", {"k" if same else f"k{number}": number}, if_version=seen).value
            except VersionConflict:
                return None
            finally:
                connections.close_all()

        with ThreadPoolExecutor(WRITERS) as pool:
            [written] = filter(None, pool.map(write, range(WRITERS)))
        assert store.get_many("s") == there | written, turn


@pytest.mark.parametrize("store", ["memory"], indirect=True)
def test_what_is_refused_is_refused_before_the_store_is_touched(store):
    store.set("s", "k", 1)
    seen = store.version("s")
    for mapping in ({"a": 1, "b": {1}}, ["a"]):
        with pytest.raises(InvalidValue):
            store.change_many("s", mapping, if_version=seen)
    with pytest.raises(InvalidValue):
        store.change_many("s", {"a": 1}, if_version=1)
    assert store.change_many("s", {}, if_version=seen) == ({}, seen, False)
    assert store.version("s") == seen


@pytest.mark.parametrize("store", ["memory"], indirect=True)
@pytest.mark.parametrize("expect", [None, ABSENT])
def test_every_entry_that_is_written_is_told(store, expect):
    told = []

    def hear(sender, key, version, **details):
        told.append((key, version))

    entry_changed.connect(hear)
    try:
        store.change_many("s", {"a": 1, "b": 2}, if_version=expect)
    finally:
        entry_changed.disconnect(hear)
    assert told == [(key, entry.version) for key, entry in store.entries("s").items()]


@pytest.mark.parametrize("store", ["memory"], indirect=True)
def test_without_a_condition_the_version_is_the_scopes_unless_others_wrote_the_same_keys(store, monkeypatch):
    done = store.change_many("s", {"a": 1})
    assert (done.version, done.created) == (store.version("s"), True)
    write = store._write

    def overtaken(scope, texts, stamp, expect):
        write(scope, texts, stamp, expect)
        return write(scope, {"a": b"9"}, stamp._replace(version="theirs"), None)

    monkeypatch.setattr(store, "_write", overtaken)
    assert store.change_many("s", {"a": 2, "b": 2}) == ({"a": 2, "b": 2}, None, False)
    assert store.get_many("s") == {"a": 9, "b": 2}


def test_it_is_switched_off_with_the_other_writes():
    store = MemoryStore("off", {"ENABLE_SET": False})
    with pytest.raises(OperationDisabled):
        store.change_many("s", {"a": 1}, if_version=ABSENT)


class Plain(MemoryStore):
    """A store whose author has left out what is not demanded, and who named the errors of the backend."""

    vendor_errors = (OSError,)
    _write_unchanged = StateStore._write_unchanged


def test_a_store_that_can_not_do_it_says_so():
    with pytest.raises(OperationDisabled, match="Plain can't write many values"):
        Plain("plain").change_many("s", {"a": 1}, if_version=ABSENT)
