"""The context helper: whose scope a request means, in sync and async views, class views, DRF and templates."""

import re
import uuid
from types import SimpleNamespace

import pytest
from asgiref.sync import async_to_sync, iscoroutinefunction, sync_to_async
from django.conf import settings as django_settings
from django.contrib.auth import alogin, get_user_model, login, logout
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse, JsonResponse
from django.template import engines
from django.test import AsyncClient, Client, RequestFactory, override_settings
from django.urls import include, path
from django.utils.functional import SimpleLazyObject
from django.views import View
from django.views.generic import TemplateView
from rest_framework.decorators import api_view
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate
from rest_framework.views import APIView

from statestore import (
    ContextMixin,
    InvalidKey,
    InvalidScope,
    InvalidValue,
    OperationDisabled,
    Scope,
    ScopeUnavailable,
    StateContext,
    StateMiddleware,
    StoreUnavailable,
    UnknownStore,
    VersionConflict,
    get_context,
    stores,
    with_context,
)
from statestore.context_processors import state
from statestore.late import TOKEN, LateScope
from statestore.testing import override_stores

MEMORY = "statestore.backends.MemoryStore"
SESSIONS = ["db", "cache", "cached_db", "file", "signed_cookies"]

pytestmark = pytest.mark.urls(__name__)


@pytest.fixture(autouse=True)
def memory():
    with override_stores(fast={"BACKEND": MEMORY}) as found:
        yield found


@pytest.fixture
def request_of():
    def make(user=None, session=True, **attributes):
        request = RequestFactory().get("/")
        request.user = user or AnonymousUser()
        if session:
            request.session = SessionStore()
        vars(request).update(attributes)
        return request

    return make


def person(pk, **attributes):
    return SimpleNamespace(pk=pk, is_authenticated=True, **attributes)


def scopes_setting(**scopes):
    return override_settings(STATESTORE={**django_settings.STATESTORE, "SCOPES": scopes})


# -- the views that the tests ask


@with_context
def write(request, context, key):
    context.session.set(key, request.GET["value"])
    return HttpResponse(context.session.name)


def read(request, key):
    return JsonResponse(request.state.session.get(key), safe=False)


def sign_in(request):
    login(request, get_user_model().objects.get(username=request.GET["as"]))
    request.state.user.set("signed in", True)
    return HttpResponse(request.state.user.name)


def sign_out(request):
    logout(request)
    request.state.session.set("after", 1)
    return HttpResponse(request.state.session.name)


@with_context
async def awrite(request, context, key):
    await context.session.aset(key, request.GET["value"])
    return HttpResponse((await context.aresolve("session")).name)


async def aread(request, key):
    return JsonResponse(await request.state.session.aget(key), safe=False)


async def asign_in(request):
    user = await get_user_model().objects.aget(username=request.GET["as"])
    await alogin(request, user)
    await request.state.user.aset("signed in", True)
    return HttpResponse((await request.state.aresolve("user")).name)


async def awho(request):
    try:
        theme = await request.state.user.aget("theme", "light")
    except ScopeUnavailable:
        theme = "nobody's"
    return HttpResponse(theme)


@with_context
def where(request, context):
    return HttpResponse(context.view.name)


@api_view(["GET"])
@with_context
def api(request, context):
    return Response({"user": context.user.get("theme"), "same": context is request.state})


class Api(ContextMixin, APIView):
    def get(self, request):
        return Response({"user": self.state.user.get("theme"), "same": self.state is get_context(request)})


class Plain(ContextMixin, View):
    def get(self, request):
        self.state.global_.increment("visits")
        return HttpResponse(self.context["global"].get("visits"))


class Awaited(ContextMixin, View):
    async def get(self, request):
        return HttpResponse(await self.state.global_.aincrement("visits"))


class Page(ContextMixin, TemplateView):
    def render_to_response(self, context, **kwargs):
        return HttpResponse(rendered("{{ state.global.motd }}/{{ kind }}", context))

    extra_context = {"kind": "page"}


shop = ([path("where/", where, name="where")], "shop")

urlpatterns = [
    path("write/<key>/", write),
    path("read/<key>/", read),
    path("in/", sign_in),
    path("out/", sign_out),
    path("awrite/<key>/", awrite),
    path("aread/<key>/", aread),
    path("ain/", asign_in),
    path("awho/", awho),
    path("where/", where, name="where"),
    path("unnamed/", where),
    path("one/", include(shop, namespace="one")),
    path("two/", include(shop, namespace="two")),
    path("api/", api),
    path("api-class/", Api.as_view()),
    path("plain/", Plain.as_view()),
    path("awaited/", Awaited.as_view()),
    path("page/", Page.as_view()),
]


