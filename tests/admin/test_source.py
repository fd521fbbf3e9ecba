"""The editor's text: the same value back, every mistake at its place."""

import orjson
import pytest
from hypothesis import given

from statestore.admin.difference import Line, difference
from statestore.admin.source import _filled, locate, pretty, read
from tests.made_up import json_values

VALUES = json_values(20)


@given(VALUES)
def test_text_of_a_value_reads_back_as_that_value(value):
    assert repr(read(pretty(value))) == repr((value, None))


@given(VALUES)
def test_text_of_a_long_value_reads_back_too(value):
    assert repr(read(_filled(orjson.dumps(value).decode()))) == repr((value, None))


@pytest.mark.parametrize("value", [list(range(40_000)), {f"k,{n}": [n] for n in range(9000)}, [[]] * 60_000])
def test_text_of_a_long_value_has_not_too_many_lines(value):
    lines = pretty(value).split("\n")
    assert len(lines) < 5000
    assert max(map(len, lines)) <= 100
    assert read("\n".join(lines)) == (value, None)


def test_browser_line_ends_change_nothing():
    text = pretty({"a": [1, "x"]}).replace("\n", "\r\n")
    assert read(text) == ({"a": [1, "x"]}, None)


def test_text_that_would_turn_the_editor_around_is_escaped():
    assert pretty("a\u202eb\u2066") == '"a\\u202eb\\u2066"'


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("", 1, 1),
        ('{"a": 1,\n "b" 2}', 2, 6),
        ("[1,\n2\n3]", 3, 1),
        ('{\n  "a": 1,\n  "b": 2,\n  "a": 3\n}', 4, 8),
        ("[1]\n[2]", 2, 1),
        ("[1,\n NaN]", 2, 2),
        ("[1,\n -Infinity]", 2, 2),
    ],
)
def test_mistake_is_found_at_its_place(text, line, column):
    _value, mistake = read(text)
    assert (mistake.line, mistake.column) == (line, column)


@pytest.mark.parametrize("text", ["[" * 100_000, "1" * 5000])
def test_what_no_reader_can_bear_is_a_mistake(text):
    _value, mistake = read(text)
    assert mistake is not None


@pytest.mark.parametrize(
    ("text", "pointer", "rest"),
    [
        ('{"a": [1, {"b/c": 7}]}', "/a/1/b~1c", "7}]}"),
        ('{"a": {}, "b": [], "c": [[], {}, "x"]}', "/c/2", '"x"]}'),
        ('[{"a": "}"}, "\\"", 3]', "/2", "3]"),
        ("5", "", "5"),
        ('{"\\u0061": 1, "b": 2}', "/a", '1, "b": 2}'),
    ],
)
def test_pointer_leads_to_the_value_in_the_text(text, pointer, rest):
    assert text[locate(text, pointer) :] == rest


def test_pointer_to_nothing_leads_nowhere():
    assert locate('{"a": 1}', "/b") is None


def test_difference_shows_both_sides_and_what_is_around():
    before, after = (pretty({"a": list(range(20)), "b": b}) for b in (1, 2))
    assert difference(before, after) == [
        Line("…"),
        Line(" ", "    18,"),
        Line(" ", "    19"),
        Line(" ", "  ],"),
        Line("-", '  "b": 1'),
        Line("+", '  "b": 2'),
        Line(" ", "}"),
    ]


def test_difference_of_equal_texts_shows_nothing_changed():
    assert [line for line in difference("a\nb", "a\nb") if line.sign in "+-"] == []


def test_difference_of_huge_texts_is_bounded():
    before, after = ("\n".join(f"{i} {side}" for i in range(50_000)) for side in "ab")
    assert len(difference(before, after)) <= 2100
