"""Rule 10: what is told, and when."""
# ruff: noqa: S101 (a suite of tests, shipped)

import logging

import pytest

from statestore.exceptions import InvalidValue, VersionConflict
from statestore.signals import entry_changed, entry_removed, scope_deleted
from statestore.testing.contract.suite import Suite, final, heard


def told(signal, bare, **details):
    """What a receiver of the signal is given."""
    return signal, {"sender": type(bare), "store": bare, "alias": bare.alias, **details}


class Signals(Suite):
    @pytest.fixture
    def listening(self):
        return lambda: heard(entry_changed, entry_removed, scope_deleted)

    def test_every_write_tells_of_its_entry(self, store, bare, listening):
        with listening() as found:
            first = store.set("s", "k", 1)
            second = store.set("s", "part", {}, ttl=5)
            third = store.set("s", "part", 1, at="/a")
        assert found == [
            told(entry_changed, bare, scope="s", key="k", version=first),
            told(entry_changed, bare, scope="s", key="part", version=second),
            told(entry_changed, bare, scope="s", key="part", version=third),
        ]

    def test_update_increment_and_removal_of_a_part_are_changes(self, store, bare, listening):
        store.set("s", "part", {"a": 1})
        with listening() as found:
            store.update("s", "u", lambda _: 1)
            store.increment("s", "n")
            store.remove("s", "part", at="/a")
        versions = {key: entry.version for key, entry in store.entries("s").items()}
        assert found == [
            told(entry_changed, bare, scope="s", key=key, version=versions[key]) for key in ("u", "n", "part")
        ]

    def test_bulk_write_tells_of_every_entry(self, store, bare, listening):
        with listening() as found:
            version = store.set_many("s", {"a": 1, "b": 2})
            paired = store.set("s", ["c", "d"], 1)
        assert found == [
            told(entry_changed, bare, scope="s", key=key, version=one)
            for key, one in (("a", version), ("b", version), ("c", paired), ("d", paired))
        ]

    def test_removal_tells_of_those_that_were_there(self, store, bare, listening):
        store.set_many("s", {"a": 1, "b": 2, "c": 3})
        with listening() as found:
            store.remove("s", "a")
            store.remove("s", ["missing", "b"])
            store.remove("s", "missing")
        assert found == [told(entry_removed, bare, scope="s", key=key) for key in ("a", "b")]

    def test_delete_tells_of_the_scope(self, store, bare, listening):
        store.set_many("s", {"a": 1, "b": 2})
        with listening() as found:
            store.delete("s")
            store.delete("s")
        assert found == [told(scope_deleted, bare, scope="s", entries=2)]

    def test_clean_tells_of_every_scope_that_went(self, store, bare, listening):
        for name in ("a", "b", "c", "global"):
            store.set_many(name, {"x": 1, "y": 2})
        with listening() as found:
            store.clean(["b"], dry_run=True)
            store.clean(["b"])
        found.sort(key=lambda one: one[1]["scope"])
        assert found == [told(scope_deleted, bare, scope=name, entries=2) for name in ("a", "c")]

    def test_nothing_is_told_when_nothing_changed(self, store, listening):
        store.set("s", "k", {"a": 1})
        with listening() as found:
            for call, error in (
                (lambda: store.set("s", "k", 2, if_version="old"), VersionConflict),
                (lambda: store.set("s", "k", 2, if_version="old", at="/a"), VersionConflict),
                (lambda: store.remove("s", "k", if_version="old"), VersionConflict),
                (lambda: store.set("s", "k", {1}), InvalidValue),
                (lambda: store.increment("s", "k"), InvalidValue),
            ):
                with pytest.raises(error):
                    call()
            store.remove("s", "k", at="/nothing")
            store.touch("s")
            store.get("s", "k")
            store.set_many("s", {})
            list(store.scopes())
        assert found == []

    def test_failing_receiver_breaks_nothing_and_is_logged(self, store, listening, caplog):
        def fail(**carried):
            raise RuntimeError("receiver failed")

        store.set("t", "k", 1)
        for signal in (entry_changed, entry_removed, scope_deleted):
            signal.connect(fail)
        try:
            with caplog.at_level(logging.ERROR, logger="statestore"), listening() as found:
                store.set("s", "k", 1)
                store.remove("s", "k")
                store.delete("t")
        finally:
            for signal in (entry_changed, entry_removed, scope_deleted):
                signal.disconnect(fail)
        assert [signal for signal, _ in found] == [entry_changed, entry_removed, scope_deleted]
        logged = [record for record in caplog.records if record.name == "statestore"]
        assert [str(record.exc_info[1]) for record in logged] == ["receiver failed"] * 3
        assert list(store.scopes()) == []

    def test_receiver_sees_what_was_written_and_may_write_itself(self, store, bare):
        """No lock is held while receivers are called."""
        seen = []

        def answer(scope, key, **carried):
            if key == "k":
                seen.append(bare.get(scope, key))
                bare.set(scope, "answer", "mine")

        entry_changed.connect(answer)
        try:
            with final():
                store.set("s", "k", "theirs")
                store.update("s", "k", lambda value: value + "!")
        finally:
            entry_changed.disconnect(answer)
        assert seen in (["theirs", "theirs!"], ["theirs!", "theirs!"])
        assert store.get("s", "answer") == "mine"
