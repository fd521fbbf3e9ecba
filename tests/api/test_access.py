"""Who may do what: the matrix of callers, routes and methods, and the policies."""

from base64 import b64encode

import pytest
from django.urls import get_resolver

from statestore import OwnScopes, Policy, ReadOnly, stores
from tests.api.conftest import MERGE, Caller, person, problem, url

KEY = "/api/stores/memory/scopes/theirs/values/k/"
ROWS = {
    # route: {method: (path, body, the permission that opens it)}
    "stores": {"GET": ("/api/stores/", None, "view")},
    "scopes": {"GET": ("/api/stores/memory/scopes/", None, "view")},
    "scope": {
        "GET": ("/api/stores/memory/scopes/theirs/", None, "view"),
        "DELETE": ("/api/stores/memory/scopes/theirs/", None, "delete"),
    },
    "values": {
        "GET": ("/api/stores/memory/scopes/theirs/values/", None, "view"),
        "PATCH": ("/api/stores/memory/scopes/theirs/values/", {}, "change"),
    },
    "value": {
        "GET": (KEY, None, "view"),
        "PUT": (KEY, 1, "change"),
        "PATCH": (KEY, {}, "change"),
        "DELETE": (KEY, None, "delete"),
    },
    "increment": {"POST": (f"{KEY}increment/", None, "change")},
    "clean": {"POST": ("/api/stores/memory/clean/", {"active": ["theirs"], "prefix": "theirs"}, "clean")},
}
PERMISSIONS = ["view", "change", "delete", "clean", "add"]


def routes():
    for pattern in get_resolver("statestore.api.urls").url_patterns:
        view = pattern.callback.cls
        for method in view().allowed_methods:
            if pattern.name != "nothing" and method not in {"HEAD", "OPTIONS"}:
                yield pattern.name, method


MATRIX = [(name, method) for name, method in routes()]


def test_every_route_has_its_row():
    assert sorted(MATRIX) == sorted((name, method) for name, row in ROWS.items() for method in row)


def ask(caller, name, method):
    path, body, _ = ROWS[name][method]
    kind = MERGE if (name, method) == ("value", "PATCH") else "application/json"
    return caller(method, path, body, kind)


def put_back():
    stores["memory"].set("theirs", "k", 1)


@pytest.mark.parametrize(("name", "method"), MATRIX)
def test_strangers_must_say_who_they_are(stranger, name, method):
    response = ask(stranger, name, method)
    problem(response, 401)
    assert response["WWW-Authenticate"] == 'Basic realm="api"'


@pytest.mark.parametrize(("name", "method"), MATRIX)
def test_staff_need_exactly_the_permission(name, method):
    wanted = ROWS[name][method][2]
    put_back()
    for permission in PERMISSIONS:
        response = ask(Caller(person(is_staff=True, permissions=[permission])), name, method)
        if permission == wanted:
            assert response.status_code in {200, 201, 204}
        else:
            problem(response, 403)
    others = [each for each in PERMISSIONS if each != wanted]
    problem(ask(Caller(person(is_staff=True, permissions=others)), name, method), 403)


@pytest.mark.parametrize(("name", "method"), MATRIX)
def test_others_may_not_whatever_their_permissions(name, method):
    problem(ask(Caller(person(permissions=PERMISSIONS)), name, method), 403)


@pytest.mark.parametrize(("name", "method"), MATRIX)
def test_one_who_may_read_may_not_write_when_read_only(root, configure, name, method):
    configure(POLICY="statestore.ReadOnly")
    put_back()
    response = ask(Caller(root), name, method)
    if method == "GET":
        assert response.status_code == 200
    else:
        problem(response, 403)
    assert stores["memory"].get("theirs", "k") == 1


@pytest.mark.parametrize("kind", ["", "is_staff", "is_superuser"])
@pytest.mark.parametrize(("name", "method"), MATRIX)
def test_a_person_reaches_the_own_scope_and_nothing_else(configure, name, method, kind):
    configure(POLICY=OwnScopes)
    put_back()
    user = person(permissions=PERMISSIONS, **({kind: True} if kind else {}))
    own = f"user:{user.pk}"
    stores["memory"].set(own, "k", 1)
    caller = Caller(user)
    response = ask(caller, name, method)
    if name in {"stores", "scopes"}:
        assert response.status_code == 200
    else:
        problem(response, 403)
    if "theirs" in ROWS[name][method][0]:
        path, body, _ = ROWS[name][method]
        kind = MERGE if (name, method) == ("value", "PATCH") else "application/json"
        assert caller(method, path.replace("theirs", own), body, kind).status_code in {200, 201, 204}


