"""``Scope``: a store bound to one scope, with the manners of a dict."""
# ruff: noqa: S101 (a suite of tests, shipped)

from collections.abc import MutableMapping

import pytest

from statestore.entries import ABSENT
from statestore.exceptions import InvalidKey, InvalidValue, OperationDisabled, VersionConflict
from statestore.testing.contract.suite import Suite, untouched


class ScopeAsDict(Suite):
    @pytest.fixture
    def scope(self, bare):
        return bare.scope("s")

    def test_scope_has_the_verbs_without_the_first_argument(self, store):
        scope = store.scope("s")
        version = scope.set("a", 1, ttl=60)
        assert scope.get("a") == scope.get("a", at="") == 1
        assert scope.get(["a", "b"], 0) == [1, 0]
        assert (scope.entry("a").version, scope.keys(), scope.get_many()) == (version, ["a"], {"a": 1})
        scope.set("a", 2, if_version=version)
        scope.set(["b", "c"], [3])
        scope.set_many({"d": {"x": 1}}, ttl=None)
        assert scope.increment("a", 5) == 7
        assert scope.update("b", lambda value: value + 1) == 4
        assert scope.remove("d", at="/x") == 1
        assert store.get_many("s") == {"a": 7, "b": 4, "c": None, "d": {}}
        assert (scope.remove(["c", "x"]), scope.touch(), scope.delete(), scope.touch()) == (1, True, 3, False)

    def test_making_a_scope_touches_nothing(self, bare):
        with untouched(bare):
            scope = bare.scope("s")
            assert "s" in repr(scope)
            assert bool(scope) is True
        assert isinstance(scope, MutableMapping)

    def test_items_are_set_and_got(self, scope, bare):
        scope["theme"] = "dark"
        assert scope["theme"] == bare.get("s", "theme") == "dark"
        scope["theme"] = None
        assert scope["theme"] is None

    def test_missing_item_is_a_key_error(self, scope):
        with pytest.raises(KeyError, match="theme"):
            scope["theme"]
        with pytest.raises(KeyError, match="theme"):
            del scope["theme"]

    def test_in_and_len_and_iteration(self, scope):
        scope.set_many({"b": None, "a": 1})
        assert ("a" in scope, "b" in scope, "c" in scope) == (True, True, False)
        assert (len(scope), list(scope), scope.keys()) == (2, ["a", "b"], ["a", "b"])
        assert dict(scope) == dict(scope.items()) == {"a": 1, "b": None}
        assert sorted(scope.values(), key=str) == [1, None]

    def test_empty_scope_is_an_empty_mapping(self, scope):
        assert (len(scope), list(scope), dict(scope)) == (0, [], {})
        assert "a" not in scope

    def test_items_expire(self, scope, clock):
        scope.set("a", 1, ttl=60)
        clock.tick(60)
        assert ("a" in scope, len(scope), list(scope), dict(scope)) == (False, 0, [], {})
        with pytest.raises(KeyError):
            scope["a"]
        assert scope.pop("a", "gone") == "gone"
        assert scope.setdefault("a", "new") == "new"

    def test_del_removes(self, scope):
        scope.set_many({"a": 1, "b": 2})
        del scope["a"]
        assert dict(scope) == {"b": 2}

    def test_pop_removes_and_answers(self, scope):
        scope.set_many({"a": 1, "none": None})
        assert (scope.pop("a"), scope.pop("none", 5), scope.pop("a", 7), scope.pop("a", None)) == (1, None, 7, None)
        with pytest.raises(KeyError):
            scope.pop("a")
        assert len(scope) == 0

    def test_popitem_empties_the_scope(self, scope):
        scope.set_many({"a": 1, "b": None})
        assert sorted([scope.popitem(), scope.popitem()]) == [("a", 1), ("b", None)]
        with pytest.raises(KeyError):
            scope.popitem()

    def test_setdefault_stores_only_where_nothing_is(self, scope):
        assert (scope.setdefault("a", 1), scope.setdefault("a", 2), scope.setdefault("b")) == (1, 1, None)
        scope["none"] = None
        assert scope.setdefault("none", 3) is None
        assert dict(scope) == {"a": 1, "b": None, "none": None}

    def test_setdefault_answers_what_is_read_afterwards(self, scope):
        assert scope.setdefault("a", (1, 2)) == scope["a"] == [1, 2]

    def test_setdefault_takes_the_stores_ttl(self, scope, configure, clock):
        configure(TTL=60)
        scope.setdefault("a", 1)
        clock.tick(60)
        assert "a" not in scope

    def test_setdefault_refuses_what_can_not_be_a_value(self, scope):
        for default in ({1}, ABSENT, float("nan")):
            with pytest.raises(InvalidValue):
                scope.setdefault("a", default)
        assert scope.keys() == []

    def test_stores_pop_and_set_defaults_too(self, store):
        assert (store.setdefault("s", "a", 1), store.setdefault("s", "a", 2)) == (1, 1)
        assert (store.pop("s", "a"), store.pop("s", "a"), store.pop("s", "a", 5)) == (1, None, 5)

    @pytest.mark.parametrize("switch", ["GET", "REMOVE"])
    def test_pop_needs_both_switches(self, store, configure, refuses, switch):
        store.set("s", "a", 1)
        configure(**{f"ENABLE_{switch}": False})
        refuses(OperationDisabled, store.pop, "s", "a")

    def test_setdefault_of_what_is_there_writes_nothing(self, store, configure):
        version = store.set("s", "a", 1)
        configure(ENABLE_SET=False)
        assert store.setdefault("s", "a", 2) == 1
        assert store.version("s", "a") == version
        with pytest.raises(OperationDisabled):
            store.setdefault("s", "b", 2)

    def test_update_takes_what_a_dict_takes(self, scope):
        scope.update({"a": 1}, b=2)
        scope.update([("c", 3)])
        scope.update(d=4)
        scope.update()
        assert dict(scope) == {"a": 1, "b": 2, "c": 3, "d": 4}

    def test_update_of_many_is_one_write(self, scope):
        scope.update({"a": 1, "b": 2})
        assert scope.entry("a").version == scope.entry("b").version

    def test_clear_deletes_exactly_this_scope(self, scope, bare):
        bare.set("s2", "a", 1)
        scope["a"] = 1
        scope.clear()
        assert [info.name for info in bare.scopes()] == ["s2"]

    def test_scopes_are_equal_when_they_are_the_same(self, scope, bare):
        assert scope == bare.scope("s")
        assert hash(scope) == hash(bare.scope("s"))
        assert scope != bare.scope("t")
        scope["a"] = 1
        assert scope == {"a": 1}

    def test_rules_hold_here_too(self, scope, refuses):
        refuses(InvalidKey, lambda: scope[""])
        refuses(InvalidKey, lambda: scope[5])
        refuses(InvalidKey, lambda: scope.__setitem__(".", 1))
        refuses(InvalidValue, lambda: scope.__setitem__("a", {1}))
        refuses(InvalidKey, lambda: scope.setdefault("\x00", 1))
        refuses(InvalidKey, lambda: scope.pop(["a"]))
        refuses(InvalidKey, lambda: ["a", "b"] in scope)
        refuses(InvalidKey, lambda: scope["a", "b"])
        refuses(InvalidKey, lambda: scope.__setitem__(("a", "b"), (1, 2)))
        refuses(InvalidKey, lambda: scope.__delitem__(["a"]))
        refuses(InvalidKey, lambda: scope.setdefault(["a"], 1))
        refuses(TypeError, lambda: scope.update("a"))
        refuses(TypeError, lambda: scope.update("a", 5))
        scope["a"] = 1
        with pytest.raises(VersionConflict):
            scope.set("a", 2, if_version=ABSENT)