def rendered(source, variables=None, request=None):
    return engines["django"].from_string(source).render(variables, request)


@pytest.fixture
def with_middleware(settings):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "statestore.StateMiddleware"]


# -- the context


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


# -- SCOPES


def tenant_of(request):
    return getattr(request, "tenant", None)


async def awaited_tenant_of(request):
    return f"{request.tenant}:awaited"


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


# -- lookup


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


# -- the session's scope


def test_reading_starts_no_session(request_of):
    request = request_of()
    mine = get_context(request).session
    answers = [
        mine.get("a"),
        mine.get("a", 5),
        mine.get(["a", "b"], 0),
        mine.get_many(),
        mine.entry("a"),
        mine.keys(),
        mine.remove("a"),
        mine.delete(),
        mine.touch(),
        mine.info(),
        "a" in mine,
        len(mine),
        list(mine),
        dict(mine.items()),
        mine.pop("a", 7),
    ]
    assert answers == [None, 5, [0, 0], {}, None, [], 0, 0, False, None, False, 0, [], {}, 7]
    with pytest.raises(KeyError):
        mine["a"]
    repr(mine)
    assert (request.session.modified, dict(request.session.items())) == (False, {})


def test_reading_an_empty_session_scope_does_not_touch_the_store(request_of, monkeypatch):
    monkeypatch.setattr(stores["default"], "_wake", lambda: pytest.fail("the store was touched"))
    mine = get_context(request_of()).session
    assert mine.get("a") is None
    assert async_to_sync(mine.aget)("a") is None


def test_the_rules_hold_on_an_empty_session_scope(request_of):
    mine = get_context(request_of()).session
    with pytest.raises(InvalidKey):
        mine.get("")
    with pytest.raises(VersionConflict):
        mine.remove("a", if_version="x")
    with pytest.raises(VersionConflict):
        mine.delete(if_version="x")
    with override_stores(default={"BACKEND": MEMORY, "ENABLE_GET": False}), pytest.raises(OperationDisabled):
        mine.get("a")


def test_refused_write_starts_no_session(request_of):
    request = request_of()
    with pytest.raises(InvalidValue):
        get_context(request).session.set("a", {1})
    with pytest.raises(InvalidKey):
        get_context(request).session["\n"] = 1
    assert not request.session.modified


@pytest.mark.parametrize(
    "write",
    [
        lambda mine: mine.set("a", 1),
        lambda mine: mine.set_many({"a": 1}),
        lambda mine: mine.increment("a"),
        lambda mine: mine.update("a", lambda value: 1),
        lambda mine: mine.update({"a": 1}),
        lambda mine: mine.update(a=1),
        lambda mine: mine.setdefault("a", 1),
        lambda mine: mine.__setitem__("a", 1),
        lambda mine: async_to_sync(mine.aset)("a", 1),
        lambda mine: async_to_sync(mine.aset_many)({"a": 1}),
        lambda mine: async_to_sync(mine.aincrement)("a"),
        lambda mine: async_to_sync(mine.aupdate)("a", lambda value: 1),
    ],
)
def test_first_write_of_any_kind_binds_the_scope(request_of, write):
    request = request_of()
    write(get_context(request).session)
    assert request.session.modified
    again = get_context(request).session
    assert again["a"] == 1
    assert stores["default"].get(f"session:{request.session[TOKEN]}", "a") == 1
    assert async_to_sync(again.aget)("a") == 1


def test_asking_for_the_name_binds_it(request_of):
    context = get_context(request_of())
    name = context.session.name
    stores["default"].set(name, "a", 1)
    assert context.session["a"] == 1


def test_two_sessions_never_share_a_scope(request_of):
    names = {get_context(request_of()).session.name for _ in range(100)}
    assert len(names) == 100


def test_plain_dict_will_do_as_a_session(request_of):
    request = request_of(session=False)
    request.session = {}
    async_to_sync(get_context(request).session.aset)("a", 1)
    assert async_to_sync(get_context(request).session.aget)("a") == 1
    assert get_context(request).session["a"] == 1


@pytest.fixture(params=SESSIONS)
def sessions(request, settings, tmp_path):
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{request.param}"
    settings.SESSION_FILE_PATH = str(tmp_path)
    return request.param


