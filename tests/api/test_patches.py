"""Parts of values, and patches."""

import time

import pytest

from statestore import stores
from tests.api.conftest import problem, succeeded, url

TREE = {"a": [1, {"b": None}], "c/d": {"~": "x"}, "": 0}


@pytest.fixture
def value(store, alias, scope):
    """The URL of a value that has parts."""
    store.set(scope, "k", TREE)
    return url(alias, scope, "k")


@pytest.mark.parametrize(
    ("at", "part"),
    [("", TREE), ("/a", TREE["a"]), ("/a/0", 1), ("/a/1/b", None), ("/c~1d/~0", "x"), ("/", 0)],
)
def test_a_part_is_read(api, value, at, part):
    response = api.get(f"{value}?at={at}")
    assert (response.status_code, response.json()) == (200, part)
    assert response["ETag"] == api.get(value)["ETag"]


@pytest.mark.parametrize("at", ["/x", "/a/2", "/a/-", "/a/00", "/a/0/x", "/c~1d/x"])
def test_a_part_that_is_not_there_is_not_found(api, value, at):
    tag = api.get(value)["ETag"]
    problem(api.get(f"{value}?at={at}"), 404)
    problem(api.delete(f"{value}?at={at}"), 404)
    assert api.get(value)["ETag"] == tag


def test_a_part_is_written_and_removed(api, value):
    tag = succeeded(api.put(f"{value}?at=/a/0", {"new": []}), 204)
    assert api.get(value)["ETag"] == tag
    succeeded(api.put(f"{value}?at=/a/-", 3), 204)
    succeeded(api.put(f"{value}?at=/x/y", 4), 204)
    tag = succeeded(api.delete(f"{value}?at=/c~1d"), 204)
    response = api.get(value)
    assert (response.json(), response["ETag"]) == ({"a": [{"new": []}, {"b": None}, 3], "": 0, "x": {"y": 4}}, tag)


def test_a_part_of_what_is_missing_is_created(api, alias, scope):
    succeeded(api.put(url(alias, scope, "k", at="/a/b"), 1), 201)
    assert stores[alias].get(scope, "k") == {"a": {"b": 1}}
    problem(api.delete(url(alias, scope, "x", at="/a")), 404)


@pytest.mark.parametrize("at", ["/a/0/x", "/a/2", "/a/x", "//x"])
def test_where_there_is_no_room_is_a_conflict(api, value, at):
    tag = api.get(value)["ETag"]
    said = problem(api.put(f"{value}?at={at}", 1), 409)
    assert said["type"] == "urn:statestore:invalid-value"
    assert api.get(value)["ETag"] == tag


def test_a_part_deeper_than_any_value_is_refused(api, value):
    problem(api.put(f"{value}?at={'/x' * 64}", []), 400)
    problem(api.put(f"{value}?at={'/x' * 65}", 1), 400)
    succeeded(api.put(f"{value}?at={'/x' * 64}", 1), 204)


# -- merge patch: the examples of RFC 7396, appendix A

MERGES = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("before", "patch", "after"), MERGES)
def test_merge_patch(api, alias, scope, before, patch, after):
    stores[alias].set(scope, "k", before)
    body = b"null" if patch is None else patch
    tag = succeeded(api.merge(url(alias, scope, "k"), body), 204)
    response = api.get(url(alias, scope, "k"))
    assert (response.json(), response["ETag"]) == (after, tag)


def test_merge_patch_creates_what_is_missing(api, alias, scope):
    succeeded(api.merge(url(alias, scope, "k"), {"a": {"b": None, "c": 1}}), 201)
    succeeded(api.merge(url(alias, scope, "k", at="/x/y"), {"z": 2}), 204)
    assert stores[alias].get(scope, "k") == {"a": {"c": 1}, "x": {"y": {"z": 2}}}


# -- JSON patch

PATCHES = [
    ({"a": 1}, [{"op": "add", "path": "/b", "value": [None]}], {"a": 1, "b": [None]}),
    ([1, 2], [{"op": "add", "path": "/1", "value": 9}, {"op": "add", "path": "/-", "value": 8}], [1, 9, 2, 8]),
    ({"a": 1, "b": 2}, [{"op": "remove", "path": "/a"}], {"b": 2}),
    ({"a": 1}, [{"op": "replace", "path": "", "value": "all"}], "all"),
    ({"a": {"b": 1}}, [{"op": "move", "from": "/a/b", "path": "/c"}], {"a": {}, "c": 1}),
    ({"a": {"b": 1}}, [{"op": "copy", "from": "/a", "path": "/c"}], {"a": {"b": 1}, "c": {"b": 1}}),
    ({"a": 1}, [{"op": "test", "path": "/a", "value": 1.0}, {"op": "remove", "path": "/a"}], {}),
    ({"~/": 1}, [{"op": "replace", "path": "/~0~1", "value": 2, "extra": True}], {"~/": 2}),
    ("text", [], "text"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "patch", "after"), PATCHES)
