"""Whatever bytes come, the answer is none of ours to be ashamed of: never a 500, and always JSON."""

import io

import pytest
from django.core.handlers.wsgi import WSGIHandler
from hypothesis import HealthCheck, given, settings, strategies

from statestore import stores
from tests.api.test_house import Anybody

METHODS = ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS", "TRACE", "X"]
ROUTES = [
    "",
    "memory/scopes/",
    "memory/clean/",
    "memory/scopes/s/",
    "memory/scopes/s/values/",
    "memory/scopes/s/values/k/",
    "memory/scopes/s/values/k/increment/",
]
KINDS = [
    "application/json",
    "application/merge-patch+json",
    "application/json-patch+json",
    "text/plain",
    "multipart/form-data",
    "application/x-www-form-urlencoded",
    "",
    "application/json; charset=\xff",
    ";",
    "multipart/form-data; boundary=\xff",
]
HEADERS = [
    "HTTP_ACCEPT",
    "HTTP_IF_MATCH",
    "HTTP_IF_NONE_MATCH",
    "HTTP_AUTHORIZATION",
    "HTTP_COOKIE",
    "HTTP_TRANSFER_ENCODING",
    "HTTP_X_CSRFTOKEN",
    "HTTP_CONTENT_ENCODING",
    "CONTENT_LENGTH",
]
QUERIES = ["at=/a", "ttl=1", "prefix=a", "idle=1d", "cursor=YQ", "key=k", "format=api", "_method=PUT"]
SNIPPETS = [
    b'{"a":1}',
    b"[]",
    b'[{"op":"add","path":"/a","value":1}]',
    b'{"active":["a"]}',
    b'{"by":2}',
    b"1e400",
    b"\xff",
    b'"\\ud800"',
]

latin = strategies.text(strategies.characters(min_codepoint=0, max_codepoint=255), max_size=30)
values = strategies.builds("memory/scopes/{}/values/{}/".format, latin, latin)
paths = strategies.sampled_from(ROUTES) | latin | values
queries = strategies.lists(strategies.sampled_from(QUERIES) | latin, max_size=3).map("&".join)
bodies = strategies.lists(strategies.sampled_from(SNIPPETS) | strategies.binary(max_size=40), max_size=3).map(
    b"".join
)
headers = strategies.dictionaries(strategies.sampled_from(HEADERS), latin | strategies.just("*"), max_size=3)


@pytest.fixture
def answer(settings):
    settings.STATESTORE = settings.STATESTORE | {"API": {"POLICY": Anybody, "STORES": ["memory"]}}
    settings.DEBUG_PROPAGATE_EXCEPTIONS = True
    handler = WSGIHandler()

    def answer(method, path, query, kind, body, more):
        environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": f"/api/stores/{path}",
            "QUERY_STRING": query,
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": kind,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
        }
        started = []
        response = handler(environ | more, lambda status, headers: started.append((int(status[:3]), dict(headers))))
        body = b"".join(response)
        response.close()
        return *started[0], body

    return answer


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(strategies.sampled_from(METHODS), paths, queries, strategies.sampled_from(KINDS) | latin, bodies, headers)
def test_no_bytes_make_an_error_of_ours(answer, method, path, query, kind, body, more):
    status, sent, said = answer(method, path, query, kind, body, more)
    assert 200 <= status < 500
    if status >= 400:
        assert sent["Content-Type"] == "application/problem+json"
        assert b"Traceback" not in said
        assert b"/statestore/" not in said.replace(b"/api/", b"")


@pytest.mark.parametrize("length", ["", "x", "-1", "0x1", "1_0", " 5", "9" * 30, "\u0665"])
def test_a_content_length_that_is_none(answer, length):
    status, *_ = answer("PUT", ROUTES[5], "", KINDS[0], b"12345", {"CONTENT_LENGTH": length})
    assert status in {400, 413}


def test_a_body_shorter_than_announced_is_refused(answer):
    status, *_ = answer("PUT", ROUTES[5], "", KINDS[0], b"123", {"CONTENT_LENGTH": "5"})
    assert status == 400


def test_a_body_longer_than_announced_is_cut_there(answer):
    assert answer("PUT", ROUTES[5], "", KINDS[0], b"12345", {"CONTENT_LENGTH": "2"})[0] in {201, 204}
    assert stores["memory"].get("s", "k") == 12


