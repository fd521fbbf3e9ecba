"""Conditional requests: what is checked holds at the moment of the write."""

from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pytest
from django.db import connections

from statestore import stores
from tests.api.conftest import DATABASES, Caller, problem, succeeded, url


def versioned(api, path, value=1):
    api.put(path, value)
    return api.get(path)["ETag"]


@pytest.fixture
def path(alias, scope):
    return url(alias, scope, "k")


def test_a_tag_is_strong_and_changes_with_every_write(api, path):
    tags = [api.put(path, 1)["ETag"] for _ in range(3)]
    assert len(set(tags)) == 3
    assert all(tag.startswith('"') and tag.endswith('"') for tag in tags)


@pytest.mark.parametrize("form", ["{}", "W/{}", '"x", {}', '{},"y"', " {} , ", "*"])
def test_what_the_caller_has_already_is_not_sent_again(api, path, form):
    tag = versioned(api, path)
    response = api.get(path, If_None_Match=form.format(tag))
    assert succeeded(response, 304) == tag
    assert response["Cache-Control"] == "private, no-cache"
    succeeded(api.get(path, If_None_Match='"x", W/"y"'), 200, b"1")


@pytest.mark.parametrize(
    ("form", "matches"),
    [("{}", True), ('"x", {}', True), ("*", True), ("W/{}", False), ('"x"', False), ('"x", W/{}', False)],
)
def test_if_match(api, alias, scope, form, matches):
    path = url(alias, scope, "k")
    writes = {
        "PUT": lambda **headers: api.put(path, 2, **headers),
        "PUT at": lambda **headers: api.put(f"{path}?at=/a", 2, **headers),
        "merge": lambda **headers: api.merge(path, {"a": 3}, **headers),
        "patch": lambda **headers: api.patch(path, [], **headers),
        "DELETE at": lambda **headers: api.delete(f"{path}?at=/a", **headers),
        "increment": lambda **headers: api.post(f"{path}increment/", **headers),
        "DELETE": lambda **headers: api.delete(path, **headers),
        "GET": lambda **headers: api.get(path, **headers),
    }
    for name, write in writes.items():
        tag = versioned(api, path, 1 if name == "increment" else {"a": 1})
        response = write(If_Match=form.format(tag))
        if matches:
            assert response.status_code in {200, 204}, name
        else:
            problem(response, 412)
            assert api.get(path)["ETag"] == tag


def test_nothing_matches_what_is_missing(api, alias, scope):
    path = url(alias, scope, "k")
    for condition in ("*", '"x"', '"x", "y"'):
        problem(api.get(path, If_Match=condition), 412)
        problem(api.put(path, 1, If_Match=condition), 412)
        problem(api.merge(path, {}, If_Match=condition), 412)
        problem(api.delete(path, If_Match=condition), 412)
        problem(api.delete(f"{path}?at=/a", If_Match=condition), 412)
        problem(api.post(f"{path}increment/", If_Match=condition), 412)
        problem(api.delete(url(alias, scope), If_Match=condition), 412)
        problem(api.get(url(alias, scope), If_Match=condition), 412)
    assert stores[alias].keys(scope) == []


def test_only_create(api, path):
    succeeded(api.put(path, 1, If_None_Match="*"), 201)
    problem(api.put(path, 2, If_None_Match="*"), 412)
    problem(api.merge(path, {}, If_None_Match="*"), 412)
    problem(api.post(f"{path}increment/", If_None_Match="*"), 412)
    problem(api.delete(path, If_None_Match="*"), 412)
    succeeded(api.get(path), 200, b"1")


def test_if_none_match_with_a_tag_writes_over_any_other(api, path):
    tag = versioned(api, path)
    problem(api.put(path, 2, If_None_Match=tag), 412)
    succeeded(api.put(path, 2, If_None_Match='"x"'), 204)
    succeeded(api.put(path, 3, If_None_Match=f'"x", W/{tag}'), 204)


def test_both_conditions_must_hold(api, path):
    tag = versioned(api, path)
    problem(api.put(path, 2, If_Match=tag, If_None_Match=tag), 412)
    succeeded(api.put(path, 2, If_Match=tag, If_None_Match='"x"'), 204)


@pytest.mark.parametrize("header", ["", "x", '"x', "W/x", '"x" "y"', '"x", y', "**", 'w/"x"', '"\x7f"', '"x";q=1'])
def test_a_condition_that_is_not_understood_is_refused(api, path, header):
    versioned(api, path)
    problem(api.put(path, 2, If_Match=header), 400)
    problem(api.get(path, If_None_Match=header), 400)
    succeeded(api.get(path), 200, b"1")


def test_a_scope_has_a_tag_of_all_its_entries(api, alias, scope):
    path = url(alias, scope)
    versioned(api, url(alias, scope, "a"))
    first = api.get(path)["ETag"]
    succeeded(api.get(path, If_None_Match=first), 304)
    assert api.get(url(alias, scope, action="values/"))["ETag"] == first
    succeeded(api.get(url(alias, scope, action="values/"), If_None_Match=first), 304)
    api.put(url(alias, scope, "b"), 1)
    problem(api.delete(path, If_Match=first), 412)
    problem(api.get(path, If_Match=first), 412)
    second = api.get(path, If_None_Match=first)["ETag"]
    assert second != first
    problem(api.delete(path, If_None_Match=second), 412)
    succeeded(api.delete(path, If_Match=f'"x", {second}'), 204)
    problem(api.delete(path), 404)


