"""What is measured: each verb on each server, and of each contender the request that it takes."""

import http.client
from typing import NamedTuple

import redis

from tests.servers import addresses

from .load import Request

VALUE = '{"theme":"dark","size":12,"tabs":[1,2,3],"name":"somebody at home","language":"en","seen":true}'
STEP = '{"by":1}'
CONTENDERS = {
    "a Django view": "/django/user:42/",
    "**the API**": "/api/stores/default/scopes/user:42/values/",
    "a view of Django REST framework": "/drf/user:42/",
}
BASELINE, OURS, PEER = CONTENDERS


class Cell(NamedTuple):
    """A verb on a server, where nobody has to sign in (`open`) or staff must (`closed`)."""

    verb: str
    server: str
    site: str = "open"


CELLS = [
    *(Cell(verb, server) for server in ("gunicorn", "uvicorn") for verb in ("GET", "PUT", "increment")),
    Cell("GET", "gunicorn", "closed"),
]


def request(cell, name, cookie):
    """Return what a contender is asked for a cell."""
    path, signed_in = CONTENDERS[name], cookie if cell.site == "closed" else ""
    if cell.verb == "increment":
        return Request("POST", f"{path}visits/increment/", STEP, signed_in)
    return Request(cell.verb, f"{path}theme/", VALUE if cell.verb == "PUT" else "", signed_in)


def check(port, cell, name, cookie):
    """Raise ``AssertionError`` unless a contender does its work: what is compared must be alike in outcome."""
    path, headers = CONTENDERS[name], {"Cookie": cookie, "Content-Type": "application/json"}
    if cell.site == "open":
        assert _answer(port, "PUT", f"{path}theme/", VALUE, headers)[0] in {201, 204}
        assert _answer(port, "PUT", f"{path}theme/", VALUE, headers) == (204, "")
    assert _answer(port, "GET", f"{path}theme/", None, headers) == (200, VALUE)
    if cell.verb == "increment":
        _, before = _answer(port, "POST", f"{path}visits/increment/", STEP, headers)
        assert _answer(port, "POST", f"{path}visits/increment/", STEP, headers) == (200, str(int(before) + 1))


def tidy(port):
    """Remove what the contenders have stored."""
    redis.Redis.from_url(addresses()["valkey"]["url"]).delete("user:42")
    _answer(port, "DELETE", "/api/stores/default/scopes/user:42/", None, {})


def _answer(port, method, path, body, headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()
