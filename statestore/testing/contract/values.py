"""Rules 1 and 2: the round trip is exact, or refused."""
# ruff: noqa: S101 (a suite of tests, shipped)

import datetime as dt
import decimal
import enum
import math
import uuid

import pytest

from statestore.exceptions import InvalidValue, ValueTooLarge
from statestore.testing.contract.suite import Suite


def nested(depth, leaf=1):
    value = leaf
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


def circular():
    value = {"a": [1]}
    value["a"].append(value)
    return value


class Colour(enum.IntEnum):
    RED = 1


class Text(str):
    __slots__ = ()


EXACT = [
    None, True, False, 0, 1, -1, 1.0, 0.0, -0.0, 0.1, 1e22, 1e16, 1e-7, 5e-324, -2.5e-308,
    1.7976931348623157e308, 2**53, 2**53 + 1, 2**63 - 1, -(2**63), -(2**53) - 1, 9007199254740993.0,
    123456789012345678, 1 / 3, 100.0, 1e2, 1e15, "", " ", "text", "NUL \x00 inside", "\x00", "\x1f\x7f\x80",
    "\u2028\u2029", "é", "e\u0301", "\U0001f600", "\ufffe\uffff", "\ufeffBOM", '"quoted" \\ / \b\f\n\r\t',
    "\\u0000", "\\x00", "null", "1", "</script>", "\U0010ffff", "[[[{{{", "'; DROP TABLE x; --", "%s %(a)s {0}",
    [], {}, [[]], [{}], {"": 1}, {"": {"": ""}}, [1, 1.0, True, "1", None], [0, -0.0, 0.0, False],
    {"b": 1, "a": 2, "B": 3, "10": 4, "9": 5, "": 6}, {"z": {"y": 1, "x": 2}, "a": [{"c": 1, "b": 2}]},
    {"a\x00b": 1}, {"é": 1, "e\u0301": 2}, {".": 1, "..": 2, "$": 3, "$ref": 4, "__class__": 5},
    {"a": None, "b": [None, {"c": None}]}, [1, [2, [3, [4]]]], nested(64), nested(64, "leaf"), [nested(63)] * 3,
    ["[" * 100, '"' + "{" * 100], list(range(1000)), {str(number): number for number in range(1000)},
]  # fmt: skip
REFUSED = [
    (math.nan, ""), (math.inf, ""), (-math.inf, ""), (2**63, ""), (-(2**63) - 1, ""), (2**64, ""),
    (10**400, ""), (10**5000, ""), (b"bytes", ""), (bytearray(b"x"), ""), ({1, 2}, ""), (frozenset(), ""), (1j, ""),
    (object(), ""), (..., ""), (int, ""), (len, ""), (dt.date(2024, 1, 1), ""),
    (dt.datetime(2024, 1, 1, tzinfo=dt.UTC), ""), (dt.time(), ""), (dt.timedelta(1), ""),
    (decimal.Decimal(1), ""), (uuid.UUID(int=1), ""), (Colour.RED, ""), (Text("text"), ""), (range(3), ""),
    ("\ud800", ""), ("ok\udfff", ""), ({"a": "\udc00"}, "/a"), ({"\ud800": 1}, ""),
    ({"a": {"\ud800": 1}}, "/a"), ({1: 2}, ""), ({None: 1}, ""), ({True: 1}, ""), ({1.5: 1}, ""), ({(): 1}, ""),
    ({"a": [{5: 1}]}, "/a/0"), ({Text("a"): 1}, ""), ([1, math.nan], "/1"),
    ({"a": [0, {"b": math.inf}]}, "/a/1/b"), ({"a": [None, math.nan]}, "/a/1"), ([None, None, 2**63], "/2"),
    ({"a/b": {"c~d": b""}}, "/a~1b/c~0d"), (({1},), "/0"), ({"a": object()}, "/a"),
    (nested(65), "/a" + "/0/a" * 31 + "/0"), ([[1, 2], [3, {4}]], "/1/1"),
]  # fmt: skip
WRITES = [
    lambda store, value: store.set("s", ["a", "k"], [1, value]),
    lambda store, value: store.set_many("s", {"a": 1, "k": value}),
    lambda store, value: store.set("s", "k", value, at="/x/y"),
]


