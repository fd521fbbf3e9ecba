"""One value: the body is the JSON value itself."""

from datetime import timedelta

import pytest

from statestore import stores
from tests.api.conftest import JSON, MERGE, PATCH, problem, succeeded, url

VALUES = [b"null", b"0", b'""', b"[]", b"{}", b"false", b"1.0", b"-0.0", b"1e22", b'{"b":1,"a":[2.50,"\\u0000"]}']


@pytest.mark.parametrize("text", VALUES)
def test_any_value_comes_back_as_it_was_stored(api, store, alias, scope, text):
    tag = succeeded(api.put(url(alias, scope, "k"), text), 201)
    stored = store.records(scope, ["k"])["k"].text
    assert succeeded(api.get(url(alias, scope, "k")), 200, stored) == tag == f'"{store.entry(scope, "k").version}"'


def test_numbers_and_order_of_members_are_kept(api, scope):
    api.put(url("default", scope, "k"), b' {"z": 1, "a": 1.0, "m": 1e22, "i": 9223372036854775807} ')
    got = api.get(url("default", scope, "k")).content
    assert got == b'{"z":1,"a":1.0,"m":1e+22,"i":9223372036854775807}'


def test_writing_tells_created_from_replaced(api, alias, scope):
    first = succeeded(api.put(url(alias, scope, "k"), 1), 201)
    second = succeeded(api.put(url(alias, scope, "k"), 2), 204)
    assert first != second
    assert api.get(url(alias, scope, "k"))["ETag"] == second


def test_removing_what_is_missing_is_not_found(api, alias, scope):
    api.put(url(alias, scope, "k"), 1)
    succeeded(api.delete(url(alias, scope, "k")), 204)
    assert problem(api.delete(url(alias, scope, "k")), 404)["key"] == "k"
    assert problem(api.get(url(alias, scope, "k")), 404)["scope"] == scope


def test_head_is_get_without_the_body(api, alias, scope):
    tag = api.put(url(alias, scope, "k"), [1, 2])["ETag"]
    response = api("HEAD", url(alias, scope, "k"))
    assert (response.status_code, response.content) == (200, b"")
    assert (response["ETag"], response["Content-Type"], response["Content-Length"]) == (tag, JSON, "5")


def test_ttl_goes_with_every_write(api, clock, scope):
    writes = {
        "put": lambda key: api.put(url("memory", scope, key, ttl=60), 1),
        "part": lambda key: api.put(url("memory", scope, key, ttl=60, at="/a"), 1),
        "merge": lambda key: api.merge(url("memory", scope, key, ttl=60), {"a": 1}),
        "many": lambda key: api("PATCH", url("memory", scope, action="values/?ttl=60"), {key: 1}),
        "count": lambda key: api.post(url("memory", scope, key, action="increment/?ttl=60")),
    }
    for key, write in writes.items():
        assert write(key).status_code in {201, 204}, key
    stores["memory"].set(scope, "patched", {"a": 1})
    succeeded(api.patch(url("memory", scope, "patched", ttl=0.5), []), 204)
    stores["memory"].set(scope, "cut", {"a": 1})
    succeeded(api.delete(url("memory", scope, "cut", ttl=60, at="/a")), 204)
    clock.tick(0.5)
    assert stores["memory"].keys(scope) == sorted([*writes, "cut"])
    clock.tick(59.5)
    assert stores["memory"].keys(scope) == []


@pytest.mark.parametrize("ttl", [1e-05, "1e3", "1E+3", "1.5e-2", ".5", "5.", "0060", repr(1 / 3), 31_536_000_000])
def test_a_ttl_is_taken_in_every_way_to_write_a_number(api, clock, scope, ttl):
    succeeded(api.put(url("memory", scope, "k", ttl=ttl), 1), 201)
    live = stores["memory"].entry(scope, "k").expires_at - stores["memory"].entry(scope, "k").updated_at
    assert live == timedelta(seconds=float(ttl))


@pytest.mark.parametrize(
    "ttl",
    [
        *("0", "-1", "+1", "nan", "inf", "infinity", "none", "", "1_0", " 1", "1 ", "1\n", "x", "9" * 15, "\u0661"),
        *(".", "e3", ".e3", "1e", "1e+", "1e3.5", "0x10", "1e11", "1e400", "1e-400", "1e99999", "0e5", "1,5"),
    ],
)
def test_a_mistyped_ttl_is_refused(api, scope, ttl):
    problem(api.put(url("memory", scope, "k", ttl=ttl), 1), 400)
    assert stores["memory"].keys(scope) == []


@pytest.mark.parametrize(
    "query",
    [
        "?x=1",
        "?ttl=1&ttl=1",
        "?at=/a&at=/a",
        "?at=a",
        "?at=/~2",
        "?at=%FF",
        "?%FF=1",
        "?at=%zz",
        "?Ttl=1",
        "?=",
    ],
)
def test_a_query_that_is_not_understood_is_refused(api, scope, query):
    problem(api.put(url("memory", scope, "k") + query, 1), 400)
    problem(api.get(url("memory", scope, "k") + "?ttl=1"), 400)
    problem(api.delete(url("memory", scope, "k") + "?ttl=1"), 400)
    assert stores["memory"].keys(scope) == []


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
        "application/json; charset=latin-1",
        MERGE,
        "application/problem+json",
    ],
)
def test_only_json_is_taken(api, scope, kind):
    problem(api("PUT", url("memory", scope, "k"), b"1", kind), 415)
    problem(api("PATCH", url("memory", scope, action="values/"), b"{}", kind), 415)
    problem(api("POST", url("memory", scope, "k", action="increment/"), b"{}", kind), 415)
    assert stores["memory"].keys(scope) == []


