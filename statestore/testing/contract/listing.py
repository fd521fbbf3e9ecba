"""``scopes``: by name in code point order, page by page."""
# ruff: noqa: S101 (a suite of tests, shipped)

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from statestore.entries import ScopeInfo
from statestore.exceptions import InvalidScope, InvalidValue
from statestore.testing.contract.suite import Suite

NAMES = sorted([
    "A", "B", "a", "aa", "ab", "b", "flow:1", "flow:10", "flow:2", "global", "user", "user:1", "user:12",
    "user:1:a", "user:2", "User:1", "é", "e\u0301", "z", "~", "\ud7ff", "\ue000", "\ufffd", "\uffff",
    "\U00010000", "\U0001f600", "\U0010ffff", "\U0010ffff\U0010ffff", " ", "%", "_", "*", "user_1", "user%1",
    "a b", "a:", ":",
])  # fmt: skip

PREFIXES = [
    "u", "user", "user:", "user:1", "user_", "user%", "%", "_", "*", "a", "A", "e", "é", "\U0010ffff", "\U0001f600",
    "\ud7ff", "\uffff", "\ue000", "nothing", ":", " ", "flow:1",
]  # fmt: skip
PLACES = ["", "a", "aaa", "user:1", "user:", "\ud7ff", "\uffff", "\U00010000", "\U0010ffff" * 3, "!"]


def names(infos):
    return [info.name for info in infos]


