"""The examples of ``docs/api.md``, run against a server."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from statestore import stores
from statestore.api.options import DEFAULTS
from tests.api.conftest import DATABASES, person

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
TEXT = PAGE.read_text()

ROUTES = [
    *("`GET stores/`", "stores/{store}/scopes/?", "scopes/{scope}/`", "values/`", "values/{key}/"),
    *("increment/", "clean/`"),
]


def examples():
    """The commands of the page, each with the output that it promises."""
    for block in re.findall(r"```console\n(.*?)```", TEXT, re.DOTALL):
        for command in block.split("$ curl ")[1:]:
            line, _, output = command.partition("\n")
            yield f"curl {line}", output.rstrip("\n")


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl")
@pytest.mark.django_db(transaction=True, databases=DATABASES)
def test_every_example_does_what_the_page_says(live_server):
    stores["memory"].clean([], prefix="user:42")
    person("ada", is_staff=True, is_superuser=True)
    environment = os.environ | {"API": f"{live_server.url}/api", "ME": "ada:secret"}
    ran = list(examples())
    assert len(ran) > 15
    for command, promised in ran:
        done = subprocess.run(command, shell=True, env=environment, capture_output=True, text=True, check=True)
        assert done.stdout == promised, command


@pytest.mark.parametrize("setting", DEFAULTS)
def test_every_setting_is_on_the_page(setting):
    assert f"`{setting}`" in TEXT


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_is_on_the_page(route):
    assert route in TEXT
