"""Views of every kind reach their state: sync and async, functions and classes, Django REST framework's."""

from types import SimpleNamespace

import pytest
from asgiref.sync import async_to_sync, iscoroutinefunction, sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.test import AsyncClient
from django.utils.decorators import method_decorator
from django.utils.functional import SimpleLazyObject
from django.views.generic import View
from rest_framework.test import APIRequestFactory, force_authenticate

from statestore import (
    Scope,
    ScopeUnavailable,
    StateMiddleware,
    get_context,
    stores,
    with_context,
)
from statestore.late import LateScope
from tests.context.site import Api, api
from tests.context.visitors import awaited_tenant_of, person, scopes_setting, tenant_of

pytestmark = pytest.mark.urls("tests.context.site")


@pytest.mark.django_db
@pytest.mark.usefixtures("with_middleware")
def test_async_view_reaches_the_users_scope():
    ann = get_user_model().objects.create_user("ann", pk=5)
    stores["default"].set("user:5", "theme", "dark")

    async def asked(client):
        return (await client.get("/awho/")).content.decode()

    client = AsyncClient()
    assert async_to_sync(asked)(client) == "nobody's"
    client.force_login(ann)
    assert async_to_sync(asked)(client) == "dark"


def test_user_that_is_known_already_is_resolved_at_once_in_an_event_loop(request_of):
    async def view(request):
        return get_context(request).user.name

    assert async_to_sync(view)(request_of(person(3))) == "user:3"
    with pytest.raises(ScopeUnavailable):
        async_to_sync(view)(request_of())


@pytest.fixture
def lazy_request(request_of, django_user_model):
    """A request whose user is not fetched yet, as Django's middleware leaves it."""
    django_user_model.objects.create_user("ann", pk=5)
    request = request_of()
    request.user = SimpleLazyObject(lambda: django_user_model.objects.get(username="ann"))
    return request


@pytest.mark.django_db
def test_lazy_user_is_fetched_where_waiting_is_allowed(lazy_request):
    async def view(request):
        context = get_context(request)
        mine = context.user
        await mine.aset("theme", "dark")
        name = (await context.aresolve("user")).name
        return name, mine.name, repr(mine), await context.alookup("theme", "user"), await mine.aget_many()

    answer = async_to_sync(view)(lazy_request)
    assert answer == ("user:5", "user:5", "<Scope of the request's 'user' in 'default'>", "dark", {"theme": "dark"})


def test_user_that_an_async_view_has_awaited_is_known_at_once(lazy_request, request_of):
    async def view(request, user):
        request._acached_user = user  # as auser() leaves it
        return get_context(request).user.name

    assert async_to_sync(view)(lazy_request, person(7)) == "user:7"
    with pytest.raises(ScopeUnavailable):
        async_to_sync(view)(lazy_request, AnonymousUser())


@pytest.mark.django_db
def test_sync_code_called_from_an_async_view_sees_the_same_scope(lazy_request):
    async def view(request):
        mine = get_context(request).user
        await sync_to_async(mine.__setitem__)("theme", "dark")
        return await sync_to_async(lambda: mine["theme"])()

    assert async_to_sync(view)(lazy_request) == "dark"


def test_resolvers_of_scopes_are_awaited_or_run_in_the_sync_thread(request_of):
    async def view(request):
        with scopes_setting(tenant=tenant_of, awaited=awaited_tenant_of):
            context = get_context(request)
            await context.tenant.aset("a", 1)
            await context.awaited.aset("a", 2)
            return [(await context.aresolve(name)).name for name in ("tenant", "awaited")]

    assert async_to_sync(view)(request_of(tenant="tenant:1")) == ["tenant:1", "tenant:1:awaited"]


def test_aresolve_tells_what_is_unavailable(request_of):
    async def view(request):
        with scopes_setting(tenant=tenant_of):
            await get_context(request).aresolve("tenant")

    with pytest.raises(ScopeUnavailable):
        async_to_sync(view)(request_of())


def test_every_verb_of_a_scope_goes_by_the_late_ones_too():
    same = {name for name, member in vars(Scope).items() if callable(member) and name not in vars(LateScope)}
    assert same == {"__iter__", "__len__", "__bool__", "__eq__", "__hash__"}


