"""A real server behind a live API stands still or hangs up: a status in time, and then all is well again."""

import threading
from contextlib import contextmanager

import pytest
from pytest_django.live_server_helper import LiveServer

from statestore import stores
from tests.api.conftest import problem, succeeded, url
from tests.api.live import Cutting, Remote
from tests.api.test_house import Anybody
from tests.backends.redis_kit import store_on
from tests.faults.kit import PATIENT, SOON, model_store, running, soon
from tests.servers import MariaDB, Postgres, Redis, Valkey
from tests.servers.process import eventually

pytestmark = pytest.mark.slow
VALUE = url("s", "s:1", "a")


@contextmanager
def store_of(server, port, settings, timeout=PATIENT):
    """The store ``s`` on a server behind a port, which anybody may use through the API."""
    if hasattr(server, "database"):
        store = model_store(server, timeout, PORT=port)
    else:
        location = server.url.replace(f":{server.port}/", f":{port}/")
        store = store_on(server.django | {"LOCATION": location}, options={"timeout": timeout})
    with store:
        settings.STATESTORE = settings.STATESTORE | {"API": {"POLICY": Anybody}}
        yield
        let_end()
        stores.close_all()  # the next database may be another vendor's


def let_end():
    """Wait for the live server's threads: after their answers they close their connections to the database."""
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:
            thread.join(SOON)


@pytest.fixture(scope="module", params=[Valkey, Redis, Postgres, MariaDB], ids=lambda kind: kind.name)
def server(request):
    with running(request.param) as server:
        yield server


@pytest.fixture
def remote(settings):
    """One who may do everything with the store ``s``, over the wire."""
    settings.ROOT_URLCONF = "tests.api.urls"
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    settings.MIDDLEWARE = []
    settings.REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": []}
    server = LiveServer("127.0.0.1")
    yield Remote(server.thread.port)
    server.stop()


def unavailable(response):
    assert problem(response, 503)["type"] == "urn:statestore:store-unavailable"
    assert response["Retry-After"] == "5"


def unknown(response):
    assert problem(response, 504)["type"] == "urn:statestore:store-timeout"
    assert response["Retry-After"] is None


def in_the_end(claim):
    """It comes true, however often a store that does not wait long gives up on a busy machine."""
    eventually(lambda: claim() or True)


def test_a_server_that_stands_still_is_503_in_time_and_then_all_is_well(remote, server, settings):
    with store_of(server, server.port, settings, timeout=2):
        in_the_end(lambda: succeeded(remote.put(VALUE, 1), 204))  # at least the second time it is no creation
        server.pause()
        try:
            for call in (
                lambda: remote.get(VALUE),
                lambda: remote.get(url("s", action="scopes/")),
                lambda: remote.put(VALUE, 2),  # it asks what is there, and that can be told
            ):
                with soon():
                    unavailable(call())
        finally:
            server.resume()
        in_the_end(lambda: succeeded(remote.get(VALUE), 200, b"1"))
        in_the_end(lambda: succeeded(remote.put(VALUE, 3), 204))


def test_a_put_whose_server_hangs_up_after_any_answer_is_503_or_504_and_then_all_is_well(remote, server, settings):
    with Cutting(server.port) as proxy, store_of(server, proxy.port, settings):
        remote.put(VALUE, -1)
        statuses = [put_and_cut(remote, proxy, number) for number in range(20)]
    assert set(statuses) == {503, 504, 204}
    assert statuses[-1] == 204


def put_and_cut(remote, proxy, number):
    """Store the number while the server hangs up after so many answers; return the status, which must be true."""
    before = remote.get(VALUE).json()
    with proxy.cutting_after(number), soon():
        answer = remote.put(VALUE, number)
    after = remote.get(VALUE).json()
    if answer.status_code == 503:
        unavailable(answer)
        assert after == before
    elif answer.status_code == 504:
        unknown(answer)
        assert after in {before, number}
    else:
        succeeded(answer, 204)
        assert after == number
    return answer.status_code
