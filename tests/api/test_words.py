"""What is refused is told in words of JSON and of HTTP: the reader need not know which language answers."""

import re

import pytest

from statestore import stores
from tests.api.conftest import JSON, problem, url

PYTHON = re.compile(r"\b(None|True|False|NoneType|dict|list|tuple|str|int|float|bool|batch_size|if_version)\b")
OF_EVERY_KIND = {"null": None, "a boolean": True, "a number": 1.5, "a string": "x", "an array": [], "an object": {}}
scalars = pytest.mark.parametrize("kind", ["null", "a boolean", "a number", "a string"])


def detail(answer, status):
    said = problem(answer, status)
    assert PYTHON.findall(said["detail"]) == []
    return said["detail"]


@scalars
def test_part_below_a_scalar_is_told_by_its_json_type(api, scope, kind):
    stores["memory"].set(scope, "k", OF_EVERY_KIND[kind])
    said = detail(api.put(url("memory", scope, "k", at="/a"), 1), 409)
    assert said == f"There is nothing to write to at /a: it is below {kind}."


@pytest.mark.parametrize("kind", OF_EVERY_KIND.keys() - {"a number"})
def test_what_can_not_be_added_to_is_told_by_its_json_type(api, scope, kind):
    stores["memory"].set(scope, "k", OF_EVERY_KIND[kind])
    said = detail(api.post(url("memory", scope, "k", action="increment/")), 409)
    assert said == f"{scope} / k: there is {kind}, no number to add to."


@pytest.mark.parametrize("kind", OF_EVERY_KIND.keys() - {"a string"})
def test_member_of_a_clean_that_is_no_string_is_named(api, kind):
    wrong = OF_EVERY_KIND[kind]
    for body, pointer, what in [
        ({"active": [wrong]}, "/active/0", "A scope"),
        ({"active": ["a"], "prefix": wrong}, "/prefix", "'prefix'"),
        ({"idle": wrong}, "/idle", "'idle'"),
    ]:
        answer = api.post(url("memory", action="clean/"), body)
        assert detail(answer, 400) == f"{what} is a string, not {kind}."
        assert answer.json()["pointer"] == pointer


@pytest.mark.parametrize("idle", ["30", "999999d", "99999999999d"])
def test_age_that_is_none_is_pointed_at(api, idle):
    answer = api.post(url("memory", action="clean/"), {"idle": idle, "dry_run": True})
    detail(answer, 400)
    assert answer.json()["pointer"] == "/idle"


@pytest.mark.parametrize("ttl", ["0", "0.0", "-1", "null", "x", "", "31536000001"])
def test_ttl_that_is_none_is_told_in_one_sentence(api, scope, ttl):
    said = detail(api.put(url("memory", scope, "k", ttl=ttl), 1), 400)
    assert said == "'ttl' is a number of seconds above 0 and up to 1,000 years, as in ttl=60 or ttl=0.5."


def test_bytes_that_are_no_text_are_counted(api, scope):
    said = detail(api("PUT", url("memory", scope, "k"), b'"a\xff"', JSON), 400)
    assert said == "The body is not UTF-8 (at byte 2)."


SLASH = "There is no such resource; every URL of this API ends with a slash."
TILDE = "There is no such resource; a '/' within a scope or key is written ~1 (and a '~' is written ~0)."


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("", SLASH),
        ("/default", SLASH),
        ("/default/scopes/user:1", SLASH),
        ("/default/scopes/user:1/values/theme", SLASH),
        ("/default/scopes/a%2Fb/", TILDE),
        ("/default/scopes/a%2Fb/values/k/", TILDE),
        ("/default/scopes/a/values/c%2Fd/", TILDE),
        ("/default/scopes/a/values/c%2Fd/increment/", TILDE),
        ("/default/", "There is no such resource."),
        ("/default/clean/up/", "There is no such resource."),
    ],
)
def test_url_that_leads_nowhere_is_told_what_it_lacks(api, path, said):
    assert detail(api.get(f"/api/stores{path}"), 404) == said
