"""Opening and closing, and what a store says of itself."""
# ruff: noqa: S101, SLF001 (a suite of tests, shipped)

import pytest

from statestore.exceptions import StoreClosed
from statestore.testing.contract.calls import ALL, each
from statestore.testing.contract.suite import Suite, untouched


class Lifecycle(Suite):
    def test_store_is_opened_by_its_first_use(self, new_store):
        with untouched(new_store):
            assert new_store.alias in repr(new_store)
            new_store.scope("s")
        assert new_store.get("s", "k") is None

    def test_opening_and_closing_twice_is_once(self, store, bare):
        calls = []
        bare._open, bare._close = lambda: calls.append("open"), lambda: calls.append("close")
        store.open()
        store.open()
        store.close()
        store.close()
        del bare._open, bare._close
        assert calls == ["open", "close"]

    def test_first_use_opens_once(self, store, bare):
        opened, really_open = [], bare._open
        bare._open = lambda: opened.append(1) or really_open()
        store.get("s", "k")
        store.open()
        store.get("s", "k")
        assert opened == [1]

    @each(ALL)
    def test_closed_store_refuses_every_verb(self, store, refuses, call):
        store.open()
        store.close()
        error = refuses(StoreClosed, call, store)
        assert error.alias == store.alias

    def test_store_that_was_never_opened_can_be_closed(self, store):
        store.close()
        with pytest.raises(StoreClosed):
            store.get("s", "k")

    def test_closed_store_can_be_opened_again(self, store):
        store.set("s", "k", 1)
        store.close()
        store.open()
        store.set("s", "k", 2)
        assert store.get("s", "k") == 2

    def test_closed_store_is_not_in_good_health(self, store):
        store.open()
        store.close()
        assert store.health().reachable is False

    def test_store_says_what_it_can_do(self, bare):
        assert [type(answer) for answer in (bare.durable, bare.shared, bare.transactional)] == [bool] * 3

    def test_state_outlives_the_store_where_it_says_so(self, store, bare):
        if not bare.durable:
            pytest.skip("the store promises nothing of that kind")
        store.set("s", "k", 1)
        store.close()
        store.open()
        assert store.get("s", "k") == 1