def test_many_values_are_written_under_the_conditions_of_their_scope(api, alias, scope):
    path = url(alias, scope, action="values/")

    def patch(value, **headers):
        return api("PATCH", path, {"a": value, f"k{value}": value}, **headers)

    problem(patch(1, If_Match="*"), 412)
    problem(patch(1, If_Match='"x"'), 412)
    first = succeeded(patch(1, If_None_Match="*"), 201)
    assert first == api.get(path)["ETag"] == api.get(url(alias, scope))["ETag"]
    problem(patch(2, If_None_Match="*"), 412)
    problem(patch(2, If_None_Match=first), 412)
    second = succeeded(patch(2, If_Match=f'"x", {first}'), 204)
    problem(patch(3, If_Match=first), 412)
    problem(patch(3, If_Match=f"W/{second}"), 412)
    third = succeeded(patch(3, If_Match=second, If_None_Match='"x"'), 204)
    fourth = succeeded(patch(4, If_Match="*"), 204)
    assert len({first, second, third, fourth}) == 4
    assert api.get(path)["ETag"] == fourth
    assert stores[alias].get_many(scope) == {"a": 4, "k1": 1, "k2": 2, "k3": 3, "k4": 4}


def test_many_values_without_a_condition_answer_the_tag_of_their_scope_too(api, alias, scope):
    path = url(alias, scope, action="values/")
    for values, status in (({"a": 1, "b": 2}, 201), ({"c": 3}, 204), ({}, 204)):
        assert succeeded(api("PATCH", path, values), status) == api.get(path)["ETag"]
    nothing = api("PATCH", url(alias, f"{scope}-", action="values/"), {})
    assert succeeded(nothing, 204) is None


SHARED = ["memory", *(alias for alias in ("redis", "postgres") if alias in stores)]
MORE = [alias for alias in ("default", "locmem", "mariadb", "memcached", "layered-servers") if alias in stores]
RACES = [
    *product(SHARED, ["PUT", "PUT at", "merge", "patch", "increment", "DELETE", "create", "scope", "many"]),
    *(pytest.param(*race, marks=pytest.mark.slow) for race in product(MORE, ["PUT", "create", "scope", "many"])),
]


@pytest.mark.django_db(transaction=True, databases="__all__")
@pytest.mark.parametrize(("shared", "verb"), RACES)
def test_of_twenty_writers_with_one_tag_exactly_one_wins(root, scope, shared, verb):
    path, api = url(shared, scope, "k"), Caller(root)
    values = url(shared, scope, action="values/")
    tag = None if verb == "create" else versioned(api, path, 1 if verb == "increment" else {"a": 1})
    scope_tag = tag and api.get(url(shared, scope))["ETag"]
    writes = {
        "PUT": lambda caller, n: caller.put(path, n, If_Match=tag),
        "PUT at": lambda caller, n: caller.put(f"{path}?at=/a", n, If_Match=tag),
        "merge": lambda caller, n: caller.merge(path, {"a": n}, If_Match=f'"x", {tag}'),
        "patch": lambda caller, n: caller.patch(path, [{"op": "add", "path": "/b", "value": n}], If_Match=tag),
        "increment": lambda caller, n: caller.post(f"{path}increment/", {"by": n}, If_Match=tag),
        "DELETE": lambda caller, n: caller.delete(path, If_Match=tag),
        "create": lambda caller, n: caller.put(path, n, If_None_Match="*"),
        "scope": lambda caller, n: caller.delete(url(shared, scope), If_Match=scope_tag),
        "many": lambda caller, n: caller("PATCH", values, {f"k{n}": n, "j": n}, If_Match=scope_tag),
    }
    callers = [Caller(root) for _ in range(20)]

    def one(number):
        try:
            return writes[verb](callers[number], number + 1).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as pool:
        statuses = sorted(pool.map(one, range(20)))
    assert statuses == [*([201] if verb == "create" else [200] if verb == "increment" else [204]), *[412] * 19]


@pytest.mark.django_db(transaction=True, databases=DATABASES)
@pytest.mark.parametrize("shared", SHARED)
def test_of_many_who_put_at_once_exactly_one_creates(root, scope, shared):
    callers = [Caller(root) for _ in range(12)]

    def one(number):
        try:
            return callers[number].put(url(shared, scope, "k"), number).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(12) as pool:
        assert sorted(pool.map(one, range(12))) == [201, *[204] * 11]


@pytest.mark.django_db(transaction=True, databases=DATABASES)
@pytest.mark.parametrize("shared", SHARED)
def test_no_increment_is_lost(root, scope, shared):
    callers = [Caller(root) for _ in range(10)]

    def ten(number):
        try:
            return [callers[number].post(url(shared, scope, "n", action="increment/")).json() for _ in range(10)]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as pool:
        sums = [each for found in pool.map(ten, range(10)) for each in found]
    assert sorted(sums) == list(range(1, 101))
