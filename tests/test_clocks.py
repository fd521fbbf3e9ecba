"""Clocks that jump by hours, and two machines whose clocks differ: what holds all the same, on every store."""

from datetime import UTC, datetime

import pytest

from statestore import ABSENT, VersionConflict
from statestore.testing import Clock
from tests.contract.conftest import each_store, fresh

HOURS = 3 * 3600
NEWS = "written after the clean began"

pytestmark = pytest.mark.parametrize("alias", each_store())


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(alias, clock):
    store = fresh(alias)
    store.clock = clock
    for each in parts(store):
        each.clock = clock
    yield store
    for each in (store, *parts(store)):
        each.close()
    fresh(alias)


def parts(store):
    """A layered store's two."""
    return [store.siblings[store.options[role]] for role in ("durable", "fast")] if store.composite else []


def clean_with_a_jump(store, clock, seconds, **how):
    """Clean four idle scopes; when the first is gone the clock jumps, and another one is written to."""

    def jump(report):
        if report.examined == 1:
            clock.tick(seconds)
            store.set("s:3", "a", NEWS)
            store.set("s:5", "a", NEWS)

    for number in range(1, 5):
        store.set_many(f"s:{number}", {"a": "old", "b": "old"})
    clock.tick(600)
    return store.clean([], prefix="s:", batch_size=1, progress=jump, **how)


@pytest.mark.parametrize("seconds", [-HOURS, -601, -1, 1, HOURS])
def test_what_is_written_during_a_clean_stays_though_the_clock_jumps(store, clock, seconds):
    report = clean_with_a_jump(store, clock, seconds)
    assert store.get("s:3", ["a", "b"]) == [NEWS, "old"]
    assert store.get("s:5", "a") == NEWS
    assert {info.name for info in store.scopes("s:")} <= {"s:2", "s:3", "s:4", "s:5"}
    assert report.removed >= 1
    if seconds > -600:
        assert report.removed == 3


@pytest.mark.parametrize("seconds", [-HOURS, HOURS])
def test_what_is_written_during_a_clean_by_age_stays_though_the_clock_jumps(store, clock, seconds):
    since = datetime.fromtimestamp(clock() + 300, UTC)
    clean_with_a_jump(store, clock, seconds, idle_since=since)
    assert store.get("s:3", ["a", "b"]) == [NEWS, "old"]
    assert store.get("s:5", "a") == NEWS


def test_next_clean_takes_what_a_jump_has_spared(store, clock):
    clean_with_a_jump(store, clock, -HOURS)
    clock.tick(1)
    assert store.clean([], prefix="s:").kept == 3  # of hours from now
    clock.tick(2 * HOURS)
    store.clean([], prefix="s:")
    assert list(store.scopes("s:")) == []


def test_entry_ends_at_its_moment_whatever_the_clock_did_before(store, clock):
    store.set("s:1", "a", 1, ttl=60)
    end = store.entry("s:1", "a").expires_at
    clock.tick(-HOURS)
    assert store.get("s:1", "a") == 1
    assert store.entry("s:1", "a").expires_at == end
    clock.tick(HOURS + 59)
    assert store.get("s:1", "a") == 1
    clock.tick(1)
    assert store.get("s:1", "a") is None


def test_entry_that_only_the_clock_took_comes_back_with_the_clock(store, clock):
    store.set("s:1", "a", 1, ttl=60)
    store.set("s:1", "b", 2)
    clock.tick(HOURS)
    assert store.get_many("s:1") == {"b": 2}
    clock.tick(-HOURS)
    assert store.get_many("s:1") == {"a": 1, "b": 2}


def test_version_is_never_used_twice_though_the_clock_says_the_same_moment(store, clock):
    versions = []
    for seconds in (0, 0, -HOURS, 0, HOURS, 0):
        clock.tick(seconds)
        versions += [store.set("s:1", "a", 1), store.set("s:1", "a", 1)]
        store.remove("s:1", "a")
        versions.append(store.set("s:1", "a", 1, if_version=ABSENT))
    assert len(set(versions)) == len(versions)
    for version in versions[:-1]:
        with pytest.raises(VersionConflict):
            store.set("s:1", "a", 2, if_version=version)


@pytest.fixture
def two_machines(alias, store):
    """Two stores on one backend, whose clocks are fifty seconds apart."""
    other = type(store)(alias, {"BACKEND": "", "OPTIONS": dict(store.config.options)})
    other.siblings = store.siblings
    if alias == "memory":
        pytest.skip("two of these share nothing")
    behind = store.clock() - 50
    other.clock = lambda: behind
    yield store, other
    other.close()


def test_two_machines_whose_clocks_differ_lose_nothing_to_each_other(two_machines):
    one, other = two_machines
    for turn in range(1, 6):
        assert one.increment("s:1", "n") == 2 * turn - 1
        assert other.increment("s:1", "n") == 2 * turn
        version = one.set("s:1", "a", turn)
        assert other.set("s:1", "a", -turn, if_version=version) != version
        with pytest.raises(VersionConflict):
            one.set("s:1", "a", 0, if_version=version)
    assert one.get_many("s:1") == other.get_many("s:1") == {"n": 10, "a": -5}
    assert other.remove("s:1", ["n", "a"]) == 2
    assert one.keys("s:1") == []


def test_clean_by_age_keeps_what_a_machine_behind_has_just_written(two_machines):
    one, other = two_machines
    other.set("s:1", "a", 1)
    assert one.clean([], prefix="s:", idle_since=datetime.fromtimestamp(one.clock() - 60, UTC)).kept == 1
    assert one.get("s:1", "a") == 1
