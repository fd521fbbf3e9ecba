"""What the verbs that write do."""
# ruff: noqa: S101 (a suite of tests, shipped)

import pytest

from statestore.entries import ABSENT
from statestore.exceptions import InvalidKey, InvalidValue
from statestore.testing.contract.suite import Suite


class Writing(Suite):
    def test_set_replaces_the_value_and_leaves_the_others(self, store):
        store.set_many("s", {"a": 1, "b": 2})
        store.set("t", "a", 3)
        store.set("s", "a", "new")
        assert store.get_many("s") == {"a": "new", "b": 2}
        assert store.get_many("t") == {"a": 3}

    def test_set_dates_the_entry(self, store, clock):
        store.set("s", "k", 1)
        first = store.entry("s", "k")
        clock.tick(90)
        store.set("s", "k", 1)
        assert (store.entry("s", "k").updated_at - first.updated_at).total_seconds() == 90

    def test_set_of_a_list_pairs_by_position(self, store):
        store.set("s", ["a", "b", "c"], [1, "two", [3]])
        assert store.get_many("s") == {"a": 1, "b": "two", "c": [3]}

    def test_set_of_a_list_pairs_a_tuple_too(self, store):
        store.set("s", ("a", "b"), (1, 2))
        assert store.get_many("s") == {"a": 1, "b": 2}

    def test_set_of_a_list_gives_none_to_keys_left_over(self, store):
        store.set_many("s", {"b": "old", "c": "old"})
        store.set("s", ["a", "b", "c"], [1])
        assert store.get_many("s") == {"a": 1, "b": None, "c": None}

    def test_set_of_a_list_ignores_surplus_values(self, store):
        store.set("s", ["a", "b"], [1, 2, 3, 4])
        assert store.get_many("s") == {"a": 1, "b": 2}

    def test_set_of_a_list_with_no_values_stores_none(self, store):
        store.set("s", ["a", "b"], [])
        assert store.get_many("s") == {"a": None, "b": None}

    @pytest.mark.parametrize("value", ["text", 7, None, {"x": 1}, True])
    def test_set_of_a_list_gives_any_other_value_to_the_first_key(self, store, value):
        store.set("s", ["a", "b", "c"], value)
        assert store.get_many("s") == {"a": value, "b": None, "c": None}

    def test_set_of_one_key_stores_a_list_whole(self, store):
        store.set("s", "a", [1, 2])
        assert store.get("s", "a") == [1, 2]

    def test_set_of_a_list_of_one_key_pairs_as_well(self, store):
        store.set("s", ["a"], [1, 2])
        assert store.get("s", "a") == 1

    def test_set_of_no_keys_changes_nothing(self, store):
        assert isinstance(store.set("s", [], [1]), str)
        assert isinstance(store.set_many("s", {}), str)
        assert list(store.scopes()) == []

    def test_set_of_a_list_refuses_what_goes_with_one_key(self, store, refuses):
        refuses(InvalidKey, store.set, "s", ["a"], [1], if_version="v")
        refuses(InvalidKey, store.set, "s", ["a"], [{}], at="/x")

    def test_set_of_a_list_is_all_or_nothing(self, store, refuses):
        refuses(InvalidValue, store.set, "s", ["a", "b"], [1, float("nan")])
        refuses(InvalidKey, store.set, "s", ["a", ""], [1, 2])
        assert store.keys("s") == []

    def test_set_many_stores_all(self, store):
        store.set("s", "a", "old")
        store.set_many("s", {"a": 1, "b": [2], "c": None})
        assert store.get_many("s") == {"a": 1, "b": [2], "c": None}

    def test_set_many_is_all_or_nothing(self, store, refuses):
        refuses(InvalidValue, store.set_many, "s", {"a": 1, "b": b"bytes"})
        refuses(InvalidKey, store.set_many, "s", {"a": 1, "": 2})
        assert store.keys("s") == []

    @pytest.mark.parametrize("mapping", [[("a", 1)], "a", None, 5, {"a"}])
    def test_set_many_takes_a_mapping(self, store, refuses, mapping):
        refuses(InvalidValue, store.set_many, "s", mapping)

    def test_update_stores_and_answers_what_the_function_makes(self, store):
        store.set("s", "k", [1])
        assert store.update("s", "k", lambda value: [*value, 2]) == [1, 2]
        assert store.get("s", "k") == [1, 2]

    def test_update_of_what_is_missing_begins_with_the_default(self, store):
        assert store.update("s", "a", lambda value: [value]) == [None]
        assert store.update("s", "b", lambda value: value + 1, 41) == 42
        assert store.update("s", "c", lambda value: value + 1, default=1) == 2
        assert store.get_many("s") == {"a": [None], "b": 42, "c": 2}

    def test_update_of_a_stored_none_is_given_none_and_not_the_default(self, store):
        store.set("s", "k", None)
        assert store.update("s", "k", lambda value: [value], "default") == [None]

    def test_update_whose_function_answers_absent_is_refused(self, store):
        store.set("s", "k", 1)
        with pytest.raises(InvalidValue):
            store.update("s", "k", lambda value: ABSENT)
        assert store.get("s", "k") == 1

    def test_update_gives_the_function_a_copy(self, store):
        default = []
        store.update("s", "a", lambda value: value.append(1) or value, default)
        assert default == []
        mine = store.update("s", "a", lambda value: value)
        mine.append("mine")
        assert store.get("s", "a") == [1]

    def test_update_that_raises_changes_nothing(self, store):
        version = store.set("s", "k", [1])

        def spoil(value):
            value.append(2)
            raise LookupError("no")

        with pytest.raises(LookupError, match="no"):
            store.update("s", "k", spoil)
        with pytest.raises(LookupError, match="no"):
            store.update("s", "new", spoil, [])
        assert store.get_many("s") == {"k": [1]}
        assert store.entry("s", "k").version == version

    def test_update_refuses_what_is_no_json_and_changes_nothing(self, store):
        store.set("s", "k", 1)
        with pytest.raises(InvalidValue):
            store.update("s", "k", lambda _: {1, 2})
        assert store.get("s", "k") == 1

    def test_update_builds_on_what_another_writer_was_quicker_to_write(self, store, bare):
        """The other writer comes while the function is at work: it is called again with the new value."""
        bare.set("s", "k", 10)
        seen = []

        def add_five(value):
            if not seen:
                bare.set("s", "k", 100)
            seen.append(value)
            return value + 5

        assert store.update("s", "k", add_five) == 105
        assert (seen, bare.get("s", "k")) == ([10, 100], 105)

    def test_update_sees_an_entry_that_another_writer_creates_meanwhile(self, store, bare):
        seen = []

        def add_five(value):
            if not seen:
                bare.set("s", "k", 100)
            seen.append(value)
            return value + 5

        assert store.update("s", "k", add_five, 0) == 105
        assert seen == [0, 100]

    def test_update_sees_an_entry_that_another_writer_removes_meanwhile(self, store, bare):
        bare.set("s", "k", 100)
        seen = []

        def add_five(value):
            if not seen:
                bare.remove("s", "k")
            seen.append(value)
            return value + 5

        assert store.update("s", "k", add_five, 0) == 5
        assert seen == [100, 0]

    def test_increment_counts_from_zero(self, store):
        assert [store.increment("s", "n"), store.increment("s", "n"), store.increment("s", "n", 5)] == [1, 2, 7]
        assert store.get("s", "n") == 7

    def test_increment_goes_down_and_by_fractions(self, store):
        store.set("s", "n", 10)
        assert store.increment("s", "n", -3) == 7
        assert store.increment("s", "n", by=0) == 7
        assert store.increment("s", "n", 0.5) == 7.5

    def test_increment_keeps_the_kind_of_number(self, store):
        store.set_many("s", {"i": 1, "f": 1.0})
        assert [repr(store.increment("s", "i")), repr(store.increment("s", "f"))] == ["2", "2.0"]
        assert repr(store.get("s", ["i", "f"])) == "[2, 2.0]"

    @pytest.mark.parametrize("value", ["1", True, None, [1], {}])
    def test_increment_of_what_is_no_number_is_refused(self, store, value):
        store.set("s", "n", value)
        with pytest.raises(InvalidValue):
            store.increment("s", "n")
        assert store.get("s", "n") == value

    @pytest.mark.parametrize("by", ["1", True, None, [1], float("nan"), float("inf"), 2**63])
    def test_increment_by_what_is_no_number_is_refused(self, store, refuses, by):
        refuses(InvalidValue, store.increment, "s", "n", by)

    @pytest.mark.parametrize(
        ("value", "by"), [(2**63 - 1, 1), (-(2**63), -1), (1.7e308, 1.7e308), (2**63 - 2, 2), (2**62, 2**62)]
    )
    def test_increment_stops_at_the_limits(self, store, value, by):
        store.set("s", "n", value)
        with pytest.raises(InvalidValue):
            store.increment("s", "n", by)
        assert store.get("s", "n") == value

    def test_increment_reaches_the_limits(self, store):
        store.set_many("s", {"up": 2**63 - 2, "down": -(2**63) + 1})
        assert [store.increment("s", "up"), store.increment("s", "down", -1)] == [2**63 - 1, -(2**63)]

    def test_remove_answers_how_many_there_were(self, store):
        store.set_many("s", {"a": 1, "b": 2, "c": 3, "d": None})
        assert store.remove("s", "a") == 1
        assert store.remove("s", "a") == 0
        assert store.remove("s", ["b", "x", "d", "b"]) == 2
        assert store.remove("s", ()) == 0
        assert store.get_many("s") == {"c": 3}
        assert store.remove("nowhere", ["a", "b"]) == 0

    def test_remove_touches_no_other_scope(self, store):
        store.set("s", "a", 1)
        store.set("t", "a", 2)
        store.remove("s", "a")
        assert store.get("t", "a") == 2

    def test_remove_of_a_list_refuses_what_goes_with_one_key(self, store, refuses):
        refuses(InvalidKey, store.remove, "s", ["a"], if_version="v")
        refuses(InvalidKey, store.remove, "s", ["a"], at="/x")

    def test_scope_is_gone_with_its_last_entry(self, store):
        store.set_many("s", {"a": 1, "b": 2})
        store.remove("s", "a")
        assert [info.name for info in store.scopes()] == ["s"]
        store.remove("s", "b")
        assert list(store.scopes()) == []
        assert store.touch("s") is False

    def test_delete_removes_exactly_that_scope(self, store):
        names = ["user:1", "user", "user:12", "user:1:a", "user:", "USER:1", "user:1 ", "user;1", "user:2"]
        for name in names:
            store.set_many(name, {"a": 1, "b": 2})
        assert store.delete("user:1") == 2
        assert [info.name for info in store.scopes()] == sorted(set(names) - {"user:1"})
        assert [info.entries for info in store.scopes()] == [2] * 8

    def test_delete_of_a_missing_scope_is_no_error(self, store):
        store.set("s2", "a", 1)
        assert store.delete("s") == 0
        assert store.keys("s2") == ["a"]

    def test_deleted_scope_can_be_written_again(self, store):
        store.set_many("s", {"a": 1, "b": 2})
        store.delete("s")
        store.set("s", "a", 3)
        assert store.get_many("s") == {"a": 3}

    def test_delete_can_be_of_global(self, store):
        store.set("global", "a", 1)
        assert store.delete("global") == 1
        assert store.keys("global") == []

    def test_touch_marks_an_existing_scope_as_used_now(self, store, clock):
        store.set("s", "a", 1)
        entry = store.entry("s", "a")
        clock.tick(60)
        assert store.touch("s") is True
        (info,) = store.scopes()
        assert (info.updated_at - entry.updated_at).total_seconds() == 60
        assert store.entry("s", "a") == entry

    def test_touch_makes_no_scope(self, store):
        assert store.touch("s") is False
        assert list(store.scopes()) == []
        store.set("s", "a", 1)
        store.delete("s")
        assert store.touch("s") is False

    def test_touch_is_forgotten_with_the_scope(self, store, clock):
        store.set("s", "a", 1)
        began = store.entry("s", "a").updated_at
        clock.tick(60)
        store.touch("s")
        store.delete("s")
        clock.time -= 30
        store.set("s", "a", 1)
        (info,) = store.scopes()
        assert (info.updated_at - began).total_seconds() == 30
