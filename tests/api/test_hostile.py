"""Bodies, queries and headers that would have the server take much memory or time for little."""

import time
import tracemalloc

import pytest

from tests.api.conftest import JSON, MERGE, PATCH, url

pytestmark = pytest.mark.slow
LIMIT = 100_000  # bytes of a body, as these tests set it
MOST = 250 * LIMIT  # bytes that a request may take, whatever is in it; `[{},{},…` has the most: 200 a byte
SOON = 10  # seconds of a processor

BODIES = {
    "open brackets": b"[" * LIMIT,
    "open braces": b'{"a":' * (LIMIT // 5),
    "nested and closed": b"[" * (LIMIT // 2) + b"]" * (LIMIT // 2),
    "one long number": b"9" * LIMIT,
    "one long fraction": b"0." + b"9" * (LIMIT - 2),
    "a huge exponent": b"[" + b",".join([b"1e308"] * 10_000) + b"]",
    "many empty objects": b"[" + b",".join([b"{}"] * (LIMIT // 3 - 1)) + b"]",
    "many members": b"{" + b",".join(b'"%d":0' % n for n in range(LIMIT // 12)) + b"}",
    "one member again and again": b"{" + b",".join([b'"a":0'] * (LIMIT // 7)) + b"}",
    "escapes": b'"' + rb"\u0000" * (LIMIT // 7) + b'"',
    "backslashes": b'"' + b"\\" * (LIMIT - 2) + b'"',
    "surrogates": b'"' + rb"\ud800" * (LIMIT // 7) + b'"',
    "no text": bytes(range(256)) * (LIMIT // 256),
    "zeros": bytes(LIMIT),
}
PATCHES = {
    "a copy into itself": [{"op": "copy", "from": "", "path": "/a"}] * 2_000,
    "an array that doubles": [{"op": "copy", "from": "/x", "path": "/x/-"}] * 2_000,
    "a move to and fro": [
        {"op": "move", "from": "/x", "path": "/y"},
        {"op": "move", "from": "/y", "path": "/x"},
    ]
    * 900,
    "a long pointer": [{"op": "add", "path": "/x" * 40_000, "value": 0}],
    "a large index": [{"op": "add", "path": "/x/" + "9" * 4_000, "value": 0}],
    "tests without end": [{"op": "test", "path": "/x", "value": [1]}] * 3_000,
}


@pytest.fixture(autouse=True)
def _limits(configure):
    configure(MAX_BODY_BYTES=LIMIT)


def is_harmless(call, echo=0):
    """Make a request; it must be answered soon, without an error of ours, and must not take much."""
    tracemalloc.start()
    began = time.thread_time()
    try:
        answer = call()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert answer.status_code < 500, answer.content[:300]
    assert peak < MOST, f"{peak:,} bytes"
    assert time.thread_time() - began < SOON
    assert len(answer.content) < 5_000 + echo
    return answer


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize(("method", "kind"), [("PUT", JSON), ("PATCH", MERGE), ("PATCH", PATCH)])
def test_hostile_body_of_one_value(api, scope, method, kind, name):
    is_harmless(lambda: api(method, url("memory", scope, "k"), BODIES[name], kind))


@pytest.mark.parametrize("name", BODIES)
def test_hostile_body_of_many_values_and_of_actions(api, scope, name):
    is_harmless(lambda: api("PATCH", url("memory", scope) + "values/", BODIES[name], MERGE))
    is_harmless(lambda: api("POST", url("memory", scope, "k", action="increment/"), BODIES[name]))
    assert is_harmless(lambda: api("POST", "/api/stores/memory/clean/", BODIES[name])).status_code == 400


@pytest.mark.parametrize("name", PATCHES)
def test_hostile_patch(api, scope, name):
    api("PUT", url("memory", scope, "k"), {"x": [1], "a": {}})
    is_harmless(lambda: api("PATCH", url("memory", scope, "k"), PATCHES[name], PATCH))


@pytest.mark.parametrize(
    "query",
    [
        "key=" + "&key=".join(["a"] * 20_000), "at=" + "/a" * 40_000, "ttl=" + "9" * 50_000, "ttl=1e" + "9" * 5_000,
        "&".join(f"p{n}=1" for n in range(900)), "at=/" + "~1" * 40_000, "cursor=" + "A" * 50_000,
        "idle=" + "9" * 50_000 + "w",
        "prefix=" + "%F0%9F%98%80" * 5_000, "%" * 50_000, "key=%" + "25" * 30_000,
    ],
    ids=lambda query: query[:12],
)  # fmt: skip
def test_hostile_query(api, scope, query):
    for path in (url("memory", scope, "k"), url("memory", scope) + "values/", "/api/stores/memory/scopes/"):
        is_harmless(lambda path=path: api("GET", f"{path}?{query}"), echo=len(query))


@pytest.mark.parametrize("header", ["If_Match", "If_None_Match", "Accept", "Content_Language", "Authorization"])
@pytest.mark.parametrize("value", ['"' * 30_000, '"a",' * 10_000, "*" * 30_000, "a/b;q=" * 5_000, " " * 30_000])
def test_hostile_header(api, scope, header, value):
    is_harmless(lambda: api("GET", url("memory", scope, "k"), **{header: value}))
