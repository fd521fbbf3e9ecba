"""A small site: the views that the tests ask."""

from django.contrib.auth import alogin, get_user_model, login, logout
from django.http import HttpResponse, JsonResponse
from django.template import engines
from django.urls import include, path
from django.views import View
from django.views.generic import TemplateView
from rest_framework.decorators import api_view
from rest_framework.response import Response
from rest_framework.views import APIView

from statestore import (
    ContextMixin,
    ScopeUnavailable,
    get_context,
    with_context,
)


def rendered(source, variables=None, request=None):
    return engines["django"].from_string(source).render(variables, request)


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
