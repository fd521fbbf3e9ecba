"""The tree: escaped, isolated, and bounded whatever the value."""

import re

import pytest

from statestore.admin.tree import Tree, kind_name, name_html, quoted


def draw(value, **limits):
    return Tree(lambda pointer, start: f"?at={pointer}&from={start}", **limits).draw(value)


@pytest.mark.parametrize("value", ["<script>", {"<script>": 1}, ["<script>"], {"a": {"<script>": ["<script>"]}}])
def test_markup_in_names_and_values_is_escaped(value):
    assert "<script>" not in draw(value)
    assert "&lt;script&gt;" in draw(value)


def test_every_text_is_set_apart_from_the_direction_around_it():
    assert quoted("a\u202eb") == (
        '<bdi>&quot;a<span class="state-unseen" title="U+202E RIGHT-TO-LEFT OVERRIDE">\\u202e</span>b&quot;</bdi>'
    )
    assert name_html("a\u200b").startswith('<bdi class="state-word">a<span class="state-unseen"')


def test_control_characters_are_shown_as_json_writes_them():
    assert quoted("\x00\n\x1b") == "<bdi>&quot;\\u0000\\n\\u001b&quot;</bdi>"


def test_scalars_are_shown_as_json():
    shown = [re.sub("<[^>]+>", "", draw(value)) for value in (None, True, 1, 1.5, -0.0, 1e22, 2**63 - 1)]
    assert shown == ["null", "true", "1", "1.5", "-0.0", "1e+22", "9223372036854775807"]


def test_long_text_is_clipped_with_a_link_to_all_of_it():
    drawn = draw({"a/b": "x" * 5000})
    assert "x" * 201 not in drawn
    assert '<a href="?at=/a~1b&amp;from=0">5000 characters</a>' in drawn


def test_number_of_nodes_is_bounded():
    value = {f"k{i}": {"a": [1, 2, 3]} for i in range(50_000)}
    drawn = draw(value, nodes=100, children=30)
    assert drawn.count("<li") <= 110
    assert "… 49980 more" in drawn  # 20 of them, with their children


def test_children_go_on_from_where_the_last_page_ended():
    drawn = Tree(lambda pointer, start: f"{pointer} {start}", children=3).draw(list("abcdefgh"), "/list", 3)
    assert re.findall("&quot;(.)&quot;", drawn) == ["d", "e", "f"]
    assert '<a href="/list 6">… 2 more</a>' in drawn


def test_depth_is_bounded():
    value = leaf = []
    for _level in range(500):
        leaf.append([])
        leaf = leaf[0]
    assert draw(value).count("<details") < 70


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ({}, "object"),
        ([], "array"),
        ("", "string"),
        (True, "boolean"),
        (1, "number"),
        (1.0, "number"),
        (None, "null"),
    ],
)
def test_kind_is_that_of_json(value, name):
    assert kind_name(value) == name
