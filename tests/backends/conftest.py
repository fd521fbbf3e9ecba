"""A store on the Redis that a test names, and a client of it."""

import pytest

from tests.backends.redis_kit import clean_store_on, client_of


@pytest.fixture
def store(name):
    with clean_store_on(name) as store:
        yield store


@pytest.fixture
def client(name):
    with client_of(name) as client:
        yield client
