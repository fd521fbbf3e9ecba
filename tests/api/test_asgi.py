"""The API on a real ASGI server, over a real connection: the same answers as anywhere."""

import http.client
import threading
import time

import pytest
from django.core.asgi import get_asgi_application

from statestore import StoreTimeout, StoreUnavailable, stores
from tests.api.conftest import DATABASES, JSON, person, problem, succeeded, url
from tests.api.live import Answer, Remote
from tests.api.test_names import BAD, NAMES, reaches
from tests.api.test_unwell import calls

uvicorn = pytest.importorskip("uvicorn")
pytestmark = pytest.mark.django_db(transaction=True, databases=DATABASES)


@pytest.fixture
def server(transactional_db, settings):
    """Have uvicorn serve the API; return its port."""
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    config = uvicorn.Config(get_asgi_application(), port=0, lifespan="off", ws="none", log_level="error")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started and thread.is_alive():
        time.sleep(0.01)
    yield running.servers[0].sockets[0].getsockname()[1]
    running.should_exit = True
    thread.join()


@pytest.fixture
def remote(server):
    """One who may do everything."""
    person("ada", is_staff=True, is_superuser=True)
    return Remote(server, "ada:secret")


def test_every_verb(remote, scope):
    value, values = url("memory", scope, "k"), url("memory", scope, action="values/")
    tag = succeeded(remote.put(value, {"a": [1]}, If_None_Match="*"), 201)
    assert succeeded(remote.get(value, If_None_Match=tag), 304) == tag
    assert succeeded(remote.get(value), 200, b'{"a":[1]}') == tag
    succeeded(remote.get(f"{value}?at=/a/0"), 200, b"1")
    succeeded(remote.put(f"{value}?at=/a/-&ttl=60", 2), 204)
    succeeded(remote.merge(value, {"a": 1, "b": None}), 204)
    succeeded(remote.patch(value, [{"op": "test", "path": "/a", "value": 1}]), 204)
    succeeded(remote.delete(f"{value}?at=/a"), 204)
    succeeded(remote.post(url("memory", scope, "n", action="increment/")), 201, b"1")
    succeeded(remote("PATCH", values, {"x": 0.5, "y": ""}), 204)
    succeeded(remote.get(f"{values}?key=y&key=x"), 200, b'{"y":"","x":0.5}')
    assert remote.get(url("memory", scope)).json()["keys"] == ["k", "n", "x", "y"]
    assert remote("OPTIONS", value)["Allow"] == "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"
    assert remote("HEAD", value).content == b""
    assert [each["name"] for each in remote.get(url("memory", action="scopes/", prefix=scope)).json()["results"]]
    assert len(remote.get("/api/stores/").json()["results"]) == len(list(stores))
    swept = remote.post("/api/stores/memory/clean/", {"active": ["a"], "prefix": scope, "dry_run": True}).json()
    assert swept == {"examined": 1, "removed": 1, "kept": 0, "entries": 4, "dry_run": True}
    succeeded(remote.delete(value), 204)
    succeeded(remote.delete(url("memory", scope)), 204)


def test_every_kind_of_refusal(remote, server, scope):
    value = url("memory", scope, "k")
    problem(remote.put(value, b""), 400)
    problem(remote.put(value, b"\xff"), 400)
    problem(remote.get(f"{value}?typo=1"), 400)
    problem(Remote(server).get(value), 401)
    problem(Remote(server, "ada:wrong").get(value), 401)
    person("eve")
    problem(Remote(server, "eve:secret").get(value), 403)
    problem(remote.get(value), 404)
    problem(remote.get(url("nope", scope, "k")), 404)
    problem(remote.get("/api/stores/memory/nowhere"), 404)
    problem(remote("TRACE", value), 405)
    problem(remote.get(value, Accept="text/html"), 406)
    succeeded(remote.put(value, "text"), 201)
    problem(remote.post(f"{value}increment/"), 409)
    problem(remote.put(value, 1, If_Match='"x"'), 412)
    problem(remote.put(value, b'"%s"' % (b"x" * 1_100_000)), 413)
    problem(remote("PUT", value, b"1", "text/plain"), 415)
    succeeded(remote.get(value), 200, b'"text"')


@pytest.mark.parametrize(("error", "status"), [(StoreUnavailable(), 503), (StoreTimeout(), 504)])
def test_an_unwell_store(remote, monkeypatch, scope, error, status):
    def fail(*args):
        raise error

    stores["memory"].open()
    for hook in ("_read", "_read_one", "_stamps", "_write", "_remove", "_delete", "_scan", "_sweep", "_clean"):
        monkeypatch.setattr(stores["memory"], hook, fail)
    for call in calls(remote, "memory", scope).values():
        problem(call(), status)


def test_every_legal_name_has_a_url(remote, scope):
    for name in NAMES:
        reaches(remote, "memory", scope, name)


def test_what_is_no_name_is_a_bad_request(remote):
    for name in BAD:
        problem(remote.get(f"/api/stores/memory/scopes/s/values/{name}/"), 400)
        problem(remote.put(f"/api/stores/memory/scopes/{name}/values/k/", 1), 400)


def test_a_slash_that_is_written_as_a_percent_is_a_slash(remote):
    problem(remote.get("/api/stores/memory/scopes/a%2Fb/"), 404)


def test_a_body_in_pieces_is_read_within_the_limit(remote, scope):
    value = url("memory", scope, "k")

    def pieces(number):
        yield b'"'
        for _ in range(number):
            yield b"x" * 1000
        yield b'"'

    for number, status in ((3, 201), (2000, 413)):
        connection = http.client.HTTPConnection("127.0.0.1", remote.port, timeout=120)
        headers = remote.known | {"Content-Type": JSON}
        connection.request("PUT", value, pieces(number), headers, encode_chunked=True)
        assert Answer(connection.getresponse()).status_code == status
        connection.close()
    assert remote.get(value).json() == "x" * 3000
