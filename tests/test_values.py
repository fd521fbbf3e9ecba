"""The codec: any JSON value to text and back, exactly or not at all."""

import enum
import json
import math
from datetime import date
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statestore import InvalidValue
from statestore.values import MAX_DEPTH, decode, encode, encode_all, is_too_deep
from tests.made_up import json_values

JSON = json_values(20)
BAD = (
    st.sampled_from([math.nan, math.inf, -math.inf, b"", {1}, 1j, object(), "\ud800", {1: 1}, {"\udfff": 1}])
    | st.integers(min_value=2**63)
    | st.integers(max_value=-(2**63) - 1)
)


class Colour(enum.StrEnum):
    RED = "red"


class Text(str):
    __slots__ = ()


def deep(levels, leaf):
    for level in range(levels):
        leaf = [leaf] if level % 2 else {"[": leaf}
    return leaf


@given(JSON)
def test_round_trip_is_exact(value):
    text = encode(value)
    assert repr(decode(text)) == repr(value)
    assert repr(json.loads(text)) == repr(value)


@given(JSON)
def test_text_is_canonical(value):
    assert encode(decode(encode(value))) == encode(value)
    assert b"\x00" not in encode(value)


@given(JSON, BAD, st.booleans())
def test_bad_value_is_found_wherever_it_is(good, bad, first):
    around = [good, {"a": bad}] if first else {"x": [bad], "y": good}
    with pytest.raises(InvalidValue) as caught:
        encode(around)
    place = "/1/a" if first else "/x/0"
    assert caught.value.pointer == place
    assert place in str(caught.value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, b"null"),
        (True, b"true"),
        (1.0, b"1.0"),
        (-0.0, b"-0.0"),
        (2**63 - 1, b"9223372036854775807"),
        ("é\x00\n", b'"\xc3\xa9\\u0000\\n"'),
        ({"b": 1, "a": [1, {}]}, b'{"b":1,"a":[1,{}]}'),
        ((1, 2), b"[1,2]"),
    ],
)
def test_stored_text_is_a_promise(value, text):
    assert encode(value) == text


@given(st.integers(0, 2 * MAX_DEPTH), st.sampled_from([1, "", "x" * 9000, "]]]", '"[[[', '\\"{{{', [], "\\"]))
def test_depth_is_counted_in_containers(levels, leaf):
    too_deep = levels + (leaf == []) > MAX_DEPTH
    value = deep(levels, leaf)
    assert is_too_deep(json.dumps(value).encode()) is too_deep
    if too_deep:
        with pytest.raises(InvalidValue, match="64 levels"):
            encode(value)
    else:
        assert decode(encode(value)) == value


@pytest.mark.parametrize("length", [1, 100, 3000, 30_000])
def test_depth_is_counted_anew_in_every_value(length):
    for _ in range(3):
        assert decode(encode(["x" * length, deep(63, 1)])) == ["x" * length, deep(63, 1)]
        with pytest.raises(InvalidValue, match="64 levels"):
            encode(["x" * length, deep(64, 1)])


def test_wide_value_is_not_deep():
    value = [[[]] * 500, {"a": [{}] * 500}, "[" * 500]
    assert decode(encode(value)) == value


def test_error_shows_a_long_place_briefly():
    with pytest.raises(InvalidValue) as caught:
        encode({"x" * 10_000: {1}})
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("length", [1, 100, 3000, 30_000])
def test_several_have_the_texts_that_each_has(length):
    values = [None, {"a": [1.5, None]}, ["x" * length, deep(63, 1)], deep(64, None), [{}] * length]
    assert encode_all(values) == [encode(value) for value in values]


@given(st.lists(JSON, max_size=3))
def test_several_that_are_all_right_have_their_texts_or_are_to_be_looked_at_one_by_one(values):
    assert encode_all(values) in (None, [encode(value) for value in values])


@pytest.mark.parametrize("length", [1, 100, 3000, 30_000])
@pytest.mark.parametrize("bad", [math.nan, -math.inf, 2**63, {1}, Colour.RED, UUID(int=1), Text("x"), deep(65, 1)])
def test_several_with_a_bad_one_are_left_to_be_looked_at_one_by_one(bad, length):
    assert encode_all([1, ["x" * length], bad, "null"]) is None
    assert encode_all([bad]) is None


@pytest.mark.parametrize("size", [1, 100, 3000, 30_000])
@pytest.mark.parametrize("bad", [Colour.RED, UUID(int=1), Text("x"), orjson.Fragment(b"1"), date(2000, 1, 1)])
def test_what_is_only_like_a_json_value_is_refused(bad, size):
    with pytest.raises(InvalidValue):
        encode(["x" * size, bad])


@pytest.mark.parametrize("text", [b"", b"{", b"nope", b"[1,]", b"NaN", b"\xff", b'"\xed\xa0\x80"', b"1 2"])
def test_what_is_no_json_is_an_error(text):
    with pytest.raises(ValueError, match=r".+"):
        decode(text)


@pytest.mark.parametrize("number", [math.nan, -math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("before", [0, 1, 99, 100, 101, 5000])
def test_number_that_is_not_finite_is_found_behind_any_number_of_bytes_like_its_last(number, before):
    for decoy in (
        lambda n: f"{n}\x7f",
        lambda n: f"{n}ÿ\x7f",
        lambda n: 1e308 + n * 1e300,
        lambda n: n * 1e300 - 1e308,
    ):
        value = [None, *map(decoy, range(before))]
        assert decode(encode(value)) == value
        with pytest.raises(InvalidValue, match="not a finite number"):
            encode([*value, number])
