"""Rule 4: an expired entry is missing to every verb and in every count."""
# ruff: noqa: S101, SLF001 (a suite of tests, shipped)

import datetime as dt
import decimal
import math

import pytest

from statestore.entries import ABSENT, CleanReport
from statestore.exceptions import InvalidValue, VersionConflict
from statestore.testing.contract.suite import Suite

NO_TTL = [
    0, 0.0, -0.0, -1, -0.5, math.nan, math.inf, -math.inf, True, False, "60", b"60", [60],
    dt.timedelta(60), decimal.Decimal(60), 10**30, 10**400, -(10**5000), 1e300,
]  # fmt: skip


class Expiry(Suite):
    @pytest.fixture
    def expired(self, store, clock):
        """A scope with one entry that has expired, and nothing else; answers its version."""
        version = store.set("s", "k", 5, ttl=60)
        clock.tick(60)
        return version

    def test_entry_lives_until_its_end_and_not_a_moment_longer(self, store, clock):
        store.set("s", "k", 1, ttl=60)
        clock.tick(59.999)
        assert (store.get("s", "k"), store.keys("s")) == (1, ["k"])
        clock.tick(0.001)
        assert (store.get("s", "k"), store.keys("s")) == (None, [])

    def test_ttl_may_be_a_fraction_of_a_second(self, store, clock):
        store.set("s", "k", 1, ttl=0.5)
        clock.tick(0.25)
        assert store.get("s", "k") == 1
        clock.tick(0.25)
        assert store.get("s", "k") is None

    @pytest.mark.usefixtures("expired")
    def test_expired_entry_is_missing_to_every_verb_that_reads(self, store):
        assert store.get("s", "k", "gone") == "gone"
        assert store.get("s", ["k"], "gone") == ["gone"]
        assert store.get("s", "k", "gone", at="") == "gone"
        assert store.get_many("s") == store.get_many("s", ["k"]) == {}
        assert store.entry("s", "k") is None
        assert store.entries("s") == {}
        assert store.keys("s") == []

    @pytest.mark.usefixtures("expired")
    def test_scope_of_expired_entries_is_gone(self, store):
        assert list(store.scopes()) == []
        assert store.info("s") is None
        assert store.touch("s") is False
        assert store.clean([], dry_run=True) == CleanReport(dry_run=True)
        assert store.clean([]) == CleanReport()

    @pytest.mark.usefixtures("expired")
    def test_removing_what_has_expired_counts_nothing(self, store):
        assert store.remove("s", "k") == 0
        store.set("s", "k", 1, ttl=1)
        store.clock.tick(1)
        assert store.remove("s", ["k"]) == 0
        store.set("s", "k", 1, ttl=1)
        store.clock.tick(1)
        assert store.delete("s") == 0

    def test_counts_leave_out_what_has_expired(self, store, clock):
        store.set("s", "old", "x" * 100, ttl=60)
        store.set("s", "new", 1)
        clock.tick(60)
        (info,) = store.scopes()
        assert (info.name, info.entries, info.bytes) == ("s", 1, 1)
        assert store.clean([], dry_run=True).entries == 1
        assert store.delete("s") == 1

    def test_last_use_leaves_out_what_has_expired(self, store, clock):
        store.set("s", "new", 1)
        used = store.entry("s", "new").updated_at
        clock.tick(30)
        store.set("s", "old", 1, ttl=60)
        clock.tick(60)
        assert [info.updated_at for info in store.scopes()] == [used]

    @pytest.mark.usefixtures("expired")
    def test_update_and_increment_begin_anew(self, store):
        assert store.update("s", "k", lambda value: [value], "default") == ["default"]
        store.set("s", "n", 5, ttl=1)
        store.clock.tick(1)
        assert store.increment("s", "n") == 1
        assert store.entry("s", "n").expires_at is None

    @pytest.mark.usefixtures("expired")
    def test_part_is_written_into_nothing(self, store):
        store.set("s", "k", 1, at="/a")
        assert store.get("s", "k") == {"a": 1}
        assert store.entry("s", "k").expires_at is None

    def test_expired_version_is_no_version(self, store, expired):
        for call in (
            lambda: store.set("s", "k", 1, if_version=expired),
            lambda: store.set("s", "k", 1, at="/a", if_version=expired),
            lambda: store.remove("s", "k", if_version=expired),
        ):
            with pytest.raises(VersionConflict):
                call()
        assert store.get("s", "k") is None

    @pytest.mark.usefixtures("expired")
    def test_expired_entry_can_be_created_as_if_absent(self, store):
        store.set("s", "k", "new", if_version=ABSENT)
        assert store.get("s", "k") == "new"

    @pytest.mark.usefixtures("expired")
    def test_write_revives_only_what_it_writes(self, store):
        store.set("s", "other", 1)
        assert store.get_many("s") == {"other": 1}
        assert [info.entries for info in store.scopes()] == [1]

    def test_what_is_no_ttl_is_refused(self, store, refuses):
        for ttl in NO_TTL:
            refuses(InvalidValue, store.set, "s", "k", 1, ttl=ttl)
            refuses(InvalidValue, store.set, "s", ["k"], 1, ttl=ttl)
            refuses(InvalidValue, store.set, "s", "k", 1, at="/a", ttl=ttl)
            refuses(InvalidValue, store.set_many, "s", {"k": 1}, ttl=ttl)
            refuses(InvalidValue, store.set_many, "s", {}, ttl=ttl)

    def test_ttl_holds_for_all_keys_of_a_call(self, store, clock):
        store.set("s", ["a", "b"], [1, 2], ttl=10)
        store.set_many("s", {"c": 1, "d": 2}, ttl=20)
        clock.tick(10)
        assert store.keys("s") == ["c", "d"]
        clock.tick(10)
        assert store.keys("s") == []

    def test_none_is_for_ever(self, store, configure, clock):
        configure(TTL=60)
        store.set("s", "k", 1, ttl=None)
        store.set_many("s", {"l": 1}, ttl=None)
        clock.tick(10**9)
        assert store.keys("s") == ["k", "l"]

    def test_store_has_no_ttl_when_nothing_is_said(self, store, clock):
        store.set("s", "k", 1)
        clock.tick(10**9)
        assert store.get("s", "k") == 1

    def test_write_without_ttl_takes_that_of_the_store(self, store, configure, clock):
        configure(TTL=60)
        store.set("s", "a", 1)
        store.set("s", ["b"], [1])
        store.set_many("s", {"c": 1})
        store.update("s", "d", lambda _: 1)
        store.increment("s", "e")
        store.set("s", "f", 1, at="/x")
        clock.tick(59)
        assert store.keys("s") == list("abcdef")
        clock.tick(1)
        assert store.keys("s") == []

    def test_ordinary_write_lifts_an_older_end(self, store):
        store.set_many("s", {"a": 1, "b": 1, "c": 1}, ttl=60)
        store.set("s", "a", 2)
        store.set("s", ["b"], [2])
        store.set_many("s", {"c": 2})
        assert [entry.expires_at for entry in store.entries("s").values()] == [None] * 3

    def test_ordinary_write_replaces_an_older_end_by_that_of_the_store(self, store, configure, clock):
        configure(TTL=10)
        store.set("s", "k", 1, ttl=1000)
        store.set("s", "k", 2)
        clock.tick(10)
        assert store.get("s", "k") is None

    def test_increment_update_and_parts_keep_the_end_an_entry_has(self, store, configure, clock):
        configure(TTL=1000)
        store.set_many("s", {"n": 1, "u": 1, "p": {"x": 1}, "r": {"x": 1, "y": 1}}, ttl=60)
        ends = {key: entry.expires_at for key, entry in store.entries("s").items()}
        clock.tick(30)
        store.increment("s", "n")
        store.update("s", "u", lambda value: value + 1)
        store.set("s", "p", 2, at="/x")
        store.remove("s", "r", at="/x")
        assert {key: entry.expires_at for key, entry in store.entries("s").items()} == ends
        clock.tick(30)
        assert store.keys("s") == []

    def test_increment_update_and_parts_keep_an_entry_without_end_so(self, store, configure):
        store.set_many("s", {"n": 1, "u": 1, "p": {"x": 1}}, ttl=None)
        configure(TTL=60)
        store.increment("s", "n")
        store.update("s", "u", lambda value: value + 1)
        store.set("s", "p", 2, at="/x")
        assert [entry.expires_at for entry in store.entries("s").values()] == [None] * 3

    def test_part_may_be_written_with_a_ttl_of_its_own(self, store, clock):
        store.set("s", "k", {"a": 1})
        store.set("s", "k", 2, at="/a", ttl=60)
        clock.tick(60)
        assert store.get("s", "k") is None

    def test_reading_and_touching_never_extend(self, store, clock):
        store.set("s", "k", 1, ttl=60)
        end = store.entry("s", "k").expires_at
        clock.tick(59)
        store.get("s", "k")
        store.get_many("s")
        store.touch("s")
        list(store.scopes())
        assert store.entry("s", "k").expires_at == end
        clock.tick(1)
        assert store.get("s", "k") is None

    def test_clean_sweeps_out_what_has_expired(self, store, bare, clock):
        store.set_many("s", {"old": 1, "older": 1}, ttl=60)
        store.set("global", "old", 1, ttl=60)
        store.set("gone", "old", 1, ttl=60)
        store.set("s", "new", 1)
        clock.tick(60)
        assert store.clean(["s"]) == CleanReport(examined=1, kept=1)
        left = {scope: sorted(bare._read(scope, None)) for scope in ("s", "global", "gone")}
        assert left == {"s": ["new"], "global": [], "gone": []}

    def test_swept_entries_cost_no_live_one(self, store, clock):
        for number in range(5):
            store.set(f"s{number}", "old", 1, ttl=60)
            store.set(f"s{number}", "new", number)
        clock.tick(60)
        store.clean([f"s{number}" for number in range(5)])
        assert [store.get_many(f"s{number}") for number in range(5)] == [{"new": number} for number in range(5)]
