"""Stores that are unwell, verbs that are switched off, callers that are too many."""

import pytest
from django.core.cache import cache
from django.db import connection

from statestore import CorruptState, SchemaViolation, StoreClosed, StoreTimeout, StoreUnavailable, stores
from tests.api.conftest import MERGE, PATCH, Caller, person, problem, succeeded, url

SECRET = "redis://:hunter2@10.0.0.1/0 SELECT /etc/passwd"


def calls(api, alias, scope):
    """One call of every kind, by name."""
    value = url(alias, scope, "k")
    return {
        "list": lambda: api.get(url(alias, action="scopes/")),
        "scope": lambda: api.get(url(alias, scope)),
        "values": lambda: api.get(url(alias, scope, action="values/")),
        "get": lambda: api.get(value),
        "get at": lambda: api.get(f"{value}?at=/a"),
        "many": lambda: api("PATCH", url(alias, scope, action="values/"), {"k": 1}),
        "put": lambda: api.put(value, 1),
        "put at": lambda: api.put(f"{value}?at=/a", 1),
        "merge": lambda: api("PATCH", value, {}, MERGE),
        "patch": lambda: api("PATCH", value, [], PATCH),
        "increment": lambda: api.post(f"{value}increment/"),
        "remove at": lambda: api.delete(f"{value}?at=/a"),
        "remove": lambda: api.delete(value),
        "delete": lambda: api.delete(url(alias, scope)),
        "clean": lambda: api.post(f"/api/stores/{alias}/clean/", {"active": [scope], "prefix": scope}),
    }


@pytest.fixture
def broken(monkeypatch):
    """Let every hook of the memory store raise an error."""

    def broken(error):
        for hook in ("_read", "_read_one", "_stamps", "_write", "_remove", "_delete", "_scan", "_sweep", "_clean"):
            monkeypatch.setattr(stores["memory"], hook, lambda *args: raise_(error))

    def raise_(error):
        raise error

    stores["memory"].open()
    return broken


@pytest.mark.parametrize(
    ("error", "status", "wait"),
    [
        (StoreUnavailable(SECRET), 503, "5"),
        (StoreTimeout(SECRET), 504, None),
        (OSError(SECRET), 503, "5"),
    ],
)
def test_an_unwell_store_says_so_and_nothing_more(api, broken, scope, error, status, wait):
    broken(error)
    for name, call in calls(api, "memory", scope).items():
        response = call()
        problem(response, status)
        assert response.get("Retry-After") == wait, name
        assert "hunter2" not in str(response.content)


def test_a_closed_store_is_unavailable(api, broken, scope):
    broken(StoreClosed())
    assert problem(api.get(url("memory", scope, "k")), 503)["type"] == "urn:statestore:store-closed"


def test_it_recovers_by_itself(api, monkeypatch, scope):
    with monkeypatch.context() as patched:
        patched.setattr(stores["memory"], "_read_one", lambda *args: 1 / 0)
        problem(api.get(url("memory", scope, "k")), 503)
    problem(api.get(url("memory", scope, "k")), 404)


def test_what_can_not_be_read_is_no_json_and_can_be_written_over(api, scope):
    stores["default"].set_many(scope, {"k": 1, "good": 2})
    with connection.cursor() as cursor:
        cursor.execute("UPDATE statestore_entry SET value = '{bad' WHERE scope = %s AND key = 'k'", [scope])
    for response in (
        api.get(url("default", scope, "k")),
        api.get(url("default", scope, "k", at="/a")),
        api.get(url("default", scope, action="values/")),
        api.post(url("default", scope, "k", action="increment/")),
        api.merge(url("default", scope, "k"), {}),
    ):
        said = problem(response, 503)
        assert (said["type"], said["scope"], said["key"]) == ("urn:statestore:corrupt-state", scope, "k")
        assert response["Retry-After"]
    succeeded(api.get(url("default", scope, "good")), 200, b"2")
    succeeded(api.put(url("default", scope, "k"), 3), 204)
    succeeded(api.get(url("default", scope, "k")), 200, b"3")
    assert isinstance(CorruptState(), Exception)


