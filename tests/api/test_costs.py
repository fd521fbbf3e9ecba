"""What a request costs, besides what the store is asked."""

import gc
from urllib.parse import unquote

import pytest
from django.test import RequestFactory
from django.urls import resolve
from rest_framework.authentication import BaseAuthentication

from statestore import stores
from tests.api.conftest import Caller, url
from tests.api.test_house import Anybody


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
    answer(method, **more)
    gc.collect()
    gc.disable()
    try:
        assert answer(method, **more) in {200, 204}
        assert gc.collect() == 0
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
