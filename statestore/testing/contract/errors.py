"""Rules 8 and 9: a store that is unwell says so, and an entry that can't be read is named."""
# ruff: noqa: S101 (a suite of tests, shipped)

import pytest

from statestore.entries import Health
from statestore.exceptions import CorruptState, StateStoreError, StoreError, StoreTimeout, StoreUnavailable
from statestore.testing.contract.calls import ALL, each
from statestore.testing.contract.suite import HOOKS, Suite, plant, replaced

BROKEN = [b"", b"{", b"not json", b"[1,]", b"NaN", b"{'a': 1}", b"nul"]


class Errors(Suite):
    @pytest.fixture
    def failing(self, bare):
        """Let every hook of the store fail with the error."""

        def failing(error):
            def fail(*args, **kwargs):
                raise error

            hooks = [name for name in HOOKS if name not in ("_open", "_after_commit")]
            return replaced(bare, dict.fromkeys(hooks, fail))

        return failing

    @each(ALL)
    def test_failing_backend_is_an_error_of_every_verb(self, store, bare, failing, call):
        bare.open()
        cause = bare.vendor_errors[0]("boom")
        with failing(cause), pytest.raises(StoreUnavailable) as caught:
            call(store)
        assert caught.value.__cause__ is cause
        assert caught.value.alias == bare.alias
        assert bare.alias in str(caught.value)

    @each(ALL)
    def test_error_of_ours_passes_as_it_is(self, store, bare, failing, call):
        bare.open()
        error = StoreTimeout("no answer", alias=bare.alias)
        with failing(error), pytest.raises(StoreTimeout) as caught:
            call(store)
        assert str(caught.value) == "no answer"

    def test_failure_is_over_when_the_backend_is_back(self, store, bare, failing):
        store.set("s", "k", 1)
        with failing(bare.vendor_errors[0]("boom")), pytest.raises(StoreError):
            store.get("s", "k")
        assert store.get("s", "k") == 1

    def test_store_is_in_good_health(self, store, bare):
        health = store.health()
        assert (type(health), health.alias, health.backend) == (Health, bare.alias, type(bare).__name__)
        assert (health.reachable, health.error) == (True, "")
        assert 0 <= health.latency < 30
        assert [type(threat) for threat in health.threats] == [str] * len(health.threats)
        assert (type(health.server), type(health.version)) == (str, str)

    def test_store_tells_that_it_can_not_be_reached(self, store, bare, failing):
        bare.open()
        with failing(bare.vendor_errors[0]("boom")):
            health = store.health()
        assert (health.reachable, health.alias) == (False, bare.alias)
        assert bare.alias in health.error

    def test_health_leaves_no_trace(self, store):
        store.health()
        assert list(store.scopes()) == []

    @pytest.mark.parametrize("text", BROKEN)
    def test_unreadable_text_is_named_by_all_that_read_it(self, store, bare, text):
        store.set("s", "good", {"a": 1})
        plant(bare, "s", "bad", text)
        for call in (
            lambda: store.get("s", "bad"),
            lambda: store.get("s", "bad", "default", at="/a"),
            lambda: store.get("s", ["good", "bad"]),
            lambda: store.get_many("s"),
            lambda: store.get_many("s", ["bad"]),
            lambda: store.entry("s", "bad"),
            lambda: store.update("s", "bad", lambda value: value),
            lambda: store.increment("s", "bad"),
            lambda: store.set("s", "bad", 1, at="/a"),
            lambda: store.remove("s", "bad", at="/a"),
        ):
            with pytest.raises(CorruptState) as caught:
                call()
            assert (caught.value.alias, caught.value.scope, caught.value.key) == (bare.alias, "s", "bad")
            assert isinstance(caught.value, StateStoreError)

    def test_other_entries_stay_readable_beside_an_unreadable_one(self, store, bare):
        store.set_many("s", {"good": 1, "better": [2]})
        plant(bare, "s", "bad", b"{")
        assert store.get("s", "good") == 1
        assert store.get("s", ["better", "good"]) == [[2], 1]
        assert store.get_many("s", ["good", "missing"]) == {"good": 1}
        assert store.entry("s", "better").value == [2]
        assert store.keys("s") == ["bad", "better", "good"]
        assert [(info.name, info.entries) for info in store.scopes()] == [("s", 3)]
        store.set("s", "good", 2)
        assert store.increment("s", "good") == 3

    def test_unreadable_entry_can_be_replaced_and_removed(self, store, bare):
        for key in ("a", "b", "c"):
            plant(bare, "s", key, b"{")
        store.set("s", "a", 1)
        assert store.remove("s", "b") == 1
        assert store.get("s", "a") == 1
        assert store.delete("s") == 2

    def test_scope_with_an_unreadable_entry_can_be_cleaned(self, store, bare):
        plant(bare, "s", "bad", b"{")
        assert store.clean([]).entries == 1
        assert list(store.scopes()) == []
