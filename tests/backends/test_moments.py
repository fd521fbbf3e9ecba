"""Moments that a caller gives: with a time zone, or as Django has them where the site uses none."""

from datetime import timedelta

import pytest
from django.utils import timezone

from statestore import InvalidValue, MemoryStore


@pytest.fixture
def store():
    store = MemoryStore("memory")
    store.set("user:1", "a", 1)
    return store


def idle_since(store, when):
    return [info.name for info in store.scopes(idle_since=when)]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
def test_naive_moment_is_in_the_sites_zone_where_it_uses_no_time_zones(store, settings, zone):
    settings.USE_TZ, settings.TIME_ZONE = False, zone
    hour = timedelta(hours=1)
    assert idle_since(store, timezone.now() + hour) == ["user:1"]
    assert idle_since(store, timezone.now() - hour) == []
    assert store.clean([], idle_since=timezone.now() - hour).kept == 1
    assert store.clean([], idle_since=timezone.now() + hour).removed == 1


def test_zone_of_the_visitor_moves_no_naive_moment(store, settings):
    settings.USE_TZ, settings.TIME_ZONE = False, "UTC"
    with timezone.override("America/New_York"):
        assert store.clean([], idle_since=timezone.now() - timedelta(hours=1)).kept == 1


def test_naive_moment_is_refused_where_the_site_uses_time_zones(store):
    with pytest.raises(InvalidValue, match="time zone"):
        idle_since(store, timezone.now().replace(tzinfo=None))


def test_progress_that_is_no_function_is_refused_before_anything_is_removed(store):
    with pytest.raises(TypeError, match="function"):
        store.clean([], progress=5)
    assert store.keys("user:1") == ["a"]