class Listing(Suite):
    @pytest.fixture
    def full(self, bare):
        for name in NAMES:
            bare.set(name, "k", 1)

    def test_no_scopes_no_list(self, store):
        assert list(store.scopes()) == []

    def test_scope_is_told_with_entries_bytes_and_last_use(self, store, clock):
        store.set_many("s", {"a": {"b": [1, 2]}, "c": "é"})
        clock.tick(60)
        store.set("s", "n", None)
        last = store.entry("s", "n").updated_at
        store.set("t", "k", 1)
        assert list(store.scopes()) == [
            ScopeInfo("s", 3, len('{"b":[1,2]}') + len('"é"'.encode()) + len("null"), last),
            ScopeInfo("t", 1, 1, last),
        ]

    def test_one_scope_is_told_alone(self, store):
        store.set("user:1", "k", 1)
        store.set("user:12", "k", 1)
        assert store.info("user:1") == next(store.scopes())
        assert store.info("user:") is None
        assert store.info("user:12").name == "user:12"

    def test_counts_follow_every_write(self, store):
        store.set_many("s", {"a": "xx", "b": 1})
        store.set("s", "a", 1)
        store.increment("s", "b", 99)
        store.set("s", "c", {})
        store.remove("s", "a")
        assert [(info.entries, info.bytes) for info in store.scopes()] == [(2, len("100") + len("{}"))]

    @pytest.mark.usefixtures("full")
    def test_scopes_come_in_code_point_order(self, store):
        assert names(store.scopes()) == NAMES

    def test_scopes_is_an_iterator(self, bare):
        scopes = bare.scopes()
        assert iter(scopes) is scopes

    @pytest.mark.usefixtures("full")
    def test_prefix_is_plain_text(self, store):
        for prefix in PREFIXES:
            expected = [name for name in NAMES if name.startswith(prefix)]
            assert names(store.scopes(prefix)) == names(store.scopes(prefix=prefix)) == expected

    @pytest.mark.usefixtures("full")
    def test_prefix_may_be_what_is_no_name(self, store):
        store.set("..a", "k", 1)
        assert names(store.scopes(".")) == names(store.scopes("..")) == ["..a"]

    @pytest.mark.usefixtures("full")
    def test_after_is_a_place_in_the_order(self, store):
        for after in PLACES:
            assert names(store.scopes(after=after)) == [name for name in NAMES if name > after]

    @pytest.mark.usefixtures("full")
    def test_after_goes_with_prefix(self, store):
        for after in ("", "a", "user", "user:1", "user:12", "user:9", "z"):
            expected = [name for name in NAMES if name.startswith("user:") and name > after]
            assert names(store.scopes("user:", after=after)) == expected

    @pytest.mark.usefixtures("full")
    def test_limit_is_the_most_that_come(self, store):
        for limit in [0, 1, 2, 5, 36, 37, 38, 5000]:
            assert names(store.scopes(limit=limit)) == NAMES[:limit]

    @pytest.mark.usefixtures("full")
    def test_pages_make_up_the_whole(self, store):
        found, after = [], ""
        while page := names(store.scopes(after=after, limit=4)):
            assert len(page) <= 4
            found += page
            after = page[-1]
        assert found == NAMES

    @pytest.mark.usefixtures("full")
    def test_long_list_is_read_in_several_steps(self, store, monkeypatch):
        monkeypatch.setattr("statestore.backends.walking.PAGE", 5)
        assert names(store.scopes()) == NAMES
        assert names(store.scopes(limit=12)) == NAMES[:12]
        assert names(store.scopes("user", limit=6)) == [name for name in NAMES if name.startswith("user")][:6]

    def test_expired_scopes_leave_no_gap_in_a_page(self, store, clock, monkeypatch):
        monkeypatch.setattr("statestore.backends.walking.PAGE", 3)
        for number in range(20):
            store.set(f"s{number:02}", "k", 1, ttl=None if number % 5 == 4 else 60)
        clock.tick(60)
        assert names(store.scopes()) == ["s04", "s09", "s14", "s19"]
        assert names(store.scopes(limit=2)) == ["s04", "s09"]
        assert names(store.scopes(limit=2, after="s09")) == ["s14", "s19"]

    def test_idle_since_keeps_those_not_used_since(self, store, clock, monkeypatch):
        monkeypatch.setattr("statestore.backends.walking.PAGE", 2)
        for name in ("a", "b", "c", "d", "e", "f"):
            store.set(name, "k", 1)
            clock.tick(10)
        store.touch("b")
        store.set("c", "other", 1)
        store.get("a", "k")
        moment = store.entry("e", "k").updated_at
        assert names(store.scopes(idle_since=moment)) == ["a", "d"]
        assert names(store.scopes(idle_since=moment + timedelta(microseconds=1))) == ["a", "d", "e"]
        assert names(store.scopes(idle_since=moment, limit=1)) == ["a"]
        assert names(store.scopes(idle_since=moment, after="a")) == ["d"]
        assert names(store.scopes("e", idle_since=moment)) == []
        assert names(store.scopes(idle_since=moment - timedelta(days=400))) == []

    def test_names_keep_their_neighbours_out(self, store):
        for before, after in pairwise(["a", "a\ufffd", "a\U00010000", "b"]):
            store.set(before, "k", 1)
            store.set(after, "k", 1)
        assert names(store.scopes("a", after="a\ufffd")) == ["a\U00010000"]

    @pytest.mark.parametrize("limit", [-1, 1.5, "3", True, [1]])
    def test_what_is_no_limit_is_refused(self, store, refuses, limit):
        refuses(InvalidValue, lambda: list(store.scopes(limit=limit)))

    @pytest.mark.parametrize("moment", ["2024-01-01", 5, datetime(2024, 1, 1), timedelta(1)], ids=repr)  # noqa: DTZ001
    def test_what_is_no_moment_is_refused(self, store, refuses, moment):
        refuses(InvalidValue, lambda: list(store.scopes(idle_since=moment)))

    @pytest.mark.parametrize("text", ["\x00", "\ud800", "x" * 201, 5, None, b"a"], ids=ascii)
    def test_what_begins_no_name_is_refused(self, store, refuses, text):
        refuses(InvalidScope, lambda: list(store.scopes(text)))
        refuses(InvalidScope, lambda: list(store.scopes(after=text)))
