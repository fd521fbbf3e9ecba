"""``versions``: the tokens of several scopes are those of each, in one step."""

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from statestore.exceptions import InvalidScope
from statestore.testing import Clock
from tests.contract.conftest import each_store


@pytest.mark.parametrize("store", each_store(), indirect=True)
def test_versions_are_those_of_each_scope(store):
    store.set_many("a:1", {"x": 1, "y": 2})
    store.set("a:2", "x", 1)
    store.set("a", "x", 1)
    names = ["a:2", "a:1", "gone", "A:1", "a:2"]
    assert store.versions(names) == {name: store.version(name) for name in ("a:1", "a:2")}
    assert store.versions([]) == {}
    before = store.versions(names)
    store.set("a:2", "x", 1)
    after = store.versions(names)
    assert (after["a:1"] == before["a:1"], after["a:2"] == before["a:2"]) == (True, False)


@pytest.mark.parametrize("store", each_store(), indirect=True)
def test_expired_entry_is_in_no_version(store):
    store.clock = clock = Clock()
    store.set("a", "x", 1)
    before = store.versions(["a"])
    store.set("a", "y", 1, ttl=1)
    store.set("b", "y", 1, ttl=1)
    clock.tick(2)
    assert store.versions(["a", "b"]) == before


@pytest.mark.parametrize("names", ["abc", ["a\n"], ["a", 1], None, [f"s{n}" for n in range(1001)]])
@pytest.mark.parametrize("store", ["memory"], indirect=True)
def test_what_are_no_scopes_is_refused(store, names):
    with pytest.raises(InvalidScope):
        store.versions(names)


@pytest.mark.django_db
@pytest.mark.parametrize("store", ["default"], indirect=True)
def test_versions_are_one_statement(store):
    names = [f"s:{number}" for number in range(100)]
    for name in names:
        store.set(name, "k", 1)
    with CaptureQueriesContext(connections["default"]) as queries:
        assert len(store.versions(names)) == 100
    assert len(queries) == 1
