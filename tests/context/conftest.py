"""Stores in memory, and requests as the middleware would leave them."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.test import RequestFactory

from statestore.testing import override_stores
from tests.context.visitors import MEMORY


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


@pytest.fixture
def with_middleware(settings):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "statestore.StateMiddleware"]
