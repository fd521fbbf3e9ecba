"""``at=``: a JSON Pointer (RFC 6901) into the value."""
# ruff: noqa: S101, SLF001 (a suite of tests, shipped)

import math

import pytest

from statestore.exceptions import InvalidValue
from statestore.testing.contract.suite import Suite

DOCUMENT = {
    "address": [{"city": "Ulm"}, {"city": "Bern"}], "": 0, " ": 1, "a/b": 2, "m~n": 3, "%": 4, "0": 5, "é": 6,
    "null": None, "~1": 7, "deep": {"": {"": 8}}, "-": 9,
}  # fmt: skip
FOUND = {
    "/address/0/city": "Ulm", "/address/1": {"city": "Bern"}, "/": 0, "/ ": 1, "/a~1b": 2, "/m~0n": 3, "/%": 4,
    "/0": 5, "/é": 6, "/null": None, "/~01": 7, "/deep//": 8, "/-": 9, "": DOCUMENT,
}  # fmt: skip
NOT_FOUND = [
    "/nothing", "/address/2", "/address/-", "/address/-1", "/address/01", "/address/+1", "/address/1e0",
    "/address/ 1", "/address/city", "/address/\u0660", "/address/0/city/0", "/0/0", "/null/x", "/address/",
    "/address/99999999999999999999", "//", "/a/b", "/NULL",
]  # fmt: skip
NO_POINTER = ["address", "a/b", " /a", "#/a", "/~", "/a~2", "/~a/b", "/a~", 0, 1.5, True, b"/a", ["a"], ("a",), {}]
SCALARS = ["text", 7, 1.5, True, None]