@pytest.mark.parametrize(("size", "status"), [(1024 * 1024 + 1, 413), (10, 201)])
def test_a_chunked_body_is_limited_like_any_other(answer, size, status):
    stores["memory"].delete("s")
    body = b'"%s"' % (b"x" * (size - 2))
    chunked = {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    assert answer("PUT", ROUTES[5], "", KINDS[0], body, chunked)[0] == status


@pytest.mark.parametrize(("method", "route"), [("PUT", 5), ("PATCH", 5), ("PATCH", 4), ("POST", 2)])
@pytest.mark.parametrize("length", ["", "0"])
def test_a_body_that_is_not_there_is_an_empty_one_whatever_type_the_server_makes_up(answer, method, route, length):
    status, _, said = answer(method, ROUTES[route], "", "text/plain", b"", {"CONTENT_LENGTH": length})
    assert (status, b"The body is empty" in said) == (400, True)


@pytest.mark.parametrize("more", [{}, {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}])
def test_a_body_that_is_there_must_be_json(answer, more):
    length = {"CONTENT_LENGTH": ""} if more else {}
    for method, route in (("PUT", 5), ("PATCH", 5), ("PATCH", 4), ("POST", 2), ("POST", 6)):
        assert answer(method, ROUTES[route], "", "text/plain", b"1", more | length)[0] == 415


@pytest.mark.parametrize("coding", ["gzip", "br", "identity, gzip", "x"])
def test_a_compressed_body_is_not_taken_for_a_plain_one(answer, coding):
    stores["memory"].delete("s")
    for method, route in (("PUT", 5), ("PATCH", 4), ("POST", 2), ("POST", 6)):
        status, sent, _ = answer(method, ROUTES[route], "", KINDS[0], b"{}", {"HTTP_CONTENT_ENCODING": coding})
        assert (status, sent["Accept-Encoding"]) == (415, "identity")
    assert stores["memory"].keys("s") == []


@pytest.mark.parametrize("coding", ["", "identity", " Identity "])
def test_a_body_that_says_it_is_not_compressed_is_read(answer, coding):
    assert answer("PUT", ROUTES[5], "", KINDS[0], b"{}", {"HTTP_CONTENT_ENCODING": coding})[0] in {201, 204}


def test_a_body_of_another_type_has_nothing_to_do_with_compression(answer):
    status, sent, _ = answer("PUT", ROUTES[5], "", "text/plain", b"1", {})
    assert (status, "Accept-Encoding" in sent) == (415, False)


class BrokenChunks(io.BytesIO):
    """A body whose chunks are none: gunicorn's error is neither Django's nor the system's."""

    def read(self, *args):
        raise Exception("Invalid chunk size: 'zz'")


def test_chunks_that_are_none_are_a_bad_request(answer):
    chunked = {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    for method, route in (("PUT", ROUTES[5]), ("PATCH", ROUTES[4]), ("POST", ROUTES[6]), ("POST", ROUTES[2])):
        status, sent, _ = answer(method, route, "", KINDS[0], b"", chunked | {"wsgi.input": BrokenChunks()})
        assert (status, sent["Content-Type"]) == (400, "application/problem+json")


def test_a_chunked_increment_counts_what_it_says(answer):
    stores["memory"].delete("s")
    chunked = {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"}
    assert answer("POST", ROUTES[6], "", KINDS[0], b'{"by":5}', chunked)[0] == 400
    assert answer("POST", ROUTES[6], "", KINDS[0], b'{"by":5}', chunked | {"wsgi.input_terminated": True})[0] == 201
    assert stores["memory"].get("s", "k") == 5


def test_the_url_as_it_came_decides_what_it_says(answer):
    stores["memory"].set("s", "%FF", 1)
    raw = "/api/stores/memory/scopes/s/values/{}/?x"
    path = "memory/scopes/s/values/{}/"
    assert answer("GET", path.format("%FF"), "", "", b"", {"RAW_URI": raw.format("%25FF")})[0] == 200
    assert answer("GET", path.format("\xff"), "", "", b"", {"RAW_URI": raw.format("%FF")})[0] == 400
    assert answer("GET", path.format("%zz"), "", "", b"", {"REQUEST_URI": raw.format("%zz")})[0] == 400
    assert answer("GET", path.format("%zz"), "", "", b"", {"RAW_URI": raw.format("%25zz")})[0] == 404


@pytest.mark.parametrize("script", ["", "/sub", "/süb"])
def test_where_the_server_hides_the_url_django_gave_the_path_away_before_it_mended_it(answer, script):
    stores["memory"].set("s", "%FF", 1)
    environ = {"SCRIPT_NAME": script.encode().decode("latin-1")}
    for path, status in (("%FF", 200), ("\xff", 400), ("\xff%FF", 400), ("\xc3\xbf%FF", 404), ("%zz", 404)):
        assert answer("GET", f"memory/scopes/s/values/{path}/", "", "", b"", environ)[0] == status