@pytest.mark.parametrize(
    ("switch", "off"),
    [
        ("GET", {"values", "get", "get at"}),
        ("SET", {"many", "put", "put at", "merge", "patch", "increment"}),
        ("REMOVE", {"remove", "remove at", "delete"}),
        ("CLEAN", {"clean"}),
    ],
)
def test_a_verb_switched_off_is_not_allowed(api, settings, scope, switch, off):
    memory = {"BACKEND": "statestore.backends.MemoryStore", f"ENABLE_{switch}": False}
    settings.STATESTORE = {"STORES": {"default": memory}}
    refused = set()
    for name, call in calls(api, "default", scope).items():
        response = call()
        if response.status_code == 405:
            refused.add(name)
            assert problem(response, 405)["type"] == "urn:statestore:operation-disabled"
    assert refused == off
    name, gone = {
        "GET": ("get", {"GET", "HEAD"}),
        "SET": ("put", {"PUT", "PATCH"}),
        "REMOVE": ("remove", {"DELETE"}),
        "CLEAN": ("clean", {"POST"}),
    }[switch]
    assert gone.isdisjoint(calls(api, "default", scope)[name]()["Allow"].split(", "))


@pytest.mark.parametrize("switch", ["GET", "REMOVE"])
def test_what_is_allowed_is_what_is_answered(api, settings, scope, switch):
    memory = {"BACKEND": "statestore.backends.MemoryStore", f"ENABLE_{switch}": False}
    settings.STATESTORE = {"STORES": {"default": memory}}
    stores["default"].set(scope, "k", 1)
    for path in (url("default", action="scopes/"), url("default", scope), url("default", scope, "k")):
        allowed = api("OPTIONS", path)["Allow"].split(", ")
        for method in ("GET", "HEAD", "DELETE"):
            assert (api(method, path).status_code != 405) == (method in allowed), (method, path)


def test_a_value_that_does_not_fit_its_schema(api, settings, scope):
    memory = {"BACKEND": "statestore.backends.MemoryStore", "SCHEMAS": {"test:*": {"n": int}}}
    settings.STATESTORE = {"STORES": {"default": memory}}
    path = url("default", scope, "n")
    said = problem(api.put(path, "x"), 422)
    assert (said["type"], said["scope"], said["key"]) == ("urn:statestore:schema-violation", scope, "n")
    problem(api("PATCH", url("default", scope, action="values/"), {"n": "x"}), 422)
    problem(api.merge(path, {"a": 1}), 422)
    succeeded(api.put(path, 1), 201)
    problem(api.post(f"{path}increment/", {"by": 0.5}), 422)
    problem(api.put(f"{path}?at=", "x"), 422)
    succeeded(api.get(path), 200, b"1")
    assert SchemaViolation.__mro__[1].__name__ == "InvalidValue"


@pytest.fixture
def rates(settings):
    cache.clear()

    def rates(classes=(), **rates):
        settings.REST_FRAMEWORK = {"DEFAULT_THROTTLE_RATES": rates, "DEFAULT_THROTTLE_CLASSES": list(classes)}

    yield rates
    cache.clear()


def test_throttles_are_named_and_the_site_says_how_often(api, rates, scope):
    rates(**{"statestore-read": "2/min", "statestore-write": "1/min", "statestore-clean": "1/min"})
    path = url("memory", scope, "k")
    assert [api.get(path).status_code for _ in range(3)] == [404, 404, 429]
    assert [api.put(path, 1).status_code for _ in range(2)] == [201, 429]
    response = api.delete(path)
    problem(response, 429)
    assert 0 < int(response["Retry-After"]) <= 60
    body = {"active": ["a"], "prefix": scope}
    assert [api.post("/api/stores/memory/clean/", body).status_code for _ in range(2)] == [200, 429]
    assert Caller(person(is_staff=True, is_superuser=True)).get(path).status_code == 404


def test_the_site_s_own_throttles_count_too(api, rates, scope):
    scoped, user = ("rest_framework.throttling.ScopedRateThrottle", "rest_framework.throttling.UserRateThrottle")
    rates([scoped, user], user="1/min")
    assert [api.get(url("memory", scope, "k")).status_code for _ in range(2)] in ([404, 404], [404, 429])


def test_no_rate_is_no_limit(api, rates, scope):
    rates()
    assert {api.get(url("memory", scope, "k")).status_code for _ in range(20)} == {404}