@pytest.mark.parametrize(
    ("view", "kwargs"),
    [
        (lambda request, context: context, {}),
        (lambda request, state: state, {}),
        (lambda request, state, pk: state, {"pk": 1}),
        (lambda request, pk, context: context, {"pk": 1}),
        (lambda request, *, context: context, {}),
        (lambda request, pk, state: state, {"pk": 1}),
        (lambda request, *, state: state, {}),
        (lambda request, pk, *, state: state, {"pk": 1}),
        (lambda request, context, state: context, {"state": "open"}),
        (lambda request, mine, state: mine, {"state": "open"}),
        (lambda request, state, context: context, {"state": "open"}),
        (lambda request, mine, state="all": mine, {}),
        (lambda request, state=None: state, {}),
        (lambda request, context, /: context, {}),
        (lambda request, *args, **kwargs: args[0], {"pk": 1}),
        (lambda request, *context: context[0], {}),
    ],
)
def test_with_context_hands_it_over_whatever_the_view_calls_it(request_of, view, kwargs):
    request = request_of()
    assert with_context(view)(request, **kwargs) is get_context(request)


@pytest.mark.parametrize(
    "view",
    [
        lambda request, context, pk: (context, pk),
        lambda request, state, pk: (state, pk),
        lambda request, mine, pk: (mine, pk),
        lambda request, pk, context: (context, pk),
        lambda request, pk, state: (state, pk),
    ],
)
def test_with_context_leaves_the_unnamed_parts_of_a_url_in_their_order(request_of, view):
    request = request_of()
    assert with_context(view)(request, 5) == (get_context(request), 5)


def test_with_context_on_a_method_is_refused_unless_by_method_decorator(request_of):
    class Wrong(View):
        @with_context
        def get(self, request, context):
            """Never called."""

    class Right(View):
        @method_decorator(with_context)
        def get(self, request, context):
            return context

    request = request_of()
    with pytest.raises(TypeError, match="method_decorator"):
        Wrong.as_view()(request)
    assert Right.as_view()(request) is get_context(request)


def test_with_context_keeps_what_a_view_is():
    def plain(request, context):
        """Say so."""

    async def awaited(request, context):
        return context

    plain.csrf_exempt = True
    assert (with_context(plain).__doc__, with_context(plain).csrf_exempt) == ("Say so.", True)
    assert [iscoroutinefunction(with_context(view)) for view in (plain, awaited)] == [False, True]


def test_view_scope_is_the_views_with_its_namespace(client):
    asked = ["/where/", "/one/where/", "/two/where/", "/unnamed/"]
    names = [client.get(address).content.decode() for address in asked]
    assert names == ["view:where", "view:one:where", "view:two:where", "view:tests.context.site.where"]


def test_class_views_have_their_state(client, async_client):
    assert client.get("/plain/").content == b"1"
    assert async_to_sync(async_client.get)("/awaited/").content == b"2"
    stores["default"].set("global", "motd", "hello")
    assert client.get("/page/").content == b"hello/page"


@pytest.mark.parametrize("view", [api, Api.as_view()])
def test_rest_framework_views_share_the_context_of_the_request_inside(view):
    stores["default"].set("user:5", "theme", "dark")
    request = APIRequestFactory().get("/")
    StateMiddleware(lambda passed: passed)(request)
    force_authenticate(request, person(5))
    assert view(request).data == {"user": "dark", "same": True}


def test_user_whom_the_rest_framework_knows_counts(request_of):
    inside = request_of()
    outside = SimpleNamespace(_request=inside, user=person(5))
    before = get_context(inside)
    assert get_context(outside) is before
    assert before.user.name == "user:5"


def test_middleware_serves_both_worlds(request_of):
    async def answer(request):
        return request.state

    request = request_of()
    assert StateMiddleware(lambda passed: passed.state)(request) is get_context(request)
    middleware = StateMiddleware(answer)
    assert iscoroutinefunction(middleware)
    assert async_to_sync(middleware)(request) is get_context(request)