class Values(Suite):
    """Compared by ``repr``, which tells 1 from 1.0 from True, -0.0 from 0.0 and one order of names from another."""

    def test_round_trip_is_exact(self, store):
        for value in EXACT:
            store.set("s", "k", value)
            assert repr(store.get("s", "k")) == repr(value)

    def test_round_trip_of_many_is_exact(self, store):
        values = {f"k{number}": value for number, value in enumerate(EXACT)}
        store.set_many("s", values)
        found = store.get_many("s")
        assert {key: repr(value) for key, value in found.items()} == {key: repr(v) for key, v in values.items()}
        assert repr(store.get("s", list(values))) == repr(EXACT)
        assert repr(store.entry("s", "k0").value) == repr(EXACT[0])

    def test_round_trip_by_update_and_part_is_exact(self, store):
        store.set("s", "part", {})
        for value in EXACT[:40]:
            store.update("s", "k", lambda _, value=value: value)
            store.set("s", "part", value, at="/a")
            assert repr(store.get("s", ["k", "part"])) == repr([value, {"a": value}])

    @pytest.mark.parametrize(
        ("given", "read"),
        [((), []), ((1, (2, 3)), [1, [2, 3]]), ({"a": (1, None)}, {"a": [1, None]}), ([(), [()]], [[], [[]]])],
    )
    def test_tuple_is_read_back_as_a_list(self, store, given, read):
        store.set("s", "k", given)
        assert repr(store.get("s", "k")) == repr(read)

    def test_same_object_twice_is_no_circle(self, store):
        twin = [1]
        store.set("s", "k", [twin, twin, {"a": twin}])
        assert store.get("s", "k") == [[1], [1], {"a": [1]}]

    def test_what_is_not_json_is_refused_with_its_place(self, store, refuses):
        for value, place in REFUSED:
            assert refuses(InvalidValue, store.set, "s", "k", value).pointer == place

    @pytest.mark.parametrize("write", WRITES, ids=range(len(WRITES)))
    def test_what_is_not_json_is_refused_by_all_that_write(self, store, refuses, write):
        for value, _ in REFUSED:
            refuses(InvalidValue, write, store, value)

    def test_what_is_not_json_is_refused_when_a_function_makes_it(self, store):
        for value, _ in REFUSED:
            with pytest.raises(InvalidValue):
                store.update("s", "k", lambda _, value=value: value)
        assert store.keys("s") == []

    def test_circle_is_refused(self, store, refuses):
        refuses(InvalidValue, store.set, "s", "k", circular())

    def test_more_than_64_levels_are_refused(self, store, refuses):
        for depth in (65, 66, 300, 10_000):
            refuses(InvalidValue, store.set, "s", "k", nested(depth))

    def test_more_than_64_levels_are_refused_by_parts_too(self, store):
        store.set("s", "k", nested(60, {}))
        pointer = "".join("/0" if level % 2 else "/a" for level in reversed(range(60)))
        store.set("s", "k", [[[1]]], at=f"{pointer}/b")
        with pytest.raises(InvalidValue):
            store.set("s", "k", [[[[1]]]], at=f"{pointer}/b")
        assert store.get("s", "k", at=f"{pointer}/b") == [[[1]]]

    def test_error_names_scope_and_key(self, store, refuses):
        error = refuses(InvalidValue, store.set, "flow:1", "cart", {"a": {1}})
        assert (error.scope, error.key, error.pointer) == ("flow:1", "cart", "/a")
        assert "flow:1" in str(error)
        assert "cart" in str(error)
        assert "/a" in str(error)

    def test_refused_value_leaves_the_old_one(self, store):
        version = store.set("s", "k", "old")
        with pytest.raises(InvalidValue):
            store.set("s", "k", {1})
        assert (store.get("s", "k"), store.entry("s", "k").version) == ("old", version)

    @pytest.mark.parametrize(("letter", "width"), [("x", 1), ("é", 2), ("\U0001f600", 4), ("\n", 2), ("\x00", 6)])
    def test_limit_is_bytes_of_json_text(self, store, configure, refuses, letter, width):
        configure(MAX_VALUE_BYTES=2 + 12 * width)
        store.set("s", "k", letter * 12)
        error = refuses(ValueTooLarge, store.set, "s", "k", letter * 12 + "x")
        assert (error.scope, error.key) == ("s", "k")
        assert store.get("s", "k") == letter * 12

    def test_limit_is_256_kib_when_nothing_is_said(self, store, refuses):
        text = "x" * (256 * 1024 - 2)
        store.set("s", "k", text)
        assert store.get("s", "k") == text
        refuses(ValueTooLarge, store.set, "s", "k", text + "x")

    def test_part_that_fits_in_no_value_is_refused_before_anything_is_touched(self, store, configure, refuses):
        configure(MAX_VALUE_BYTES=20)
        refuses(ValueTooLarge, store.set, "s", "k", "x" * 19, at="/a")

    def test_limit_holds_for_all_that_write(self, store, configure, refuses):
        store.set_many("s", {"list": [1], "n": 999})
        configure(MAX_VALUE_BYTES=5)
        refuses(ValueTooLarge, store.set_many, "s", {"a": 1, "b": "four4"})
        refuses(ValueTooLarge, store.set, "s", ["a", "b"], [1, "four4"])
        for write in (
            lambda: store.update("s", "list", lambda value: [*value, 2, 3]),
            lambda: store.set("s", "list", "text", at="/0"),
            lambda: store.increment("s", "n", 100_000),
        ):
            with pytest.raises(ValueTooLarge):
                write()
        assert store.get_many("s") == {"list": [1], "n": 999}