def test_json_patch(api, alias, scope, before, patch, after):
    stores[alias].set(scope, "k", before)
    tag = succeeded(api.patch(url(alias, scope, "k"), patch), 204)
    response = api.get(url(alias, scope, "k"))
    assert (response.json(), response["ETag"]) == (after, tag)


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/a", "value": 2},
        {"op": "test", "path": "/a", "value": True},
        {"op": "test", "path": "/x", "value": 1},
        {"op": "remove", "path": "/x"},
        {"op": "remove", "path": "/l/5"},
        {"op": "remove", "path": "/l/-"},
        {"op": "remove", "path": ""},
        {"op": "replace", "path": "/x", "value": 1},
        {"op": "replace", "path": "/l/-", "value": 1},
        {"op": "add", "path": "/x/y", "value": 1},
        {"op": "add", "path": "/a/y", "value": 1},
        {"op": "add", "path": "/l/5", "value": 1},
        {"op": "add", "path": "/l/01", "value": 1},
        {"op": "add", "path": "/l/x", "value": 1},
        {"op": "move", "from": "/x", "path": "/y"},
        {"op": "move", "from": "/l", "path": "/l/0"},
        {"op": "move", "from": "", "path": "/x"},
        {"op": "copy", "from": "/x", "path": "/y"},
        {"op": "copy", "from": "/l/-", "path": "/y"},
        {"op": "copy", "from": "/a/b", "path": "/y"},
    ],
)
def test_a_patch_that_does_not_fit_is_a_conflict_and_changes_nothing(api, alias, scope, operation):
    stores[alias].set(scope, "k", {"a": 1, "l": [0]})
    tag = api.get(url(alias, scope, "k"))["ETag"]
    said = problem(api.patch(url(alias, scope, "k"), [{"op": "add", "path": "/new", "value": 1}, operation]), 409)
    assert said["pointer"] == "/1"
    assert api.get(url(alias, scope, "k"))["ETag"] == tag


@pytest.mark.parametrize(
    "patch",
    [
        {}, 1, "[]", None, [1], ["remove"], [[]], [{}], [None],
        [{"op": "remove"}], [{"path": "/a"}], [{"op": "no", "path": "/a"}], [{"op": 1, "path": "/a"}],
        [{"op": "append", "path": "/a", "value": "x"}], [{"op": ["add"], "path": "/a"}],
        [{"op": "remove", "path": 1}], [{"op": "remove", "path": None}], [{"op": "remove", "path": ["a"]}],
        [{"op": "remove", "path": "a"}], [{"op": "remove", "path": "/~2"}],
        [{"op": "add", "path": "/a"}], [{"op": "replace", "path": "/a"}], [{"op": "test", "path": "/a"}],
        [{"op": "move", "path": "/a"}], [{"op": "copy", "path": "/a", "from": 1}],
        [{"op": "copy", "path": "/a", "from": "x"}], [{"op": "add", "path": "/x" * 65, "value": 1}],
    ],
)  # fmt: skip
def test_a_malformed_patch_is_refused_whatever_is_there(api, scope, patch):
    body = b"null" if patch is None else patch
    problem(api.patch(url("memory", scope, "missing"), body), 400)
    stores["memory"].set(scope, "k", {"a": 1})
    problem(api.patch(url("memory", scope, "k"), body), 400)


def test_there_is_nothing_to_patch_where_nothing_is(api, alias, scope):
    problem(api.patch(url(alias, scope, "k"), [{"op": "add", "path": "", "value": 1}]), 404)
    stores[alias].set(scope, "k", {})
    problem(api.patch(url(alias, scope, "k", at="/x"), []), 404)


def test_a_part_can_be_patched(api, alias, scope):
    stores[alias].set(scope, "k", {"a": {"b": [1]}})
    succeeded(api.patch(url(alias, scope, "k", at="/a/b"), [{"op": "add", "path": "/0", "value": 0}]), 204)
    assert stores[alias].get(scope, "k") == {"a": {"b": [0, 1]}}


@pytest.mark.parametrize(
    "steps",
    [
        [{"op": "copy", "from": "", "path": "/-"}] * 60,
        [{"op": "copy", "from": "", "path": "/0"}] * 2000,
        [{"op": "add", "path": "/-", "value": []}, *[{"op": "move", "from": "/0", "path": "/1/0"}] * 100],
        [{"op": "copy", "from": "/0", "path": "/-"}] * 9000,
    ],
)
def test_a_patch_can_not_make_much_of_little(api, scope, steps):
    stores["memory"].set(scope, "k", ["x" * 1000])
    began = time.thread_time()
    assert api.patch(url("memory", scope, "k"), steps).status_code in {409, 413}
    assert time.thread_time() - began < 5
    assert stores["memory"].get(scope, "k") == ["x" * 1000]


def test_what_a_patch_makes_must_be_a_value(api, scope):
    deep = {"a": 1}
    for _ in range(63):
        deep = {"a": deep}
    stores["memory"].set(scope, "k", {"x": 1})
    problem(api.put(url("memory", scope, "k", at="/y"), deep), 400)
    problem(api.merge(url("memory", scope, "k", at="/y"), deep), 409)
    problem(api.patch(url("memory", scope, "k"), [{"op": "add", "path": "/y", "value": "x" * 300_000}]), 413)
    assert stores["memory"].get(scope, "k") == {"x": 1}