@pytest.mark.django_db
@pytest.mark.usefixtures("with_middleware")
@pytest.mark.parametrize("a", ["", "a"])
def test_visitors_state_is_kept_and_nobody_elses(sessions, a):
    one, two = Client(), Client()
    assert one.get(f"/{a}read/color/").json() is None
    assert not one.cookies
    name = one.get(f"/{a}write/color/?value=red").content.decode()
    two.get(f"/{a}write/color/?value=blue")
    assert one.get(f"/{a}read/color/").json() == "red"
    assert two.get(f"/{a}read/color/").json() == "blue"
    assert one.cookies["sessionid"].value not in name
    assert name not in one.cookies["sessionid"].value


@pytest.mark.django_db
@pytest.mark.usefixtures("with_middleware")
@pytest.mark.parametrize("a", ["", "a"])
def test_session_scope_survives_login_and_ends_with_logout(sessions, a):
    get_user_model().objects.create_user("ann", pk=5)
    client = Client()
    name = client.get(f"/{a}write/color/?value=red").content
    key = client.cookies["sessionid"].value
    assert client.get(f"/{a}in/?as=ann").content == b"user:5"
    assert client.cookies["sessionid"].value != key
    assert client.get(f"/{a}read/color/").json() == "red"
    assert client.get(f"/{a}write/size/?value=xl").content == name
    fresh = client.get("/out/").content
    assert fresh not in (name, b"")
    assert client.get(f"/{a}read/color/").json() is None
    assert client.get(f"/{a}read/after/").json() == 1


# -- async


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


# -- views


@pytest.mark.parametrize(
    ("view", "kwargs"),
    [
        (lambda request, context: context, {}),
        (lambda request, state: state, {}),
        (lambda request, state, pk: state, {"pk": 1}),
        (lambda request, pk, context: context, {"pk": 1}),
        (lambda request, *, context: context, {}),
        (lambda request, *args, **kwargs: args[0], {"pk": 1}),
    ],
)
def test_with_context_hands_it_over_whatever_the_view_calls_it(request_of, view, kwargs):
    request = request_of()
    assert with_context(view)(request, **kwargs) is get_context(request)


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
    assert names == ["view:where", "view:one:where", "view:two:where", f"view:{__name__}.where"]


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


# -- templates


def template(source, request):
    return rendered(source, state(request))


def test_template_reads_values(request_of):
    request = request_of(person(1))
    get_context(request).user.update(theme="dark", cart={"total": 3})
    get_context(request).global_["motd"] = "<hello>"
    source = "{{ state.user.theme }} {{ state.user.cart.total }} {{ state.global.motd }} {{ state.global_.motd }}"
    assert template(source, request) == "dark 3 &lt;hello&gt; &lt;hello&gt;"
    assert template("{% for key, value in state.user.items %}{{ key }}={{ value }};{% endfor %}", request) == (
        "theme=dark;cart={&#x27;total&#x27;: 3};"
    )
    assert template("{% if 'theme' in state.user %}yes{% endif %} {{ state.user|length }}", request) == "yes 2"


@pytest.mark.parametrize("key", ["theme", "name", "store", "delete", "clear", "popitem", "info", "0", "a.b"])
def test_missing_key_renders_as_nothing_and_calls_nothing(request_of, key):
    request = request_of(person(1))
    get_context(request).user["kept"] = 1
    assert template(f"[{{{{ state.user.{key} }}}}]", request) == "[]"
    assert dict(get_context(request).user.items()) == {"kept": 1}


@pytest.mark.parametrize(
    "expression", ["state.user.theme", "state.user", "state.tenant.theme", "state.session.name"]
)
def test_what_a_request_has_not_got_renders_as_nothing(request_of, expression):
    request = request_of()
    assert template(f"[{{{{ {expression} }}}}]", request) == "[]"
    assert template(f"{{% if {expression} %}}yes{{% else %}}no{{% endif %}}", request) == "no"
    assert not request.session.modified


def test_template_does_not_hide_that_a_store_is_down(request_of, monkeypatch):
    def fail(*args):
        raise OSError("down")

    monkeypatch.setattr(stores["default"], "_read_one", fail)
    with pytest.raises(StoreUnavailable):
        template("{{ state.global.motd }}", request_of())


def test_context_processor_by_the_settings(settings, client):
    engine = engines["django"].engine
    assert "state" not in rendered("{{ state.global.motd }}", request=RequestFactory().get("/"))
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {"context_processors": ["statestore.context_processors.state"]},
        }
    ]
    stores["default"].set("global", "motd", "hello")
    assert engine is not engines["django"].engine
    assert rendered("{{ state.global.motd }}", request=RequestFactory().get("/")) == "hello"


def test_session_scopes_name_is_a_random_token(request_of):
    assert re.fullmatch(r"session:[\w-]{24}", get_context(request_of()).session.name)
