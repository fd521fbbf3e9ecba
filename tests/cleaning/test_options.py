"""clean_context by options: what goes, what stays, what is refused."""

import json

import pytest

from statestore import cleaning, stores
from statestore.cleanrules import Rule
from statestore.testing import override_stores
from tests.cleaning.command import DAY, MEMORY, clean, fill, left, refused


def test_active_ids_cover_their_scopes_and_what_is_below(store, clock):
    fill(store, "n1", "n1:f7", "n12", "f7", "global", "user:1", "user:12", "user:1:tab")
    clock.tick()
    said = clean("--active", "n1", "--active", "user:1")
    assert left(store) == ["global", "n1", "n1:f7", "user:1", "user:1:tab"]
    assert said == (
        "default: 8 examined, 3 removed (6 entries), 5 kept\nExamined 8 scopes, removed 3 (6 entries), kept 5.\n"
    )


def test_dry_run_counts_and_removes_nothing(store, clock):
    fill(store, "flow:1", "flow:2")
    clock.tick()
    said = clean("--active", "flow:1", "--dry-run")
    assert left(store) == ["flow:1", "flow:2"]
    assert said == (
        "default: 2 examined, 1 would be removed (2 entries), 1 kept\n"
        "Examined 2 scopes, would remove 1 (2 entries), keep 1.\n"
    )


def test_idle_alone_removes_what_was_not_used_for_so_long(store, clock):
    fill(store, "flow:1", "flow:2", "flow:3", "global")
    clock.tick(20 * DAY)
    store.touch("flow:2")
    store.set("flow:3", "a", 2)
    clock.tick(10 * DAY)
    clean("--idle", "30d")
    assert left(store) == ["flow:1", "flow:2", "flow:3", "global"]
    clock.tick(1)
    clean("--idle", "30d")
    assert left(store) == ["flow:2", "flow:3", "global"]


def test_idle_and_active_must_both_allow_it(store, clock):
    fill(store, "flow:1", "flow:2")
    clock.tick(2 * DAY)
    fill(store, "flow:3")
    clock.tick(DAY)
    clean("--idle", "2d", "--active", "flow:1")
    assert left(store) == ["flow:1", "flow:3"]


def test_prefix_confines_it(store, clock):
    fill(store, "flow:1", "flow:2", "user:1", "flows:1")
    clock.tick()
    clean("--active", "flow:1", "--prefix", "flow:")
    assert left(store) == ["flow:1", "flows:1", "user:1"]


def test_store_is_the_default_one_unless_told(store, clock):
    fill(store, "flow:1")
    fill(stores["fast"], "flow:1")
    clock.tick()
    clean("--idle", "0s", "--store", "fast")
    assert (left(store), left(stores["fast"])) == (["flow:1"], [])
    fill(stores["fast"], "flow:1")
    clean("--idle", "0s")
    assert (left(store), left(stores["fast"])) == ([], ["flow:1"])


def test_several_stores_and_two_names_of_one(store, clock):
    fill(store, "flow:1")
    fill(stores["fast"], "flow:1")
    clock.tick()
    said = clean("--idle", "0s", "--store", "default", "--store", "main", "--store", "fast", "--format", "json")
    assert [step["store"] for step in json.loads(said)["steps"]] == ["default", "fast"]
    assert (left(store), left(stores["fast"])) == ([], [])


def test_options_by_keyword_as_call_command_takes_them(store, clock):
    fill(store, "flow:1", "flow:2")
    clock.tick()
    clean(active="flow:1", store="main", idle="0s", interactive=False)
    assert left(store) == ["flow:1"]


def test_what_expired_goes_too(store, clock):
    store.set("flow:1", "a", 1, ttl=5)
    clock.tick(5)
    assert clean("--active", "x").endswith("Examined 0 scopes, removed 0 (0 entries), kept 0.\n")
    assert store._scopes == {}


def test_written_while_the_list_was_being_read_stays(store, clock):
    fill(store, "flow:old")

    def slow():
        clock.tick()
        fill(store, "flow:new")
        clock.tick()
        return ["flow:other"]

    steps = cleaning.plan([Rule(active=slow)])
    assert [report.removed for _, report in cleaning.run(steps)] == [1]
    assert left(store) == ["flow:new"]


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_batches_of_any_size_come_to_the_same(store, clock, size):
    fill(store, *(f"flow:{number}" for number in range(7)))
    clock.tick()
    clean("--active", "flow:3", "--batch-size", str(size))
    assert left(store) == ["flow:3"]


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (["--idle", "30"], "An age is"),
        (["--idle", ""], "An age is"),
        (["--idle=-1d"], "An age is"),
        (["--active", ""], "1 to 200 characters"),
        (["--active", "a\nb"], "control character"),
        (["--active", "a", "--prefix", "a\n"], "control character"),
        (["--active", "a", "--store", "nowhere"], "has no store 'nowhere'"),
        (["--active", "a", "--batch-size", "0"], "--batch-size is a whole number above 0."),
    ],
)
def test_wrong_options_are_refused(store, clock, args, reason):
    fill(store, "flow:1")
    clock.tick()
    assert reason in refused(*args)


def test_store_with_clean_switched_off_is_refused(clock):
    with override_stores(default={"BACKEND": MEMORY, "ENABLE_CLEAN": False}):
        fill(stores["default"], "flow:1")
        assert "switched off" in refused("--idle", "0s")