class Parts(Suite):
    def test_part_is_read(self, store):
        store.set("s", "k", DOCUMENT)
        assert {pointer: store.get("s", "k", "default", at=pointer) for pointer in FOUND} == FOUND

    def test_part_that_is_not_there_is_the_default(self, store):
        store.set("s", "k", DOCUMENT)
        found = {pointer: store.get("s", "k", "default", at=pointer) for pointer in NOT_FOUND}
        assert found == dict.fromkeys(NOT_FOUND, "default")
        assert store.get("s", "k", at=NOT_FOUND[0]) is None

    def test_part_of_what_is_missing_is_the_default(self, store):
        assert store.get("s", "k", "default", at="/a") == "default"

    def test_part_is_read_from_each_of_a_list(self, store):
        store.set_many("s", {"a": {"x": 1}, "b": {"y": 2}, "c": [3], "d": "text"})
        assert store.get("s", ["b", "a", "missing", "c", "d"], 0, at="/x") == [0, 1, 0, 0, 0]

    def test_what_is_no_pointer_is_refused(self, store, refuses):
        for pointer in NO_POINTER:
            refuses(InvalidValue, store.get, "s", "k", at=pointer)
            refuses(InvalidValue, store.get, "s", ["k"], at=pointer)
            refuses(InvalidValue, store.set, "s", "k", 1, at=pointer)
            refuses(InvalidValue, store.remove, "s", "k", at=pointer)

    def test_pointer_to_where_nothing_can_be_is_refused(self, store, refuses):
        refuses(InvalidValue, store.set, "s", "k", 1, at="/\ud800")
        refuses(InvalidValue, store.set, "s", "k", 1, at="/a" * 65)

    def test_part_is_written(self, store):
        store.set("s", "k", {"a": {"b": 1, "c": [1, 2]}, "z": 0})
        store.set("s", "k", "new", at="/a/b")
        store.set("s", "k", [9], at="/a/c/0")
        store.set("s", "k", None, at="/z")
        assert store.get("s", "k") == {"a": {"b": "new", "c": [[9], 2]}, "z": None}

    def test_part_is_added_and_the_order_kept(self, store):
        store.set("s", "k", {"b": 1, "a": 2})
        store.set("s", "k", 3, at="/0")
        store.set("s", "k", 4, at="/b")
        assert repr(store.get("s", "k")) == "{'b': 4, 'a': 2, '0': 3}"

    def test_missing_parents_are_created_as_objects(self, store):
        store.set("s", "k", 1, at="/a/0/b")
        assert store.get("s", "k") == {"a": {"0": {"b": 1}}}
        store.set("s", "k", 2, at="/a/x/-")
        assert store.get("s", "k") == {"a": {"0": {"b": 1}, "x": {"-": 2}}}

    def test_escapes_are_names(self, store):
        store.set("s", "k", 1, at="/a~1b/~01//é")
        assert store.get("s", "k") == {"a/b": {"~1": {"": {"é": 1}}}}

    def test_dash_appends_to_an_array(self, store):
        store.set("s", "k", {"list": []})
        store.set("s", "k", "first", at="/list/-")
        store.set("s", "k", "second", at="/list/-")
        store.set("s", "k", 1, at="/list/-/x")
        assert store.get("s", "k") == {"list": ["first", "second", {"x": 1}]}

    def test_root_may_be_an_array(self, store):
        store.set("s", "k", [1, 2])
        store.set("s", "k", "b", at="/1")
        store.set("s", "k", "c", at="/-")
        assert store.remove("s", "k", at="/0") == 1
        assert store.get("s", "k") == ["b", "c"]

    @pytest.mark.parametrize("index", ["2", "01", "-1", "city", "", "99999999999999999999", "1e0"])
    def test_writing_beyond_an_array_is_refused(self, store, index):
        version = store.set("s", "k", {"list": [1, 2]})
        for tail in ("", "/x"):
            with pytest.raises(InvalidValue):
                store.set("s", "k", 3, at=f"/list/{index}{tail}")
        assert (store.get("s", "k"), store.entry("s", "k").version) == ({"list": [1, 2]}, version)

    @pytest.mark.parametrize("scalar", SCALARS)
    def test_writing_below_a_scalar_is_refused(self, store, scalar):
        store.set_many("s", {"root": scalar, "inside": {"a": [scalar]}})
        for key, pointer in (
            ("root", "/x"),
            ("root", "/0"),
            ("root", "/-"),
            ("root", "/x/y"),
            ("inside", "/a/0/x"),
        ):
            with pytest.raises(InvalidValue) as caught:
                store.set("s", key, 1, at=pointer)
            assert caught.value.pointer is not None
        assert store.get_many("s") == {"root": scalar, "inside": {"a": [scalar]}}

    @pytest.mark.parametrize("value", [math.nan, {1}, b"", [2**63]])
    def test_part_that_is_no_json_is_refused(self, store, refuses, value):
        refuses(InvalidValue, store.set, "s", "k", value, at="/a")

    def test_empty_pointer_is_the_whole_value(self, store, clock):
        store.set("s", "k", {"a": 1}, ttl=60)
        end = store.entry("s", "k").expires_at
        store.set("s", "k", [1], at="")
        assert (store.get("s", "k", at=""), store.entry("s", "k").expires_at) == ([1], end)
        assert store.remove("s", "k", at="") == 1
        assert store.keys("s") == []

    def test_part_is_removed(self, store):
        store.set("s", "k", {"a": {"b": 1, "c": 2}, "list": [1, 2, 3], "a/b": 1})
        pointers = ["/a/b", "/list/1", "/a~1b", "/list/1"]
        assert [store.remove("s", "k", at=pointer) for pointer in pointers] == [1, 1, 1, 1]
        assert store.get("s", "k") == {"a": {"c": 2}, "list": [1]}

    def test_removing_a_part_that_is_not_there_changes_nothing(self, store):
        version = store.set("s", "k", DOCUMENT)
        for pointer in NOT_FOUND:
            assert store.remove("s", "k", at=pointer) == 0
            assert store.remove("s", "missing", at=pointer) == 0
        assert (store.get("s", "k"), store.entry("s", "k").version) == (DOCUMENT, version)
        assert store.keys("s") == ["k"]

    def test_entry_stays_when_its_last_part_goes(self, store):
        store.set("s", "k", {"a": 1})
        store.remove("s", "k", at="/a")
        assert store.get("s", "k") == {}

    def test_part_is_a_copy(self, store):
        part = [1]
        store.set("s", "k", part, at="/a")
        part.append(2)
        store.get("s", "k", at="/a").append(3)
        assert store.get("s", "k") == {"a": [1]}

    def test_parts_written_at_once_do_not_lose_one_another(self, store, bare):
        """The other part is written between the reading and the writing of this one."""
        bare.set("s", "k", {})
        read, pending = bare._read_to_change, [1]

        def read_and_be_overtaken(scope, key):
            record = read(scope, key)
            if pending:
                pending.clear()
                bare.set("s", "k", {"theirs": 1})
            return record

        bare._read_to_change = read_and_be_overtaken
        store.set("s", "k", 2, at="/mine")
        assert store.get("s", "k") == {"theirs": 1, "mine": 2}
