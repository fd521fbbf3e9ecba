"""``LayeredStore`` on a real PostgreSQL when its Valkey is killed, hangs, or forgets everything."""

import contextlib
import logging
import time

import pytest
from django.db import connections, transaction
from django.test.utils import CaptureQueriesContext

from statestore.handler import StoreHandler
from tests.backends.layered_kit import another_process, stores_of
from tests.backends.redis_kit import BACKEND
from tests.prove.history import GROWING, faults
from tests.servers import Valkey, addresses

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=["default", "postgres"]),
    pytest.mark.skipif("postgres" not in addresses(), reason="NOT TESTED: there is no postgres server"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]

SCOPE = "user:1"
PATIENCE = 120  # seconds for healing, on a busy machine


@contextlib.contextmanager
def layered_on(server, settings):
    settings.CACHES = {"default": {"BACKEND": BACKEND, "LOCATION": server.url}}
    settings.STATESTORE = stores_of(
        back={"BACKEND": "statestore.backends.ModelStore", "OPTIONS": {"database": "postgres"}},
        front={"BACKEND": "statestore.backends.CacheStore", "OPTIONS": {"timeout": 3}},
    )
    handler = StoreHandler()
    handler["layered"].open()
    yield handler["layered"]
    handler.close_all()


def killed(server):
    server.kill()
    yield
    server.start()  # with its data, of before
    yield


def hanging(server):
    server.pause()
    yield
    server.resume()
    yield


def emptied(server):
    server.kill()
    yield
    server.start()
    with server.client() as client:
        client.flushall()
    yield


@pytest.mark.parametrize("outage", [killed, hanging, emptied])
def test_outage_is_said_once_heals_by_itself_and_leaves_nothing_stale(settings, caplog, outage):
    with Valkey() as server, layered_on(server, settings) as store, caplog.at_level(logging.INFO, "statestore"):
        store.set_many(SCOPE, {"a": "old", "b": "old"})
        other = another_process(store)
        assert [each.get(SCOPE, ["a", "b"]) for each in (store, other)] == [["old", "old"]] * 2
        steps = outage(server)
        next(steps)
        assert store.get(SCOPE, "a") == "old"
        store.set(SCOPE, "a", "new")
        with transaction.atomic(using="postgres"):
            store.set(SCOPE, "b", "new")
        assert store.get(SCOPE, ["a", "b"]) == ["new", "new"]
        next(steps)
        until_it_serves_again(store, other)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    caplog.clear()


def until_it_serves_again(store, other):
    """Read, with never anything stale, until both have it from the fast store."""
    deadline = time.monotonic() + PATIENCE
    while not all(is_hit(each) for each in (store, other)):
        assert time.monotonic() < deadline, "it does not heal"
        time.sleep(0.05)


def is_hit(store):
    assert store.get(SCOPE, ["a", "b"]) == ["new", "new"]  # and learns what the epoch is
    with CaptureQueriesContext(connections["postgres"]) as queries:
        assert store.get(SCOPE, ["a", "b"]) == ["new", "new"]
    return not queries.captured_queries


def test_no_reader_goes_back_while_everything_is_flushed(settings):
    with Valkey() as server, layered_on(server, settings) as store:

        def flush():
            with server.client() as client:
                client.flushall()

        found, reads = faults(store, 50, history=GROWING, flush=flush)
    assert reads > 50
    assert found == 0
