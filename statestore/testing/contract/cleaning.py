"""``clean``: what is not active goes, what is active or comes alive meanwhile stays."""
# ruff: noqa: S101, SLF001 (a suite of tests, shipped)

from datetime import datetime, timedelta

import pytest

from statestore.entries import CleanReport
from statestore.exceptions import InvalidScope, InvalidValue
from statestore.testing.contract.suite import Suite


def fill(store, *names, **values):
    for name in names:
        store.set_many(name, values or {"k": 1})


def left(store):
    return [info.name for info in store.scopes()]


class Cleaning(Suite):
    def test_active_scopes_stay_and_others_go(self, store):
        fill(store, "n1", "n2", "n3", a=1, b=2)
        report = store.clean(["n1", "n3"])
        assert report == CleanReport(examined=3, removed=1, kept=2, entries=2, dry_run=False)
        assert left(store) == ["n1", "n3"]
        assert store.get_many("n1") == {"a": 1, "b": 2}
        assert store.get_many("n2") == {}

    def test_active_id_covers_what_lies_below_it_and_nothing_beside(self, store):
        fill(
            store,
            "n1",
            "n1:f7",
            "n1:f7:x",
            "n12",
            "n12:f7",
            "f7",
            "f7:n1",
            "N1",
            "n1 ",
            "n1;f7",
            "n",
            "x:n1",
            "n1:",
        )
        assert store.clean(["n1"]).removed == 9
        assert left(store) == ["n1", "n1:", "n1:f7", "n1:f7:x"]

    def test_last_segment_covers_nothing(self, store):
        fill(store, "n1:f7", "n2:f7", "f7")
        store.clean(["f7"])
        assert left(store) == ["f7"]

    def test_active_id_may_have_several_segments(self, store):
        fill(store, "a", "a:b", "a:b:c", "a:bc", "a:b:c:d", "b:c")
        store.clean(["a:b"])
        assert left(store) == ["a:b", "a:b:c", "a:b:c:d"]

    def test_global_always_stays_and_exactly_that(self, store):
        fill(store, "global", "global:x", "Global", "global ", "globa", "globals")
        assert store.clean([]) == CleanReport(examined=6, removed=5, kept=1, entries=5)
        assert left(store) == ["global"]

    def test_global_stays_however_idle_it_is(self, store, clock):
        fill(store, "global", "s")
        moment = store.entry("s", "k").updated_at + timedelta(seconds=1)
        clock.tick(100)
        store.clean([], prefix="", idle_since=moment)
        assert left(store) == ["global"]

    def test_active_ids_that_have_no_scope_do_no_harm(self, store):
        fill(store, "a")
        assert store.clean(["a", "b", "c:d", "a"]) == CleanReport(examined=1, kept=1)

    @pytest.mark.parametrize("kind", [list, tuple, set, frozenset, iter, dict.fromkeys])
    def test_active_may_be_any_collection(self, store, kind):
        fill(store, "a", "b", "c:d")
        store.clean(kind(["a", "c"]))
        assert left(store) == ["a", "c:d"]

    @pytest.mark.parametrize("active", ["abc", b"abc", None, 5, ["a", 5], ["a", "\x00"], [""], [None]])
    def test_what_is_no_list_of_ids_is_refused(self, store, refuses, active):
        refuses(InvalidScope, store.clean, active)

    @pytest.mark.parametrize("prefix", ["\x00", "x" * 201, None, 5])
    def test_what_begins_no_name_is_refused(self, store, refuses, prefix):
        refuses(InvalidScope, store.clean, ["a"], prefix=prefix)

    @pytest.mark.parametrize("moment", [5, "2024-01-01", datetime(2024, 1, 1), timedelta(1)], ids=repr)  # noqa: DTZ001
    def test_what_is_no_moment_is_refused(self, store, refuses, moment):
        refuses(InvalidValue, store.clean, ["a"], idle_since=moment)

    def test_prefix_keeps_the_clean_to_a_family(self, store):
        fill(store, "flow:1", "flow:2", "flow", "flower", "user:1", "global")
        assert store.clean(["flow:1"], prefix="flow:") == CleanReport(examined=2, removed=1, kept=1, entries=1)
        assert left(store) == ["flow", "flow:1", "flower", "global", "user:1"]

    @pytest.mark.parametrize("upto", ["flow:2", "flow:~", "flow;", "zzz"])
    def test_a_clean_in_parts_stays_within_its_prefix(self, store, upto):
        names = ["a", "flow", "flow:1", "flow:2", "flow;", "user:1"]
        fill(store, *names)
        for dry_run in (True, False):
            report = store.clean([], prefix="flow:", after="flow:1", upto=upto, dry_run=dry_run)
            assert report == CleanReport(examined=1, removed=1, kept=0, entries=1, dry_run=dry_run)
        assert left(store) == [name for name in names if name != "flow:2"]

    @pytest.mark.parametrize("prefix", ["%", "_", "*", "a%", "a_", "[a]"])
    def test_prefix_is_plain_text(self, store, prefix):
        fill(store, "a", "ab", "abc", prefix, f"{prefix}x")
        assert store.clean([], prefix=prefix).removed == 2
        assert left(store) == ["a", "ab", "abc"]

    def test_idle_since_removes_only_what_was_not_used_since(self, store, clock):
        for name in ("old", "touched", "rewritten", "active", "new"):
            fill(store, name)
            clock.tick(10)
        store.touch("touched")
        store.set("rewritten", "other", 1)
        moment = store.entry("new", "k").updated_at
        assert store.clean(["active"], idle_since=moment) == CleanReport(examined=5, removed=1, kept=4, entries=1)
        assert left(store) == ["active", "new", "rewritten", "touched"]

    def test_used_at_that_very_moment_is_used_since(self, store):
        fill(store, "s")
        moment = store.entry("s", "k").updated_at
        store.clean([], idle_since=moment)
        assert left(store) == ["s"]
        store.clean([], idle_since=moment + timedelta(microseconds=1))
        assert left(store) == []

    def test_moment_in_the_future_spares_nothing_that_is_older_than_the_clean(self, store):
        fill(store, "s")
        store.clean([], idle_since=store.entry("s", "k").updated_at + timedelta(days=1))
        assert left(store) == []

    def test_dry_run_counts_and_changes_nothing(self, store, clock):
        fill(store, "a", "b", "b:c", "global", x=1, y=2)
        store.set("b", "old", 1, ttl=60)
        clock.tick(60)
        before = {info: store.entries(info.name) for info in store.scopes()}
        told = []
        report = store.clean(["a"], dry_run=True, progress=told.append)
        assert report == CleanReport(examined=4, removed=2, kept=2, entries=4, dry_run=True)
        assert told[-1] == report
        assert {info: store.entries(info.name) for info in store.scopes()} == before
        assert store.clean(["a"]) == CleanReport(examined=4, removed=2, kept=2, entries=4)

    def test_second_clean_finds_nothing_to_do(self, store):
        fill(store, "a", "b")
        store.clean(["a"])
        assert store.clean(["a"]) == CleanReport(examined=1, kept=1)

    def test_clean_of_nothing_says_so(self, store):
        assert store.clean([]) == CleanReport()

    def test_progress_is_told_after_every_batch(self, store):
        fill(store, *(f"s{number}" for number in range(7)))
        told = []
        report = store.clean(["s3"], progress=told.append, batch_size=2)
        assert report == CleanReport(examined=7, removed=6, kept=1, entries=6)
        assert [one.examined for one in told] == [2, 4, 6, 7]
        assert told[-1] == report
        assert left(store) == ["s3"]

    @pytest.mark.parametrize("size", [1, 2, 3, 50])
    def test_size_of_a_batch_changes_no_result(self, store, clock, size):
        for number in range(10):
            store.set(f"s{number}", "k", 1, ttl=60 if number % 3 == 0 else None)
        clock.tick(60)
        assert store.clean(["s1", "s9"], batch_size=size) == CleanReport(examined=6, removed=5, kept=1, entries=5)
        assert left(store) == ["s1"]

    @pytest.mark.parametrize("size", [0, -1, 1.5, "5", True])
    def test_what_is_no_size_is_refused(self, store, refuses, size):
        refuses(InvalidValue, store.clean, [], batch_size=size)

    def test_what_comes_alive_during_the_clean_stays(self, store, bare, clock):
        """Written, created or touched between two batches: none of them goes."""
        fill(store, *(f"s{number}" for number in range(6)))

        def come_alive(report):
            clock.tick(1)
            if report.examined == 2:
                bare.set("s3", "k", "alive")
                bare.touch("s4")
                bare.set("s5a", "k", "born")
                bare.set("s0", "k", "again")

        report = store.clean([], progress=come_alive, batch_size=2)
        assert left(store) == ["s0", "s3", "s4", "s5a"]
        assert (report.removed, report.entries) == (4, 4)
        assert report.examined == report.removed + report.kept

    def test_what_comes_alive_while_the_ids_are_read_stays(self, store, bare, clock):
        fill(store, "a", "b")

        def ids():
            clock.tick(1)
            bare.set("b", "k", "alive")
            clock.tick(1)
            yield "c"

        assert store.clean(ids()).removed == 1
        assert left(store) == ["b"]

    def test_what_comes_alive_after_it_was_looked_at_stays(self, store, bare, clock):
        """Written between the look at a batch and its removal."""
        fill(store, "a", "b", "c", "d")
        looked_at = bare.now()
        clock.tick(1)
        bare.set("b", "new", 1)
        bare.touch("c")
        assert bare._clean(["a", "b", "c", "d"], looked_at, bare.now()) == {"a": 1, "d": 1}
        assert left(store) == ["b", "c"]
        assert store.get_many("b") == {"k": 1, "new": 1}

    def test_what_goes_during_the_clean_is_not_counted_as_cleaned(self, store, bare):
        fill(store, *(f"s{number}" for number in range(4)))

        def go(report):
            if report.examined == 2:
                bare.delete("s2")

        assert store.clean([], progress=go, batch_size=2) == CleanReport(examined=3, removed=3, entries=3)

    def test_cleaned_scope_can_be_written_again(self, store):
        fill(store, "s", a=1, b=2)
        store.clean([])
        store.set("s", "a", 3)
        assert store.get_many("s") == {"a": 3}
        assert [info.entries for info in store.scopes()] == [1]

    def test_many_scopes_of_all_kinds(self, store):
        kept = [f"n{number}:f1" for number in range(60)]
        fill(store, *kept, *(f"n{number}:f2" for number in range(60)), *(f"m{number}" for number in range(60)))
        report = store.clean(kept, batch_size=25)
        assert report == CleanReport(examined=180, removed=120, kept=60, entries=120)
        assert left(store) == sorted(kept)
