"""The OpenAPI document: valid, whole, and true to what a server does."""

import json
import os
import re
import subprocess
import sys

import pytest
from django import urls
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from statestore import stores
from statestore.api.schema import OPERATIONS
from tests.api.conftest import DATABASES
from tests.api.test_access import MATRIX
from tests.api.test_house import Anybody

FUZZ = """
import sys
from schemathesis.cli import schemathesis
sys.argv[0] = "schemathesis"
schemathesis()
"""


@pytest.fixture
def document():
    GENERATOR_STATS.reset()
    document = SchemaGenerator(urlconf="tests.api.urls").get_schema(public=True)
    yield document
    assert not GENERATOR_STATS, "drf-spectacular has warnings"


def test_it_is_valid_without_a_warning(document):
    validate_schema(document)


def test_every_route_and_method_is_in_it(document):
    listed = [method for path, item in document["paths"].items() for method in item]
    assert len(listed) == len(MATRIX) == len(OPERATIONS)


def test_every_operation_has_its_own_name_and_says_what_can_go_wrong(document):
    found = [each for path in document["paths"].values() for each in path.values() if "summary" in each]
    assert len({each["operationId"] for each in found}) == len(OPERATIONS)
    for each in found:
        assert {"400", "401", "403", "404", "406", "429", "503", "504"} <= each["responses"].keys()


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def test_conditions_are_parameters_where_they_are_heeded(document):
    told = {}
    for path, method, operation in operations(document):
        headers = [each["name"] for each in operation["parameters"] if each["in"] == "header"]
        told[path.removeprefix("/api/stores/"), method] = headers
    none = {("", "get"), ("{store}/scopes/", "get"), ("{store}/clean/", "post")}
    assert told == {each: [] if each in none else ["If-Match", "If-None-Match"] for each in told}


def test_headers_that_go_with_a_status_are_told(document):
    for _path, _method, operation in operations(document):
        told = {status: [*answer.get("headers", ())] for status, answer in operation["responses"].items()}
        assert {status: told[status] for status in ("400", "401", "429", "503", "504")} == {
            "400": [],
            "401": ["WWW-Authenticate"],
            "429": ["Retry-After"],
            "503": ["Retry-After"],
            "504": [],
        }
        assert told.get("415", ["Accept-Encoding"]) == ["Accept-Encoding"]


urlpatterns = [urls.path("<str:v>/", urls.include("statestore.api.urls"))]


def test_operations_have_the_same_names_wherever_the_api_is_mounted(document):
    GENERATOR_STATS.reset()
    elsewhere = SchemaGenerator(urlconf=__name__).get_schema(public=True)
    assert not GENERATOR_STATS
    validate_schema(elsewhere)
    names, expected = ([each["operationId"] for _, _, each in operations(one)] for one in (elsewhere, document))
    assert sorted(names) == sorted(expected)
    [parameter] = elsewhere["paths"]["/{v}/stores/"]["get"]["parameters"]
    assert parameter == {"in": "path", "name": "v", "required": True, "schema": {"type": "string"}}


def test_each_document_that_a_process_makes_is_whole(document):
    again = SchemaGenerator(urlconf="tests.api.urls").get_schema(public=True)
    wanted = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(again)))
    assert wanted == {*again["components"]["schemas"]}
    assert again == document


def test_the_stores_in_it_are_those_that_are_served(settings):
    settings.STATESTORE = settings.STATESTORE | {"API": {"STORES": ["memory"]}}
    document = SchemaGenerator(urlconf="tests.api.urls").get_schema(public=True)
    [store, *_] = document["paths"]["/api/stores/{store}/scopes/"]["get"]["parameters"]
    assert store["schema"] == {"type": "string", "enum": ["memory"]}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True, databases=DATABASES)
def test_schemathesis_finds_nothing_to_say_against_it(live_server, settings, tmp_path):
    """Boundary values, and more, the same each time; with ``$STATESTORE_FUZZ`` by chance, for so many seconds."""
    settings.STATESTORE = settings.STATESTORE | {"API": {"POLICY": Anybody, "STORES": ["memory"]}}
    settings.REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": []}
    stores["memory"].set("s", "k", {"a": [1]})
    document = tmp_path / "openapi.json"
    document.write_text(
        json.dumps(with_examples(SchemaGenerator(urlconf="tests.api.urls").get_schema(public=True)))
    )
    seconds = os.environ.get("STATESTORE_FUZZ")
    chance = f"--max-examples 25 --max-time {seconds} --generation-database none"
    same = "--max-examples 3 --generation-deterministic"
    # What may be in a body can't all be said: integers within 64 bit, say. So not every valid body is a good one.
    words = (
        f"run {document} --url {live_server.url} --checks all --exclude-checks positive_data_acceptance "
        f"--phases examples,coverage,fuzzing {chance if seconds else same} --no-color --request-timeout 120"
    ).split()
    words += ["--header", "Connection: close"]  # over one that is kept every answer waits 40 ms for the kernel
    done = subprocess.run(
        [sys.executable, "-c", FUZZ, *words],
        capture_output=True,
        text=True,
        timeout=900 + int(seconds or 0),
        check=False,
        cwd=tmp_path,
    )
    stores["memory"].clean(["none"])
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "12 selected / 12 total" in done.stdout


def with_examples(document):
    """Name in every path what is there, lest it hear of nothing but 404."""
    for path in document["paths"].values():
        for operation in path.values():
            for parameter in operation["parameters"]:
                if parameter["in"] == "path":
                    parameter["example"] = {"store": "memory", "scope": "s", "key": "k"}[parameter["name"]]
    return document
