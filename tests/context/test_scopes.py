"""Names that ``SCOPES`` adds, and looking a key up in several scopes."""

import pytest
from asgiref.sync import async_to_sync
from django.core.exceptions import ImproperlyConfigured

from statestore import (
    InvalidScope,
    ScopeUnavailable,
    StoreUnavailable,
    get_context,
    stores,
)
from tests.context.visitors import awaited_tenant_of, person, scopes_setting, tenant_of


def test_scopes_setting_adds_names(request_of):
    context = get_context(request_of(tenant="tenant:9"))
    with scopes_setting(tenant=tenant_of):
        assert context.tenant.name == "tenant:9"
    with scopes_setting(tenant=f"{__name__}.tenant_of"):
        assert context["tenant"].name == "tenant:9"


def test_resolver_that_answers_none_makes_the_scope_unavailable(request_of):
    with scopes_setting(tenant=tenant_of), pytest.raises(ScopeUnavailable, match="tenant"):
        get_context(request_of()).tenant  # noqa: B018


@pytest.mark.parametrize("answer", ["", 5, "a\nb", True])
def test_resolver_must_answer_a_name(request_of, answer):
    with scopes_setting(tenant=lambda request: answer), pytest.raises(InvalidScope):
        get_context(request_of()).tenant  # noqa: B018


def test_a_scope_may_live_in_another_store(request_of):
    with scopes_setting(user={"store": "fast"}, session={"store": "fast"}, tenant={"resolver": tenant_of}):
        context = get_context(request_of(person(1), tenant="tenant:1"))
        context.session.set("a", 1)
        found = [scope.store.alias for scope in (context.user, context.session, context.tenant, context.global_)]
        assert found == ["fast", "fast", "default", "default"]
    assert [info.name[:8] for info in stores["fast"].scopes()] == ["session:"]


def test_a_built_in_scope_can_be_replaced(request_of):
    with scopes_setting(user=lambda request: "team:1", session=lambda request: "device:1"):
        context = get_context(request_of())
        assert [context.user.name, context.session.name] == ["team:1", "device:1"]


@pytest.mark.parametrize("given", [5, {"resolvr": tenant_of}, "no.such.thing", {"store": "fast"}, {"resolver": 5}])
def test_wrong_scopes_setting_says_what_is_wrong(request_of, given):
    with scopes_setting(tenant=given), pytest.raises(ImproperlyConfigured, match=r"SCOPES.*tenant"):
        get_context(request_of()).tenant  # noqa: B018


def test_awaited_resolver_serves_sync_code_too(request_of):
    context = get_context(request_of(tenant="tenant:9"))
    with scopes_setting(tenant=awaited_tenant_of):
        assert context.tenant.name == "tenant:9:awaited"


@pytest.fixture(params=["sync", "async"])
def lookup(request):
    def sync(context, *args, **kwargs):
        return context.lookup(*args, **kwargs)

    async def awaited(context, *args, **kwargs):
        return await context.alookup(*args, **kwargs)

    return sync if request.param == "sync" else async_to_sync(awaited)


def test_lookup_answers_the_first_that_has_it(request_of, lookup):
    context = get_context(request_of(person(1)))
    assert lookup(context, "theme", "session", "user", "global", default="plain") == "plain"
    context.global_.set("theme", "light")
    assert lookup(context, "theme", "session", "user", "global") == "light"
    context.user.set("theme", None)
    assert lookup(context, "theme", "session", "user", "global", default="plain") is None
    context.session.set("theme", "dark")
    assert lookup(context, "theme", "session", "user", "global") == "dark"
    assert lookup(context, "theme", "global", "session") == "light"


def test_lookup_passes_over_what_the_request_has_not_got(request_of, lookup):
    context = get_context(request_of(session=False))
    context.global_.set("theme", "light")
    assert lookup(context, "theme", "session", "user", "global") == "light"


def test_lookup_without_names_asks_the_most_personal_first(request_of, lookup):
    with scopes_setting(tenant=tenant_of):
        context = get_context(request_of(person(1), tenant="tenant:1"))
        for name, value in [("global", 1), ("tenant", 2), ("user", 3), ("session", 4)]:
            context[name].set("theme", value)
            assert lookup(context, "theme") == value


def test_lookup_of_a_misspelt_name_is_an_error(request_of, lookup):
    with pytest.raises(ScopeUnavailable, match="usr"):
        lookup(get_context(request_of()), "theme", "global", "usr")


def test_lookup_never_takes_a_failing_store_for_missing(request_of, lookup, monkeypatch):
    def fail(*args):
        raise OSError("down")

    monkeypatch.setattr(stores["default"], "_read_one", fail)
    with pytest.raises(StoreUnavailable):
        lookup(get_context(request_of()), "theme", "global", default="plain")
