"""The view that tells how the stores are."""

import json
from platform import python_version
from types import SimpleNamespace

import pytest
from django.test import RequestFactory

from statestore import stores
from statestore.health import health
from statestore.testing import override_stores


@pytest.fixture(autouse=True)
def two_stores(settings):
    settings.STATESTORE = {"STORES": {"default": {"BACKEND": "x.Y"}, "fast": {"BACKEND": "x.Y"}, "other": "fast"}}
    with override_stores():
        yield


def ask(method="get", **user):
    request = getattr(RequestFactory(), method)("/health/")
    if user:
        request.user = SimpleNamespace(**user)
    return health(request)


def fall_over(*args):
    raise OSError("secret address")


def test_every_store_is_named_once():
    answer = ask()
    assert (answer.status_code, json.loads(answer.content)) == (
        200,
        {"default": {"reachable": True}, "fast": {"reachable": True}},
    )
    assert "no-store" in answer["Cache-Control"]


def test_a_store_that_does_not_answer_is_503_and_strangers_learn_no_more(monkeypatch):
    monkeypatch.setattr(stores["fast"], "_health", fall_over)
    for answer in (ask(), ask(is_staff=False)):
        assert (answer.status_code, json.loads(answer.content)) == (
            503,
            {"default": {"reachable": True}, "fast": {"reachable": False}},
        )


def test_staff_see_it_all(monkeypatch):
    monkeypatch.setattr(stores["fast"], "_health", fall_over)
    found = json.loads(ask(is_staff=True).content)
    assert found["default"] | {"latency": 0} == {
        "reachable": True,
        "latency": 0,
        "backend": "MemoryStore",
        "server": "memory",
        "version": f"Python {python_version()}",
        "threats": ["The state is lost when this process ends, and other processes do not see it."],
        "error": "",
    }
    assert found["fast"]["error"] == "The store 'fast' is unavailable (OSError)."


def test_only_looking_is_allowed():
    assert ask("post").status_code == 405
    assert ask("head").status_code == 200
