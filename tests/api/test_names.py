"""Every legal name has a URL, and what is none is a bad request."""

import pytest
from django.test import RequestFactory
from django.urls import resolve

from statestore import stores
from tests.api.conftest import problem, succeeded, url, written

NAMES = [
    *("a/b", "a~b", "~1", "~0", "/", "~", " ", "a b ", "'\"`", "😀", "100%", "%41", "%2F", "%ff", "a%zz"),
    *("?", "a?b=c", "#", "a#b", ".hidden", "...", "..a", "*", "[a-z]?", "{x}", "user:42", "مرحبا"),
    *("\u202eabc", "é", "e\u0301", "\ufffd", "\\", "a;b", "a+b", "a&b=c", "increment", "values"),
    *("%FF", "%80", "caf%E9", "100%C3", "%C3%28", "%ED%A0%80", "a\u00ff%FF", "%E2%82%AC"),
    *("clean", "x" * 200, "𝄞" * 200, "\u2028", "@:!$&'()*+,;=", "\U0010ffff"),
]
BAD = [
    "%00",
    "%0A",
    "%7F",
    "%C2%85",
    "",
    ".",
    "..",
    "x" * 201,
    "~",
    "~2",
    "a~",
    "%FF",
    "%C3",
    "%ED%A0%80",
    "%C0%AF",
]


@pytest.mark.parametrize("name", NAMES)
def test_every_legal_name_has_a_url(api, scope, name):
    reaches(api, "memory", scope, name)


def test_every_legal_name_has_a_url_on_every_store(api, alias, scope):
    for number, name in enumerate(NAMES[::4]):
        reaches(api, alias, f"{scope}:{number}", name)


def reaches(api, alias, scope, name):
    own = f"{scope}{name}"[-200:]
    for place in ((own, "k"), (scope, name)):
        tag = succeeded(api.put(url(alias, *place), 1), 201)
        assert stores[alias].entry(*place).version == tag.strip('"')
        succeeded(api.get(url(alias, *place)), 200, b"1")
        succeeded(api.post(url(alias, *place, action="increment/")), 200, b"2")
        assert api.get(url(alias, place[0])).json()["keys"] == [place[1]]
        assert api.get(url(alias, place[0], action="values/")).json() == {place[1]: 2}
        succeeded(api.delete(url(alias, *place)), 204)


@pytest.mark.parametrize("name", NAMES)
def test_names_in_queries_and_bodies_are_plain(api, scope, name):
    succeeded(api("PATCH", url("memory", scope, action="values/"), {name: 1, "other": 2}), 201)
    assert api.get(url("memory", scope, action="values/") + "?key=" + written_plain(name)).json() == {name: 1}


def written_plain(name):
    return url("memory", key=name).partition("?key=")[2]


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_name_is_a_bad_request(api, name):
    alias = "memory"
    for method in ("GET", "PUT", "DELETE"):
        body = b"1" if method == "PUT" else None
        problem(api(method, f"/api/stores/{alias}/scopes/s/values/{name}/", body), 400)
        problem(api(method, f"/api/stores/{alias}/scopes/{name}/values/k/", body), 400)
    problem(api("DELETE", f"/api/stores/{alias}/scopes/{name}/"), 400)
    problem(api("POST", f"/api/stores/{alias}/scopes/s/values/{name}/increment/"), 400)


def test_where_no_server_gave_the_path_what_looks_broken_is_refused(root, scope):
    stores["memory"].set_many(scope, {"100%": 1, "%FF": 2})

    def status(name):
        request = RequestFactory().get(f"/api/stores/memory/scopes/{scope}/values/{name}/")
        request.user = root
        view, _, names = resolve(request.path_info)
        return view(request, **names).status_code

    assert [status(name) for name in ("100%25", "%25FF", "%FF")] == [200, 400, 400]


@pytest.mark.parametrize("name", ["", "\x00", "x" * 201, "."])
def test_what_is_no_key_in_a_body_is_named(api, scope, name):
    said = problem(api("PATCH", url("memory", scope, action="values/"), {"good": 1, name: 2}), 400)
    assert said["pointer"] == f"/{name}"
    assert stores["memory"].keys(scope) == []


@pytest.mark.parametrize(
    "path",
    [
        "stores",
        "stores/memory",
        "stores/memory/",
        "stores/memory/scopes",
        "stores/memory/scopes/s/values/k",
        "stores/memory/scopes/s/values/k/x/",
        "stores//",
        "stores/memory/scopes/a/b/",
        "stores/memory/clean",
        "stores/%0A",
    ],
)
def test_below_stores_there_is_nothing_else(api, path):
    for method in ("GET", "PUT", "POST"):
        problem(api(method, f"/api/{path}"), 404)


def test_an_unknown_store_is_not_found(api):
    for path in ("scopes/", "scopes/s/", "scopes/s/values/", "scopes/s/values/k/"):
        assert problem(api.get(f"/api/stores/nope/{path}"), 404)["type"] == "urn:statestore:unknown-store"


def test_an_alias_may_be_any_text_too(api, settings):
    settings.STATESTORE = {"STORES": {"default": "a/b ~", "a/b ~": {"BACKEND": "statestore.backends.MemoryStore"}}}
    succeeded(api.put(url("a/b ~", "s", "k"), 1), 201)
    succeeded(api.get(url("default", "s", "k")), 200, b"1")
    assert written("a/b ~") == "a~1b%20~0"