def test_a_foreign_scope_and_a_missing_one_answer_alike(configure, scope):
    configure(POLICY=OwnScopes)
    caller, stranger = Caller(person()), Caller()
    stores["memory"].set(scope, "k", 1)
    for path in ("", "values/", "values/k/", "values/x/"):
        there, missing = f"{url('memory', scope)}{path}", f"{url('memory', f'{scope}-')}{path}"
        for who, status in ((caller, 403), (stranger, 401)):
            assert problem(who.get(there), status) == problem(who.get(missing), status)
            assert who.get(there).headers == who.get(missing).headers


def test_a_listing_shows_at_most_the_own_scope(configure, scope, clock):
    configure(POLICY=OwnScopes)
    user = person()
    caller, listing = Caller(user), url("memory", action="scopes/")
    stores["memory"].set(scope, "k", 1)
    stores["memory"].delete(f"user:{user.pk}")
    stores["memory"].set(f"user:{user.pk}0", "k", 1)
    assert caller.get(listing).json() == {"results": [], "next": None}
    stores["memory"].set(f"user:{user.pk}", "k", 1)
    clock.tick(60)
    assert [each["name"] for each in caller.get(listing).json()["results"]] == [f"user:{user.pk}"]
    for query, number in (("prefix=user:", 1), ("prefix=x", 0), ("idle=59s", 1), ("idle=60s", 0), ("cursor=dg", 0)):
        assert len(caller.get(f"{listing}?{query}").json()["results"]) == number, query


def test_a_policy_is_one_method(configure, stranger, scope):
    asked = []

    class Ours(Policy):
        def allows(self, request, action, store, scope):
            asked.append((action, store, scope))
            return action == "view"

    configure(POLICY=Ours)
    stores["memory"].set(scope, "k", {"a": 1})
    assert stranger.get(url("memory", scope, "k")).status_code == 200
    problem(stranger.put(url("memory", scope, "k"), 1), 401)
    problem(stranger.delete(url("memory", scope, "k", at="/a")), 401)
    problem(stranger.delete(f"{url('memory', scope, 'k')}?at="), 401)
    assert [action for action, *_ in asked] == ["view", "change", "change", "delete"]
    assert {(store, name) for _, store, name in asked} == {("memory", scope)}


def test_policies_go_together(configure):
    class Mine(ReadOnly, OwnScopes):
        pass

    configure(POLICY=Mine)
    user = person()
    own = url("memory", f"user:{user.pk}", "k")
    stores["memory"].set(f"user:{user.pk}", "k", 1)
    assert Caller(user).get(own).status_code == 200
    problem(Caller(user).put(own, 2), 403)


def test_a_store_may_be_left_out(api, configure, scope):
    configure(STORES=["memory"])
    assert [each["alias"] for each in api.get("/api/stores/").json()["results"]] == ["memory"]
    for path in ("scopes/", f"scopes/{scope}/", f"scopes/{scope}/values/k/"):
        left_out = problem(api.get(f"/api/stores/default/{path}"), 404)
        unknown = problem(api.get(f"/api/stores/nope/{path}"), 404)
        assert unknown["detail"] == left_out["detail"].replace("default", "nope")
        assert api.get(f"/api/stores/memory/{path}").status_code in {200, 404}


def test_basic_authentication(scope):
    person("ada", is_staff=True, permissions=["change"])
    good, bad = (b64encode(f"ada:{word}".encode()).decode() for word in ("secret", "wrong"))
    caller = Caller()
    assert caller.put(url("memory", scope, "k"), 1, Authorization=f"Basic {good}").status_code == 201
    for credentials in (bad, "x", "=", "w7/Dvw=="):
        response = caller.put(url("memory", scope, "k"), 1, Authorization=f"Basic {credentials}")
        problem(response, 401)
        assert response["WWW-Authenticate"] == 'Basic realm="api"'


def test_a_401_has_a_challenge_even_with_sessions_alone(stranger, settings, scope):
    settings.REST_FRAMEWORK = {
        "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"]
    }
    response = stranger.get(url("memory", scope, "k"))
    problem(response, 401)
    assert response["WWW-Authenticate"] == "Session"


def test_a_session_writes_only_with_the_token_of_csrf(root, scope):
    caller = Caller(root, enforce_csrf_checks=True)
    token = "x" * 32
    caller.client.cookies["csrftoken"] = token
    for method, path, body in (
        ("PUT", url("memory", scope, "k"), 1),
        ("POST", url("memory", scope, "n", action="increment/"), {"by": 5}),
        ("POST", "/api/stores/memory/clean/", {"active": [scope], "prefix": scope}),
    ):
        assert "CSRF" in problem(caller(method, path, body), 403)["detail"]
        assert caller(method, path, body, X_CSRFToken=token).status_code in {200, 201}
    assert stores["memory"].get_many(scope) == {"k": 1, "n": 5}
    assert caller.get(url("memory", scope, "k")).status_code == 200


def test_an_inactive_person_is_a_stranger(scope):
    user = person(is_staff=True, is_superuser=True)
    caller = Caller(user)
    user.is_active = False
    user.save()
    problem(caller.get(url("memory", scope, "k")), 401)