@pytest.mark.parametrize(
    "kind",
    [
        JSON,
        "Application/JSON",
        "application/json; charset=utf-8",
        'application/json;charset="UTF-8"',
    ],
)
def test_json_may_say_that_it_is_utf_8(api, scope, kind):
    assert api("PUT", url("memory", scope, "k"), b"1", kind).status_code == 201


@pytest.mark.parametrize("kind", [JSON, "text/plain", ""])
def test_a_patch_says_which_kind_it_is(api, scope, kind):
    response = api("PATCH", url("memory", scope, "k"), b"{}", kind)
    problem(response, 415)
    assert response["Accept-Patch"] == f"{MERGE}, {PATCH}"


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        (None, 200),
        ("*/*", 200),
        ("application/json", 200),
        ("text/html,application/xml;q=0.9,*/*;q=0.8", 200),
        ("application/*", 200),
        ("text/html, Application/JSON ; q=0.1", 200),
        ("text/html", 406),
        ("image/png, text/*", 406),
        ("application/json;q=0", 406),
        ("*/*, application/json; q=0.0", 406),
        ("*/*;q=0", 406),
        ("nonsense", 406),
        ("*/*;q=0, application/json", 200),
    ],
)
def test_the_answer_is_json_short_of_its_being_ruled_out(api, scope, accept, status):
    stores["memory"].set(scope, "k", 1)
    headers = {} if accept is None else {"Accept": accept}
    assert api.get(url("memory", scope, "k"), **headers).status_code == status


def test_nothing_is_written_for_one_who_can_not_read_the_answer(api, scope):
    problem(api.put(url("memory", scope, "k"), 1, Accept="text/html"), 406)
    assert stores["memory"].keys(scope) == []


def test_a_value_too_large_is_refused(api, scope):
    limit = stores["memory"].config.max_value_bytes
    assert api.put(url("memory", scope, "k"), b'"%s"' % (b"x" * (limit - 2))).status_code == 201
    problem(api.put(url("memory", scope, "k"), b'"%s"' % (b"x" * (limit - 1))), 413)


def test_a_body_too_large_is_refused_before_it_is_read(api, configure, scope):
    configure(MAX_BODY_BYTES=10)
    assert api.put(url("memory", scope, "k"), b'"12345678"').status_code == 201
    problem(api.put(url("memory", scope, "k"), b'"123456789"'), 413)
    problem(api.put(url("memory", scope, "k"), b"x" * 11), 413)


def test_counters(api, alias, scope):
    counter = url(alias, scope, "n", action="increment/")
    response = api.post(counter)
    tag = succeeded(response, 201, b"1")
    assert response["Location"] == url(alias, scope, "n").replace("%3A", ":")
    assert succeeded(api.post(counter, {}), 200, b"2") != tag
    succeeded(api.post(counter, {"by": 40}), 200, b"42")
    succeeded(api.post(counter, {"by": -0.5}), 200, b"41.5")
    assert api.post(counter)["ETag"] == api.get(url(alias, scope, "n"))["ETag"]


def test_a_counter_keeps_its_expiry(api, clock, scope):
    counter = url("memory", scope, "n", action="increment/")
    api.post(f"{counter}?ttl=60")
    clock.tick(59)
    succeeded(api.post(counter), 200, b"2")
    clock.tick(1)
    succeeded(api.post(counter), 201, b"1")


@pytest.mark.parametrize(
    "body",
    [
        1,
        [],
        "1",
        None,
        {"by": None},
        {"by": True},
        {"by": "1"},
        {"by": [1]},
        {"to": 1},
    ],
)
def test_an_increment_that_says_something_else_is_refused(api, scope, body):
    text = b"null" if body is None else body
    problem(api.post(url("memory", scope, "n", action="increment/"), text), 400)
    assert stores["memory"].keys(scope) == []


@pytest.mark.parametrize(
    ("there", "by"),
    [
        ("text", 1),
        (None, 1),
        (True, 1),
        ([1], 1),
        (2**63 - 1, 1),
        (1e308, 1e308),
    ],
)
def test_what_can_not_be_added_to_is_a_conflict(api, alias, scope, there, by):
    stores[alias].set(scope, "n", there)
    problem(api.post(url(alias, scope, "n", action="increment/"), {"by": by}), 409)
    assert stores[alias].get(scope, "n", "gone") == there


@pytest.mark.parametrize("method", ["POST", "TRACE", "CONNECT", "FOO"])
def test_other_methods_are_not_allowed(api, scope, method):
    response = api(method, url("memory", scope, "k"))
    problem(response, 405)
    assert response["Allow"] == "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"


def test_options_say_what_the_resource_understands(api, scope):
    response = api("OPTIONS", url("memory", scope, "k"))
    assert response.status_code == 200
    assert response["Allow"] == "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"
    assert response["Accept-Patch"] == f"{MERGE}, {PATCH}"
    assert response.json()["parses"] == [JSON, MERGE, PATCH]


def test_answers_are_for_the_caller_alone(api, scope):
    assert api.get(url("memory", scope, "k"))["Cache-Control"] == "private, no-cache"


def test_an_increment_that_posts_nothing_as_a_form_is_one(api, scope):
    path = url("memory", scope, "n", action="increment/")
    assert api.client.post(path).json() == 1
    assert api.client.post(path).data == 2
    problem(api.client.post(path, {"by": 1}), 415)


def test_an_empty_body_is_a_bad_request_whatever_it_is_called(api, scope):
    problem(api("PUT", url("memory", scope, "k"), b"", "text/plain"), 400)
    problem(api("PUT", url("memory", scope, "k"), b"1", "text/plain"), 415)
