"""Reading JSON: what must be accepted, what must be refused, and what may be either but never an error of ours."""

import json
import time

import pytest

from tests.api.conftest import problem, url

ACCEPT = {
    "literals": [
        b"true",
        b"false",
        b"null",
        b" \t\r\n null \n",
    ],
    "integers": [
        b"0",
        b"-0",
        b"-1",
        b"9223372036854775807",
        b"-9223372036854775808",
    ],
    "fractions": [
        b"0.5",
        b"-0.0",
        b"1e5",
        b"1E+5",
        b"1e-5",
        b"123456789012345678901234567890.5",
        b"1e-400",
    ],
    "long": [
        b"0." + b"1" * 400,
        b"1" * 25 + b"e3",
        b'"%s"' % (b"1" * 40),
        b'{"%s":1}' % (b"9" * 30),
    ],
    "texts": [
        b'""',
        '"é😀"'.encode(),
        b'"\\u00e9\\ud83d\\ude00"',
        b'"\\u0000"',
        b'"\\/\\b\\f\\n\\r\\t"',
        b'"\x7f"',
    ],
    "odd texts": [
        '"\u2028\ufeff\ufffe\U0010ffff"'.encode(),
        b'"[[[{{{"',
        b'"\\\\"',
        b'"\\"["',
        b'"' + b"[" * 500 + b'"',
    ],
    "containers": [
        b"[]",
        b"{}",
        b"[[[]]]",
        b'{"":{"":[]}}',
        b" [ 1 , 2 ] ",
        b'{"a":1,"b":[{}]}',
    ],
    "deep": [
        b"[" * 64 + b"]" * 64,
        b'{"a":' * 64 + b"1" + b"}" * 64,
    ],
    "wide": [
        b"[" + b"1," * 9999 + b"1]",
        b"[" + b"[]," * 9999 + b"[]]",
    ],
}
REFUSE = {
    "nothing": [
        b"",
        b" ",
        b"\n\t",
    ],
    "no json": [
        b"x",
        b"nul",
        b"True",
        b"None",
        b"undefined",
        b"'a'",
        b"<a/>",
        b"a=1",
        b"//",
        b"/**/1",
        b"1;",
        b"\x00",
    ],
    "not finite": [
        b"NaN",
        b"-NaN",
        b"Infinity",
        b"-Infinity",
        b"[NaN]",
        b"1e999",
        b"-1e999",
        b"1" * 400,
    ],
    "numbers": [
        b"01",
        b"+1",
        b".5",
        b"1.",
        b"1e",
        b"0x1",
        b"1_0",
        b"--1",
        b"- 1",
        b"1e+",
        "\u0661".encode(),
    ],
    "large integers": [
        b"9223372036854775808",
        b"-9223372036854775809",
        b"18446744073709551616",
        b"[1,%s]" % (b"1" * 30),
    ],
    "in places": [
        b'{"a":99999999999999999999}',
        b'["x",{"b":[-99999999999999999999]}]',
        b'"a\\"",1',
        b"1" * 300,
    ],
    "utf-8": [
        b'"\xff"',
        b'"\xc3"',
        b'"\xc0\xaf"',
        b'"\xed\xa0\x80"',
        b'"\xf4\x90\x80\x80"',
        b"\xef\xbb\xbf1",
    ],
    "other encodings": [
        json.dumps("é").encode("utf-16"),
        '"a"'.encode("utf-16-le"),
        '"a"'.encode("utf-32"),
    ],
    "surrogates": [
        b'"\\ud800"',
        b'"\\udc00"',
        b'"\\ud800\\u0041"',
        b'{"\\ud800":1}',
    ],
    "texts": [
        b'"',
        b'"a',
        b'"\x01"',
        b'"\n"',
        b'"\\x"',
        b'"\\u12"',
        b'"\\',
        b"'a'",
    ],
    "containers": [
        b"[",
        b"]",
        b"[1",
        b"[1,]",
        b"[,1]",
        b"[1 2]",
        b"{",
        b"{1:2}",
        b'{"a"}',
        b'{"a":}',
        b'{"a":1,}',
        b"{]",
    ],
    "more than one": [
        b"1 2",
        b"[][]",
        b"{}x",
        b"null\x00",
        b"1,2",
    ],
    "deep": [
        b"[" * 65 + b"]" * 65,
        b'{"a":' * 65 + b"1" + b"}" * 65,
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
    "unbalanced": [
        b"]" * 100_000,
        b"[{" * 40 + b"]}" * 40,
        b"[" * 500_000 + b"]" * 500_000,
    ],
}
FREE = [
    b'{"a":1,"a":2}',
    b'{"a":1,"a":{"a":1,"a":2}}',
    b"1e22",
    b"-0",
    b"123456789.123456789e-9",
    b'"\xef\xbf\xbf"',
]


def flat(classes):
    return [pytest.param(text, id=f"{name}-{n}") for name, texts in classes.items() for n, text in enumerate(texts)]


@pytest.mark.parametrize("text", flat(ACCEPT))
def test_json_is_accepted_and_means_what_it_says(api, scope, text):
    assert api("PUT", url("memory", scope, "k"), text).status_code == 201
    assert api.get(url("memory", scope, "k")).json() == json.loads(text)


@pytest.mark.parametrize("text", flat(REFUSE))
def test_what_is_no_json_is_refused(api, scope, text):
    began = time.thread_time()
    for method, path, kind in (
        ("PUT", url("memory", scope, "k"), "application/json"),
        ("PATCH", url("memory", scope, "k"), "application/merge-patch+json"),
        ("PATCH", url("memory", scope, "k"), "application/json-patch+json"),
        ("PATCH", url("memory", scope, action="values/"), "application/json"),
        ("POST", "/api/stores/memory/clean/", "application/json"),
    ):
        problem(api(method, path, text, kind), 400)
    if text:
        problem(api("POST", url("memory", scope, "k", action="increment/"), text), 400)
    assert time.thread_time() - began < 5
    problem(api.get(url("memory", scope, "k")), 404)


@pytest.mark.parametrize("text", FREE)
def test_what_may_be_either_is_no_error_of_ours(api, scope, text):
    assert api("PUT", url("memory", scope, "k"), text).status_code in {201, 400}


def test_of_members_with_one_name_the_last_wins(api, scope):
    api("PUT", url("memory", scope, "k"), b'{"a":1,"b":2,"a":3}')
    assert api.get(url("memory", scope, "k")).content == b'{"a":3,"b":2}'
