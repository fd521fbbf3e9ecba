"""The contenders: a view of Django's and one of Django REST framework's, both on redis-py, and the API."""

import orjson
import redis
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from rest_framework.response import Response
from rest_framework.views import APIView

from statestore import Policy

REDIS = redis.Redis.from_url(settings.REDIS_URL)
JSON = "application/json"


class Anybody(Policy):
    """Nobody is asked who it is."""

    def allows(self, request, action, store, scope):
        return True


def check(request):
    """Let through what the API lets through."""
    if settings.CLOSED:
        user = request.user
        if not (user.is_active and user.is_staff and user.has_perm("statestore.view_entry")):
            raise PermissionDenied


@csrf_exempt
def value(request, scope, key):
    """Read or write a value by hand."""
    check(request)
    if request.method == "PUT":
        orjson.loads(request.body)
        created = REDIS.hset(scope, key, request.body)
        return HttpResponse(status=201 if created else 204)
    text = REDIS.hget(scope, key)
    if text is None:
        raise Http404
    return HttpResponse(text, content_type=JSON)


@csrf_exempt
def increment(request, scope, key):
    """Count by hand."""
    by = orjson.loads(request.body)["by"]
    return HttpResponse(b"%d" % REDIS.hincrby(scope, key, by), content_type=JSON)


class Value(APIView):
    """Read or write a value by hand, with Django REST framework."""

    def get(self, request, scope, key):
        check(request)
        text = REDIS.hget(scope, key)
        if text is None:
            raise Http404
        return Response(orjson.loads(text))

    def put(self, request, scope, key):
        created = REDIS.hset(scope, key, orjson.dumps(request.data))
        return Response(status=201 if created else 204)


class Increment(APIView):
    """Count by hand, with Django REST framework."""

    def post(self, request, scope, key):
        return Response(REDIS.hincrby(scope, key, request.data["by"]))


urlpatterns = [
    path("django/<scope>/<key>/", value),
    path("django/<scope>/<key>/increment/", increment),
    path("drf/<scope>/<key>/", Value.as_view()),
    path("drf/<scope>/<key>/increment/", Increment.as_view()),
    path("api/", include("statestore.api.urls")),
]
