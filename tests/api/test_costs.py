"""What a request costs: what it leaves behind, whom it asks, and how often the store."""

import gc
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.test import RequestFactory
from django.urls import resolve
from rest_framework.authentication import BaseAuthentication

from statestore import stores
from tests.api.conftest import Caller, url
from tests.api.test_house import Anybody
from tests.backends.redis_kit import sent

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
ROW = re.compile(r"^\| (.+) \| (\d) \| (\d) \|$", re.MULTILINE)
COSTS = {what: (int(statements), int(trips)) for what, statements, trips in ROW.findall(PAGE.read_text("utf-8"))}


@pytest.fixture
def answer(configure, scope):
    """Answer a request for a value that is there, by its view alone."""
    configure(POLICY=Anybody)
    path = url("memory", scope, "k")
    found = resolve(unquote(path))

    def answer(method, **more):
        stores["memory"].set(scope, "k", {"a": [1]})
        request = getattr(RequestFactory(), method)(path, **more)
        return found.func(request, **found.kwargs).status_code

    return answer


@pytest.mark.parametrize("method", ["get", "head", "put", "delete"])
def test_a_request_leaves_nothing_for_the_collector_of_garbage(answer, method):
    more = {"data": b"1", "content_type": "application/json"} if method == "put" else {}
    assert answer(method, **more) in {200, 204}
    # Threads that other tests left may drop a cycle meanwhile; a request would leave its own each time.
    assert min(garbage_of(answer, method, **more) for _ in range(10)) == 0


def test_a_request_that_leaves_garbage_is_noticed():
    def careless(_):
        cycle = []
        cycle.append(cycle)

    assert min(garbage_of(careless, "get") for _ in range(10)) >= 1


def garbage_of(answer, method, **more):
    """How many unreachable objects one request leaves."""
    gc.collect()
    gc.disable()
    try:
        answer(method, **more)
        return gc.collect()
    finally:
        gc.enable()


def test_nobody_is_asked_for_a_name_where_the_site_has_no_authentication(answer, settings, monkeypatch):
    settings.REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": []}
    monkeypatch.setattr("rest_framework.request.Request._authenticate", None)
    assert answer("get") == 200


def test_whoever_has_a_name_is_asked_for_it_even_by_a_policy_that_does_not_look(configure, settings, scope):
    settings.REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": [f"{__name__}.{Counted.__name__}"]}
    configure(POLICY=Anybody)
    Counted.calls = 0
    Caller().get(url("memory", scope, "k"))
    assert Counted.calls == 1


class Counted(BaseAuthentication):
    """Knows nobody, and counts how often it is asked."""

    calls = 0

    def authenticate(self, request):
        Counted.calls += 1


def test_settings_are_followed_at_once(configure, stranger, scope):
    path = url("memory", scope, "k")
    for policy, status in ((Anybody, 404), ("statestore.Policy", 401), (Anybody, 404)):
        configure(POLICY=policy)
        assert stranger.get(path).status_code == status


def requests(caller, alias, scope):
    """The requests whose costs the page tells. There are two values."""
    stores[alias].delete(scope)
    path, known = url(alias, scope, "k"), f'"{stores[alias].set_many(scope, {"k": 1, "n": 2})}"'
    return {
        "`GET` of a value": lambda: caller.get(path),
        "`PUT` of a value": lambda: caller.put(path, 2),
        "`PUT` with `If-Match` and one tag": lambda: caller.put(path, 2, If_Match=known),
        "`PUT` with `If-None-Match: *`": lambda: caller.put(url(alias, scope, "new"), 2, If_None_Match="*"),
        "`DELETE` of a value": lambda: caller.delete(path),
        "`PATCH` of a value": lambda: caller.merge(path, {"a": 1}),
        "increment": lambda: caller.post(f"{path}increment/"),
        "`GET` of many values": lambda: caller.get(url(alias, scope, action="values/?key=k&key=n")),
        "`DELETE` of a scope": lambda: caller.delete(url(alias, scope)),
    }


def test_the_page_has_a_row_for_every_request_that_is_counted(scope):
    assert list(COSTS) == list(requests(None, "memory", scope))


@pytest.mark.parametrize("what", COSTS)
def test_a_request_asks_the_database_as_often_as_the_page_says(
    configure, settings, scope, what, django_assert_num_queries
):
    configure(POLICY=Anybody)
    settings.REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": []}
    ask = requests(Caller(), "default", scope)[what]
    with django_assert_num_queries(COSTS[what][0]):
        assert ask().status_code in {200, 201, 204}


@pytest.mark.skipif("redis" not in stores, reason="NOT TESTED: there is no redis server")
@pytest.mark.parametrize("what", COSTS)
def test_a_request_asks_redis_as_often_as_the_page_says(configure, settings, scope, what, monkeypatch):
    configure(POLICY=Anybody)
    settings.REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": []}
    for _ in range(2):  # the server knows every script now, and the connection is there
        ask = requests(Caller(), "redis", scope)[what]
        with sent(monkeypatch) as flights:
            assert ask().status_code in {200, 201, 204}
    assert len(flights) == COSTS[what][1], flights
