"""The kit for other people's tests: ``override_stores``, ``Clock``, ``AsyncFace``, the fixtures; and its page."""

import io
import time
import unittest

import pytest
from asgiref.sync import async_to_sync
from django.test import SimpleTestCase, override_settings

from statestore import MemoryStore, OperationDisabled, UnknownStore, ValueTooLarge, store, stores, testing
from statestore.testing import AsyncFace, Clock, fixtures, override_stores
from tests.docs import run

state_stores, state_clock = fixtures.state_stores, fixtures.state_clock  # for this file alone


def test_dir_shows_what_there_is():
    assert set(testing.__all__) <= set(dir(testing))
    assert [name for name in dir(testing) if not hasattr(testing, name)] == []


def test_every_alias_is_a_fresh_memory_store():
    before = list(stores)
    with override_stores() as overridden:
        assert overridden is stores
        assert list(stores) == before
        assert {type(one) for one in stores.all()} == {MemoryStore}
        assert len(stores.all()) == len(before)
        store.set("s", "k", 1)
        assert stores["default"].get("s", "k") == 1
    with override_stores():
        assert stores["default"].get("s", "k") is None


def test_nested_ones_do_not_see_one_another():
    with override_stores():
        store.set("s", "k", "outer")
        with override_stores():
            assert store.get("s", "k") is None
            store.set("s", "k", "inner")
        assert store.get("s", "k") == "outer"


def test_stores_from_before_come_back_as_they_were():
    with override_stores():
        outer, aliases = stores["memory"], [*stores]
        with override_stores(more={"BACKEND": "statestore.backends.MemoryStore"}):
            assert stores["memory"] is not outer
        assert [*stores] == aliases
        assert stores["memory"] is outer


def test_configured_stores_come_back_even_after_an_error():
    before = type(stores["default"])
    with pytest.raises(LookupError), override_stores():
        raise LookupError
    assert type(stores["default"]) is before


@override_settings(
    STATESTORE={
        "STORES": {
            "default": "main",
            "main": {
                "BACKEND": "nowhere.at.All", "OPTIONS": {"x": 1}, "TTL": 60, "MAX_VALUE_BYTES": 5,
                "ENABLE_REMOVE": False,
            },
        },
        "CLEAN": {"flow": {"idle": "30d"}},
    }
)  # fmt: skip
def test_limits_switches_and_aliases_stay():
    with override_stores():
        clock = store.clock = Clock()
        assert stores["default"] is stores["main"]
        store.set("s", "k", 1)
        with pytest.raises(ValueTooLarge):
            store.set("s", "k", "too long")
        with pytest.raises(OperationDisabled):
            store.remove("s", "k")
        clock.tick(60)
        assert store.get("s", "k") is None


def test_other_parts_of_the_setting_stay():
    from django.conf import settings

    with override_settings(STATESTORE={"CLEAN": {"flow": {"idle": "30d"}}}), override_stores():
        assert settings.STATESTORE["CLEAN"] == {"flow": {"idle": "30d"}}
        assert list(stores) == ["default"]


def test_some_aliases_may_be_something_else():
    small = {"BACKEND": "statestore.backends.MemoryStore", "MAX_VALUE_BYTES": 3}
    with override_stores(small=small, default="small"):
        assert stores["default"] is stores["small"]
        with pytest.raises(ValueTooLarge):
            store.set("s", "k", "long")
    with pytest.raises(UnknownStore):
        stores["small"]


def test_alias_leads_to_the_fresh_store_each_time():
    with override_settings(STATESTORE={"STORES": {"default": "main", "main": {"BACKEND": "nowhere.at.All"}}}):
        with override_stores():
            store.set("s", "k", 1)
        with override_stores():
            assert stores["default"] is stores["main"]
            assert store.get("s", "k") is None


@override_stores()
def test_function_can_be_decorated():
    assert type(stores["default"]) is MemoryStore


def test_coroutine_function_can_be_decorated():
    @override_stores()
    async def inside():
        await store.aset("s", "k", 1)
        return await store.aget("s", "k")

    assert async_to_sync(inside)() == 1


@override_stores()
class DecoratedTests(SimpleTestCase):
    def test_first(self):
        assert store.increment("s", "n") == 1

    def test_second_starts_afresh(self):
        assert store.increment("s", "n") == 1


def test_fixture_is_the_handler(state_stores):
    assert state_stores is stores
    assert type(stores["default"]) is MemoryStore


def test_clock_of_the_fixture_is_that_of_all_stores(state_stores, state_clock):
    for one in state_stores.all():
        one.set("s", "k", 1, ttl=60)
    state_clock.tick(60)
    assert [one.get("s", "k") for one in state_stores.all()] == [None] * len(state_stores.all())


def test_clock_starts_at_the_present_and_moves_only_by_hand():
    assert 0 <= time.time() - Clock()() < 600
    clock = Clock(100)
    assert clock() == clock() == 100
    clock.tick(1.5)
    clock.tick()
    assert clock() == 102.5


def test_async_face_goes_by_the_twins():
    one = MemoryStore("mine")
    face = AsyncFace(one)
    gone_by = []

    async def aget(*args):
        gone_by.append(args)
        return "by the twin"

    one.aget = aget
    assert face.set("s", "k", 1) == one.entry("s", "k").version
    assert face.get("s", "k") == face.scope("s").get("k") == "by the twin"
    assert gone_by == [("s", "k")] * 2
    assert [info.name for info in face.scopes()] == ["s"]
    assert (face.alias, face.durable, repr(face)) == ("mine", False, "<AsyncFace of <MemoryStore 'mine'>>")


def test_examples_of_the_page_pass(state_stores, state_clock):
    cases = run("testing.md", 0)["CouponTests"]
    result = unittest.TextTestRunner(stream=io.StringIO()).run(
        unittest.defaultTestLoader.loadTestsFromTestCase(cases)
    )
    assert (result.testsRun, result.wasSuccessful()) == (1, True)
    names = run("testing.md", 2)
    names["test_visits_are_counted"](state_stores)
    names["test_coupon_is_gone_after_an_hour"](state_stores, state_clock)
