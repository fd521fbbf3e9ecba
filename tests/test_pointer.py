"""JSON Pointers, by the examples of RFC 6901 and beyond."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statestore import ABSENT, InvalidValue
from statestore.pointer import cut, find, join, parse, place

RFC = {"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, 'k"l': 6, " ": 7, "m~n": 8}
RFC_FOUND = {
    "": RFC, "/foo": ["bar", "baz"], "/foo/0": "bar", "/": 0, "/a~1b": 1, "/c%d": 2, "/e^f": 3, "/g|h": 4,
    "/i\\j": 5, '/k"l': 6, "/ ": 7, "/m~0n": 8,
}  # fmt: skip
VALUES = st.recursive(
    st.integers() | st.none() | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab/~0-", max_size=2), inner, max_size=3),
)
TOKENS = st.lists(st.text("ab/~01-", max_size=2), max_size=4)


@pytest.mark.parametrize(("pointer", "part"), RFC_FOUND.items())
def test_examples_of_the_rfc(pointer, part):
    assert find(RFC, parse(pointer)) == part


@given(TOKENS)
def test_tokens_come_back_from_their_pointer(tokens):
    assert parse(join(tokens)) == tuple(tokens)


def test_escapes_are_read_in_the_right_order():
    assert parse("/~01") == ("~1",)
    assert join(["~1", "/", 0]) == "/~01/~1/0"


@pytest.mark.parametrize("pointer", ["a", "a/b", "#/a", "/~", "/~2", "/a~", "/~~0", None, 0, b"/a", ["a"]])
def test_what_is_no_pointer_is_refused(pointer):
    with pytest.raises(InvalidValue):
        parse(pointer)


@pytest.mark.parametrize("index", ["-", "-1", "+1", "01", "1.0", "", " 1", "1_0", "\u0660", "\u00b2", "9" * 5000])
def test_index_is_digits_without_a_leading_zero(index):
    assert find([1, 2], (index,)) is ABSENT


@given(VALUES, TOKENS)
def test_what_was_placed_is_found_there(value, tokens):
    before = copy.deepcopy(value)
    try:
        changed = place(value, tuple(tokens), "part")
    except InvalidValue:
        assert tokens
        return
    where = tuple(tokens)
    if find(changed, where) is not ABSENT:
        assert find(changed, where) == "part"
    else:
        assert "-" in tokens
    assert find(before, ()) == before


@given(VALUES, TOKENS.filter(bool))
def test_what_was_cut_is_gone_and_nothing_else(value, tokens):
    where, before = tuple(tokens), copy.deepcopy(value)
    there = find(before, where) is not ABSENT
    assert cut(value, where) is there
    if not there:
        assert value == before
    parent, left = find(before, where[:-1]), find(value, where[:-1])
    if there:
        assert len(left) == len(parent) - 1


def test_missing_root_becomes_an_object():
    assert place(ABSENT, ("a", "-", "0"), 1) == {"a": {"-": {"0": 1}}}
    assert place(ABSENT, (), 1) == 1


@pytest.mark.parametrize("scalar", [None, True, 5, 1.5, "text"])
def test_nothing_is_placed_below_a_scalar(scalar):
    with pytest.raises(InvalidValue) as caught:
        place({"a": [scalar]}, ("a", "0", "b", "c"), 1)
    assert caught.value.pointer == "/a/0/b"


@pytest.mark.parametrize("text", ["x" * 10**6, "/~" + "x" * 10**6])
def test_bad_pointer_is_shown_short(text):
    with pytest.raises(InvalidValue) as caught:
        parse(text)
    assert len(str(caught.value)) < 200


def test_place_that_is_none_is_shown_short():
    with pytest.raises(InvalidValue) as caught:
        place(1, ("x" * 10**6,), 1)
    assert len(str(caught.value)) < 300
