"""Requests over a real connection, and a connection to a store's server that ends in their midst."""

import http.client
import json
from base64 import b64encode
from contextlib import contextmanager

from tests.api.conftest import JSON, Caller
from tests.faults.proxy import Proxy


class Answer:
    """An answer, with the words that the test client's have."""

    def __init__(self, found):
        self.status_code, self.headers, self.content = found.status, found.headers, found.read()

    def __getitem__(self, name):
        return self.headers[name]

    def get(self, name, default=None):
        return self.headers.get(name, default)

    def json(self):
        return json.loads(self.content)


class Remote(Caller):
    """Sends what a ``Caller`` is asked to send over a connection."""

    def __init__(self, port, credentials=None):
        self.port = port
        self.known = {"Authorization": f"Basic {b64encode(credentials.encode()).decode()}"} if credentials else {}

    def __call__(self, method, path, body=None, kind=JSON, **headers):
        given = self.known | {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
            given["Content-Type"] = kind
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, path, body, given)
            return Answer(connection.getresponse())
        finally:
            connection.close()


class Cutting(Proxy):
    """Lets some answers of a server pass, and then hangs up."""

    passing = None  # all of them

    @property
    def mode(self):
        if self.passing is None:
            return "pass"
        self.passing -= 1
        return "pass" if self.passing >= 0 else "cut"

    @mode.setter
    def mode(self, mode):
        self.passing = None if mode == "pass" else 0

    @contextmanager
    def cutting_after(self, number):
        self.passing = number
        yield
        self.passing = None
