"""Versions, and writing only over the one you saw."""
# ruff: noqa: S101 (a suite of tests, shipped)

import pytest

from statestore.entries import ABSENT
from statestore.exceptions import InvalidValue, VersionConflict
from statestore.testing.contract.suite import Suite


class Versions(Suite):
    def test_set_answers_the_version_the_entry_has(self, store):
        version = store.set("s", "k", 1)
        assert isinstance(version, str)
        assert version == store.entry("s", "k").version

    def test_keys_written_by_one_call_share_a_version(self, store):
        for write in (lambda: store.set("s", ["a", "b"], [1, 2]), lambda: store.set_many("s", {"a": 3, "b": 4})):
            version = write()
            assert [entry.version for entry in store.entries("s").values()] == [version] * 2

    def test_every_write_changes_the_version(self, store):
        store.set_many("s", {"k": 1, "part": {"a": 1, "b": 1}})
        seen = []

        def note(key):
            seen.append(store.entry("s", key).version)

        for write in (
            lambda: store.set("s", "k", 1),
            lambda: store.set("s", ["k"], [1]),
            lambda: store.set_many("s", {"k": 1}),
            lambda: store.update("s", "k", lambda value: value),
            lambda: store.increment("s", "k", 0),
        ):
            note("k")
            write()
        note("k")
        store.set("s", "part", 1, at="/a")
        note("part")
        store.remove("s", "part", at="/b")
        note("part")
        assert len(set(seen)) == len(seen) == 8

    @pytest.mark.parametrize("version", ["", "é", "\0", "\ud800", "x" * 1000, "'"])
    def test_text_that_no_version_can_be_is_a_conflict_like_any_other(self, store, version):
        store.set("s", "k", 1)
        with pytest.raises(VersionConflict):
            store.set("s", "k", 2, if_version=version)
        with pytest.raises(VersionConflict):
            store.remove("s", "k", if_version=version)
        assert store.get("s", "k") == 1

    def test_version_with_a_space_after_it_is_another(self, store):
        version = store.set("s", "k", 1)
        with pytest.raises(VersionConflict):
            store.set("s", "k", 2, if_version=f"{version} ")

    def test_reading_and_touching_change_no_version(self, store):
        version = store.set("s", "k", 1)
        store.get("s", "k")
        store.touch("s")
        store.set("s", "other", 1)
        list(store.scopes())
        assert store.entry("s", "k").version == version

    def test_version_is_never_used_twice(self, store, clock):
        seen = set()
        for again in (store.remove, lambda scope, key: store.delete(scope), lambda scope, key: clock.tick(60)):
            for _ in range(5):
                seen.add(store.set("s", "k", 1, ttl=60))
                again("s", "k")
        assert len(seen) == 15

    def test_version_of_a_removed_entry_does_not_fit_its_successor(self, store):
        old = store.set("s", "k", 1)
        store.remove("s", "k")
        store.set("s", "k", 1)
        with pytest.raises(VersionConflict):
            store.set("s", "k", 2, if_version=old)
        assert store.get("s", "k") == 1

    def test_set_over_the_current_version_writes(self, store):
        first = store.set("s", "k", 1)
        second = store.set("s", "k", 2, if_version=first)
        assert (store.get("s", "k"), store.entry("s", "k").version) == (2, second)
        assert second != first

    def test_set_over_an_old_version_changes_nothing(self, store, clock):
        old = store.set("s", "k", 1)
        store.set("s", "k", 2, ttl=60)
        entry = store.entry("s", "k")
        clock.tick(1)
        with pytest.raises(VersionConflict):
            store.set("s", "k", 3, if_version=old, ttl=5)
        assert store.entry("s", "k") == entry

    def test_set_over_a_version_of_what_is_missing_creates_nothing(self, store):
        version = store.set("s", "k", 1)
        store.remove("s", "k")
        for missing in (version, "", "no such version"):
            with pytest.raises(VersionConflict):
                store.set("s", "k", 2, if_version=missing)
        assert list(store.scopes()) == []

    def test_version_of_one_key_does_not_fit_another(self, store):
        version = store.set("s", "a", 1)
        store.set("s", "b", 1)
        with pytest.raises(VersionConflict):
            store.set("s", "b", 2, if_version=version)

    def test_absent_only_creates(self, store):
        version = store.set("s", "k", 1, if_version=ABSENT)
        with pytest.raises(VersionConflict):
            store.set("s", "k", 2, if_version=ABSENT)
        assert (store.get("s", "k"), store.entry("s", "k").version) == (1, version)

    def test_absent_creates_beside_others_and_after_removal(self, store):
        store.set("s", "other", 1)
        store.set("s", "k", None, if_version=ABSENT)
        with pytest.raises(VersionConflict):
            store.set("s", "k", 2, if_version=ABSENT)
        store.remove("s", "k")
        store.set("s", "k", 3, if_version=ABSENT)
        assert store.get_many("s") == {"other": 1, "k": 3}

    def test_conditional_set_may_have_a_ttl(self, store, clock):
        version = store.set("s", "k", 1, if_version=ABSENT, ttl=60)
        store.set("s", "k", 2, if_version=version, ttl=120)
        clock.tick(119)
        assert store.get("s", "k") == 2
        clock.tick(1)
        assert store.get("s", "k") is None

    def test_conflict_names_scope_and_key(self, store):
        with pytest.raises(VersionConflict) as caught:
            store.set("flow:1", "cart", 1, if_version="old")
        assert (caught.value.scope, caught.value.key) == ("flow:1", "cart")

    def test_remove_of_the_current_version_removes(self, store):
        version = store.set("s", "k", 1)
        store.set("s", "other", 1)
        assert store.remove("s", "k", if_version=version) == 1
        assert store.keys("s") == ["other"]

    def test_remove_of_an_old_version_or_of_nothing_is_a_conflict(self, store):
        old = store.set("s", "k", 1)
        store.set("s", "k", 2)
        for key in ("k", "missing"):
            with pytest.raises(VersionConflict):
                store.remove("s", key, if_version=old)
        with pytest.raises(VersionConflict):
            store.remove("nowhere", "k", if_version=old)
        assert store.get_many("s") == {"k": 2}

    def test_remove_takes_no_absent(self, store, refuses):
        refuses(InvalidValue, store.remove, "s", "k", if_version=ABSENT)

    @pytest.mark.parametrize("version", [1, 1.5, b"v", True, ["v"], object()])
    def test_what_is_no_version_is_refused(self, store, refuses, version):
        refuses(InvalidValue, store.set, "s", "k", 1, if_version=version)
        refuses(InvalidValue, store.set, "s", "k", 1, at="/a", if_version=version)
        refuses(InvalidValue, store.remove, "s", "k", if_version=version)

    def test_part_over_a_version(self, store):
        old = store.set("s", "k", {"a": 1})
        new = store.set("s", "k", 2, at="/a", if_version=old)
        assert (store.get("s", "k"), store.entry("s", "k").version) == ({"a": 2}, new)
        with pytest.raises(VersionConflict):
            store.set("s", "k", 3, at="/a", if_version=old)
        with pytest.raises(VersionConflict):
            store.remove("s", "k", at="/a", if_version=old)
        with pytest.raises(VersionConflict):
            store.set("s", "k", 3, at="/a", if_version=ABSENT)
        assert store.get("s", "k") == {"a": 2}

    def test_part_of_what_is_absent(self, store):
        store.set("s", "k", 1, at="/a", if_version=ABSENT)
        assert store.get("s", "k") == {"a": 1}
        with pytest.raises(VersionConflict):
            store.set("s", "new", 1, at="/a", if_version="old")
        assert store.keys("s") == ["k"]

    def test_part_is_removed_over_a_version(self, store):
        version = store.set("s", "k", {"a": 1, "b": 2})
        assert store.remove("s", "k", at="/a", if_version=version) == 1
        assert store.get("s", "k") == {"b": 2}
