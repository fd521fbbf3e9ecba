"""What README.md and the demo's page say is so."""

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.test import RequestFactory

from project import settings as site
from statestore import stores
from statestore.testing import override_stores

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DEMO = (ROOT / "docs" / "demo.md").read_text(encoding="utf-8")


@pytest.mark.django_db
def test_the_ten_lines_do_what_they_say():
    code = re.search(r"```python\n(from django.*?)```", README, re.DOTALL)[1]
    names = {}
    exec(code, names)
    request = RequestFactory().post("/")
    request.session, request.user = SessionStore(), AnonymousUser()
    with override_stores():
        assert names["add"](request, item="tea").content == b'{"cart": ["tea"], "sold": 1, "theme": "light"}'
        assert names["add"](request, item="milk").content == (
            b'{"cart": ["tea", "milk"], "sold": 2, "theme": "light"}'
        )
        assert stores["fast"].get_many("flow:7f3a") == {"speed": 3, "mode": "auto"}


@pytest.mark.parametrize("page", ["README.md", "docs/demo.md"])
def test_links_lead_somewhere(page):
    here = (ROOT / page).parent
    links = re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / page).read_text(encoding="utf-8"))
    assert [link for link in links if not (here / link).exists()] == []


def test_every_variable_that_the_settings_read_is_explained():
    read = re.findall(r'environ\.get\("(\w+)"', Path(site.__file__).read_text(encoding="utf-8"))
    assert [name for name in set(read) if f"`{name}`" not in DEMO] == []


def test_every_command_of_the_site_is_explained():
    commands = (ROOT / "project" / "demo" / "management" / "commands").glob("[a-z]*.py")
    assert [path.stem for path in commands if path.stem not in DEMO and path.stem != "demo"] == []
