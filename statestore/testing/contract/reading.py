"""What the verbs that read answer."""
# ruff: noqa: S101 (a suite of tests, shipped)

from datetime import datetime

import pytest

from statestore.entries import Entry, to_datetime
from statestore.exceptions import InvalidKey
from statestore.testing.contract.suite import Suite


class Reading(Suite):
    def test_get_answers_the_value(self, store):
        store.set("s", "k", {"a": [1, 2]})
        assert store.get("s", "k") == {"a": [1, 2]}

    def test_get_of_a_missing_key_answers_the_default(self, store):
        store.set("s", "other", 1)
        assert store.get("s", "k") is None
        assert store.get("s", "k", "blue") == "blue"
        assert store.get("s", "k", default=[]) == []

    def test_get_in_a_missing_scope_answers_the_default(self, store):
        assert store.get("nowhere", "k", "blue") == "blue"

    def test_none_is_a_value_and_not_missing(self, store):
        store.set("s", "k", None)
        assert store.get("s", "k", "blue") is None
        assert store.get("s", ["k", "l"], "blue") == [None, "blue"]
        assert store.get_many("s") == {"k": None}
        assert store.entry("s", "k").value is None
        assert store.keys("s") == ["k"]

    @pytest.mark.parametrize("value", [False, 0, 0.0, "", [], {}])
    def test_what_is_false_is_a_value_and_not_missing(self, store, value):
        store.set("s", "k", value)
        assert store.get("s", "k", "blue") == value
        assert store.keys("s") == ["k"]

    def test_get_of_a_list_answers_in_the_order_asked(self, store):
        store.set_many("s", {"a": 1, "b": 2, "c": 3})
        assert store.get("s", ["c", "a", "b"]) == [3, 1, 2]

    def test_get_of_a_list_puts_the_default_for_each_missing_one(self, store):
        store.set_many("s", {"a": 1, "c": None})
        assert store.get("s", ["x", "a", "y", "c"]) == [None, 1, None, None]
        assert store.get("s", ["x", "a", "y", "c"], default=0) == [0, 1, 0, None]

    def test_get_of_a_tuple_answers_a_list(self, store):
        store.set("s", "a", 1)
        assert store.get("s", ("a", "b")) == [1, None]

    def test_get_of_a_list_answers_a_repeated_key_every_time(self, store):
        store.set("s", "a", [1])
        first, second, missing = store.get("s", ["a", "a", "b"])
        assert (first, second, missing) == ([1], [1], None)
        assert first is not second

    def test_get_of_an_empty_list_is_an_empty_list(self, store):
        assert store.get("s", []) == []

    def test_get_of_a_list_in_a_missing_scope_is_all_defaults(self, store):
        assert store.get("nowhere", ["a", "b"], 7) == [7, 7]

    def test_get_many_answers_those_that_exist(self, store):
        store.set_many("s", {"a": 1, "b": 2})
        assert store.get_many("s", ["b", "x", "b"]) == {"b": 2}

    def test_get_many_without_keys_answers_the_whole_scope(self, store):
        store.set_many("s", {"b": 2, "a": 1})
        store.set("s2", "c", 3)
        assert store.get_many("s") == {"a": 1, "b": 2}

    def test_get_many_of_no_keys_or_a_missing_scope_is_empty(self, store):
        store.set("s", "a", 1)
        assert store.get_many("s", []) == {}
        assert store.get_many("nowhere") == {}
        assert store.get_many("nowhere", ["a"]) == {}

    def test_get_many_takes_any_iterable_of_keys(self, store):
        store.set_many("s", {"a": 1, "b": 2})
        assert store.get_many("s", {"a", "b"}) == {"a": 1, "b": 2}
        assert store.get_many("s", (key for key in "ab")) == {"a": 1, "b": 2}

    @pytest.mark.parametrize("keys", ["ab", b"ab", 5])
    def test_get_many_takes_no_text_for_a_list(self, store, refuses, keys):
        refuses(InvalidKey, store.get_many, "s", keys)

    def test_entry_tells_value_version_and_dates(self, store, bare, clock):
        clock.tick(0.25)
        version = store.set("s", "k", {"a": 1}, ttl=60)
        expected = Entry({"a": 1}, version, to_datetime(bare.now()), to_datetime(bare.now() + 60_000_000))
        assert store.entry("s", "k") == expected

    def test_entry_without_an_end_says_so(self, store):
        store.set("s", "k", 1)
        assert store.entry("s", "k").expires_at is None

    def test_entry_dates_are_aware_datetimes(self, store):
        store.set("s", "k", 1, ttl=5)
        entry = store.entry("s", "k")
        assert [type(entry.updated_at), type(entry.expires_at)] == [datetime, datetime]
        assert entry.updated_at.utcoffset().total_seconds() == 0

    def test_entry_of_what_is_missing_is_none(self, store):
        store.set("s", "other", 1)
        assert store.entry("s", "k") is None
        assert store.entry("nowhere", "k") is None

    def test_entries_are_told_together(self, store):
        store.set_many("s", {"a": 1, "b": 2})
        assert store.entries("s") == {"a": store.entry("s", "a"), "b": store.entry("s", "b")}
        assert store.entries("s", ["b", "x"]) == {"b": store.entry("s", "b")}

    def test_keys_are_sorted_by_code_point(self, store):
        names = ["b", "a", "B", "é", "\ufffd", "\U0001f600", "10", "9", "a b", "Z"]
        store.set_many("s", dict.fromkeys(names, 1))
        assert store.keys("s") == sorted(names)

    def test_keys_of_a_missing_scope_are_none(self, store):
        assert store.keys("nowhere") == []

    def test_reading_makes_no_scope(self, store):
        store.get("s", "k")
        store.get("s", ["k"])
        store.get_many("s")
        store.entry("s", "k")
        store.keys("s")
        assert list(store.scopes()) == []

    def test_caller_and_store_share_no_object(self, store):
        given = {"list": [1], "object": {"a": 1}}
        store.set("s", "k", given)
        given["list"].append(2)
        given["object"]["b"] = 2
        first = store.get("s", "k")
        first["list"].append(3)
        store.get("s", ["k"])[0]["list"].append(4)
        store.get_many("s")["k"]["list"].append(5)
        store.entry("s", "k").value["list"].append(6)
        assert store.get("s", "k") == {"list": [1], "object": {"a": 1}}
