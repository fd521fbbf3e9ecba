"""The context helper: whose scope a request means."""

import uuid
from types import SimpleNamespace

import pytest
from django.contrib.auth import get_user_model
from django.test import RequestFactory
from django.utils.functional import SimpleLazyObject

from statestore import (
    InvalidScope,
    ScopeUnavailable,
    StateContext,
    StateMiddleware,
    UnknownStore,
    get_context,
    stores,
)
from statestore.context_processors import state
from tests.context.visitors import person


def test_context_is_made_once_per_request(request_of):
    request = request_of()
    assert isinstance(get_context(request), StateContext)
    assert get_context(request) is get_context(request)
    assert get_context(request) is not get_context(request_of())


def test_nothing_is_resolved_before_it_is_asked_for():
    request = RequestFactory().get("/")
    request.user = SimpleLazyObject(lambda: pytest.fail("nobody asked for the user"))
    request.session = None
    repr(get_context(request))
    StateMiddleware(lambda passed: passed)(request)
    state(request)


def test_no_store_is_touched_before_a_value_is_asked_for(request_of, monkeypatch):
    monkeypatch.setattr(stores["default"], "_wake", lambda: pytest.fail("nobody asked for a value"))
    context = get_context(request_of(person(1)))
    repr([context.user, context.session, context.global_])
    assert context.user.name == "user:1"


def test_the_four_built_in_scopes(request_of):
    match = SimpleNamespace(view_name="shop:cart")
    context = get_context(request_of(person(42), resolver_match=match))
    context.session.set("a", 1)
    names = [context.user.name, context.view.name, context.global_.name, context["global"].name]
    assert names == ["user:42", "view:shop:cart", "global", "global"]
    assert context["user"] == context.user
    assert context.session.name.startswith("session:")


def test_anonymous_request_has_no_user_scope(request_of):
    with pytest.raises(ScopeUnavailable, match="'user'"):
        get_context(request_of()).user  # noqa: B018


@pytest.mark.parametrize("pk", [None, ""])
def test_user_who_was_never_saved_has_no_scope_to_share_with_others(request_of, pk):
    with pytest.raises(ScopeUnavailable):
        get_context(request_of(person(pk))).user  # noqa: B018


def test_request_without_middleware_has_neither_user_nor_session_nor_view():
    context = get_context(RequestFactory().get("/"))
    for name in ("user", "session", "view"):
        with pytest.raises(ScopeUnavailable):
            context[name]
    assert context["global"].name == "global"


@pytest.mark.parametrize(
    ("pk", "name"),
    [
        (7, "user:7"),
        ("ann@example.org", "user:ann@example.org"),
        (uuid.UUID("6d2c0d8e-6a43-4b22-9a8e-7f1f1c7a4b11"), "user:6d2c0d8e-6a43-4b22-9a8e-7f1f1c7a4b11"),
        ("Zoë", "user:Zoë"),
        ("..", "user:.."),
    ],
)
def test_users_scope_is_named_by_the_primary_key(request_of, pk, name):
    assert get_context(request_of(person(pk))).user.name == name


@pytest.mark.parametrize("pk", ["a\x00b", "x" * 200])
def test_primary_key_that_can_be_no_name_is_refused(request_of, pk):
    with pytest.raises(InvalidScope):
        get_context(request_of(person(pk))).user  # noqa: B018


def test_primary_key_is_of_the_models_own_type(request_of):
    user = get_user_model()(pk="42")
    assert get_context(request_of(user)).user.name == "user:42"
    user = get_user_model()(pk="042")
    assert get_context(request_of(user)).user.name == "user:42"


def test_user_scope_follows_the_request(request_of):
    request = request_of()
    context = get_context(request)
    request.user = person(1)
    assert context.user.name == "user:1"
    request.user = person(2)
    assert context.user.name == "user:2"


def test_unknown_name_is_told(request_of):
    context = get_context(request_of())
    with pytest.raises(ScopeUnavailable, match="tenant"):
        context["tenant"]
    with pytest.raises(AttributeError, match="tenant"):
        context.tenant  # noqa: B018
    assert not hasattr(context, "tenant")


def test_scope_reaches_any_other(request_of):
    found = get_context(request_of()).scope("flow:7f3a", store="fast")
    assert (found.name, found.store) == ("flow:7f3a", stores["fast"])
    with pytest.raises(UnknownStore):
        get_context(request_of()).scope("flow:7f3a", store="nowhere")
