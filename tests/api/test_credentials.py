"""Credentials that no database could look up are wrong ones, whatever the database makes of them."""

from base64 import b64encode

import pytest
from django.db import DataError, connections
from rest_framework.authentication import BaseAuthentication

from tests.api.conftest import DATABASES, Caller, person, problem, url

NULS = '"' + r"\000" * 32 + '"'
WRONG = {
    "a name with a NUL": {"Authorization": b"a\0b:x"},
    "a password with a NUL": {"Authorization": b"ada:x\0y"},
    "a session key of NULs": {"Cookie": f"sessionid={NULS}"},
}


class Elsewhere:
    """Has the people and their sessions in one database."""

    def __init__(self, alias):
        self.alias = alias

    def db_for_read(self, model, **hints):
        return self.alias if model._meta.app_label in {"auth", "sessions"} else None

    db_for_write = db_for_read


@pytest.fixture(params=DATABASES)
def home(request, settings):
    """The database that the people are in."""
    settings.DATABASE_ROUTERS = [Elsewhere(request.param)]
    return request.param


def headers(given):
    return {
        name: f"Basic {b64encode(value).decode()}" if isinstance(value, bytes) else value
        for name, value in given.items()
    }


@pytest.mark.parametrize("given", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize(("method", "path"), [("GET", "/api/stores/"), ("PUT", url("memory", "s", "k"))])
def test_credentials_that_cannot_be_looked_up_are_wrong(home, monkeypatch, given, method, path):
    person("ada")
    monkeypatch.setitem(connections[home].settings_dict, "ATOMIC_REQUESTS", True)
    refused = Caller()(method, path, None if method == "GET" else b"1", **headers(given))
    problem(refused, 401)
    assert refused["WWW-Authenticate"] == 'Basic realm="api"'
    person("eve")  # the transaction around is as good as before


class OutOfRange(BaseAuthentication):
    def authenticate(self, request):
        raise DataError("integer out of range")


class AsPsycopg2(BaseAuthentication):
    def authenticate(self, request):
        raise ValueError("A string literal cannot contain NUL (0x00) characters.")


class Buggy(BaseAuthentication):
    def authenticate(self, request):
        raise ValueError("invalid literal for int()")


@pytest.mark.parametrize("kind", [OutOfRange, AsPsycopg2])
def test_it_is_so_with_authenticators_of_the_sites_own(stranger, settings, kind):
    settings.REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": [f"{__name__}.{kind.__name__}"]}
    problem(stranger.get("/api/stores/"), 401)


def test_a_bug_in_an_authenticator_of_the_sites_own_is_not_hidden(stranger, settings):
    settings.REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": [f"{__name__}.Buggy"]}
    with pytest.raises(ValueError, match="invalid literal"):
        stranger.get("/api/stores/")
