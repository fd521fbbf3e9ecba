"""A caller of the API, who signs in as whom the test wants, and the stores it is tried on."""

import json
import uuid
from urllib.parse import quote

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connections
from django.test import Client

from statestore import stores
from statestore.testing import Clock

DATABASES = [alias for alias in ("default", "postgres") if alias in connections.settings]
ALIASES = ["memory", "default", *(alias for alias in ("redis", "postgres") if alias in stores)]
JSON = "application/json"
MERGE = "application/merge-patch+json"
PATCH = "application/json-patch+json"


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/api/" in item.nodeid and not item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.django_db(databases=DATABASES))


@pytest.fixture(autouse=True)
def _mounted(settings):
    settings.ROOT_URLCONF = "tests.api.urls"


def written(name):
    """A name as it stands in a URL."""
    return quote(name.replace("~", "~0").replace("/", "~1"), safe="~")


def url(*names, action="", **query):
    """``url("memory", "s", "k")`` is the value's, with fewer names that of the values' parents."""
    words = ["stores", "scopes", "values"]
    path = "".join(f"{word}/{written(name)}/" for word, name in zip(words, names, strict=False))
    asked = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in query.items())
    return f"/api/{path}{action}{'?' if asked else ''}{asked}"


class Caller:
    """A client that speaks JSON: bodies are Python values, or bytes as they are."""

    def __init__(self, user=None, **options):
        self.client = Client(raise_request_exception=True, **options)
        if user is not None:
            self.client.force_login(user)

    def __call__(self, method, path, body=None, kind=JSON, **headers):
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is None:
            return self.client.generic(method, path, headers=names)
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.generic(method, path, data, content_type=kind, headers=names)

    def get(self, path, **headers):
        return self("GET", path, **headers)

    def put(self, path, body, **headers):
        return self("PUT", path, body, **headers)

    def merge(self, path, body, **headers):
        return self("PATCH", path, body, MERGE, **headers)

    def patch(self, path, body, **headers):
        return self("PATCH", path, body, PATCH, **headers)

    def post(self, path, body=None, **headers):
        return self("POST", path, body, **headers)

    def delete(self, path, **headers):
        return self("DELETE", path, **headers)


def person(name="", *, permissions=(), **flags):
    """A new user with these permissions on statestore's entries."""
    user = get_user_model().objects.create_user(name or uuid.uuid4().hex, password="secret", **flags)
    named = Permission.objects.filter(content_type__app_label="statestore")
    user.user_permissions.set(named.filter(codename__in=[f"{each}_entry" for each in permissions]))
    return user


@pytest.fixture
def root(db):
    return person(is_staff=True, is_superuser=True)


@pytest.fixture
def api(root):
    """A caller who may do everything."""
    return Caller(root)


@pytest.fixture
def stranger():
    return Caller()


@pytest.fixture(params=ALIASES)
def alias(request):
    return request.param


@pytest.fixture
def store(alias):
    return stores[alias]


@pytest.fixture
def clock(monkeypatch):
    """A clock that the memory store goes by."""
    clock = Clock()
    monkeypatch.setattr(stores["memory"], "clock", clock)
    return clock


@pytest.fixture
def scope():
    """A scope that nobody else has."""
    return f"test:{uuid.uuid4().hex}"


@pytest.fixture
def configure(settings):
    """Set options of the API."""

    def configure(**options):
        settings.STATESTORE = settings.STATESTORE | {"API": options}

    return configure


def problem(response, status):
    """Assert that a response is a problem with this status; return it."""
    assert response.status_code == status, (response.status_code, response.content)
    assert response["Content-Type"] == "application/problem+json"
    said = response.json()
    assert said["status"] == status
    assert {"type", "title", "detail"} <= said.keys()
    return said


def succeeded(response, status, body=None):
    """Assert that a response has this status and exactly this body; return its entity tag."""
    assert response.status_code == status, (response.status_code, response.content)
    assert response.content == (b"" if body is None else body)
    assert response.get("Content-Type") == (None if body is None else JSON)
    return response.get("ETag")
