"""``manage.py demo``, and the settings it runs on."""

import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from project import services
from project.demo.models import Flow
from statestore import stores

ROOT = Path(__file__).parents[2]


def demo():
    said = StringIO()
    call_command("demo", stdout=said)
    return said.getvalue()


@pytest.mark.django_db
def test_demo_fills_the_site_and_may_be_run_again(client, settings):
    settings.DEBUG = True
    demo()
    stores["default"].set("global", "greeting", "Mine")
    demo()
    assert client.login(username="demo", password="demo")
    assert client.login(username="admin", password="admin")
    assert Flow.objects.count() == 2
    assert stores["default"].get("global", ["greeting", "likes"]) == ["Mine", 0]


@pytest.mark.django_db
def test_there_are_no_demo_accounts_without_debug():
    assert "no demo accounts" in demo()
    assert not User.objects.exists()


def python(code, **variables):
    """Run code on the site's settings with nothing but these variables set."""
    known = {"DJANGO_SETTINGS_MODULE": "project.settings", "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-c", f"import django; django.setup(); {code}"]
    done = subprocess.run(command, cwd=ROOT, env=known | variables, capture_output=True, text=True, check=False)
    return done.stdout.strip() or done.stderr


SECRET = "from django.conf import settings; print(settings.SECRET_KEY)"


def test_the_secret_key_made_for_development_is_the_same_after_every_start():
    first = python(SECRET)
    assert len(first) == 64
    assert python(SECRET) == first


def test_without_debug_the_site_needs_a_secret_key():
    assert "needs a SECRET_KEY" in python(SECRET, DEBUG="0")
    assert python(SECRET, DEBUG="0", SECRET_KEY="mine") == "mine"


def test_the_site_has_nothing_to_complain_about_itself():
    check = "from django.core.management import call_command; call_command('check', fail_level='WARNING')"
    assert python(check) == "System check identified no issues (1 silenced)."


def test_sqlite_gets_the_options_that_concurrent_processes_need(tmp_path):
    here = tmp_path / "here.sqlite3"
    expected = {"ENGINE": "django.db.backends.sqlite3", "NAME": here, "OPTIONS": services.SQLITE_OPTIONS}
    assert services.database(None, here) == expected
    assert services.database("sqlite:////x.sqlite3", here)["OPTIONS"] == services.SQLITE_OPTIONS


@pytest.mark.parametrize(
    ("url", "engine"),
    [("postgres", "postgresql"), ("postgresql", "postgresql"), ("mysql", "mysql"), ("mariadb", "mysql")],
)
def test_a_url_names_the_database(tmp_path, url, engine):
    found = services.database(f"{url}://me:secret@db.example:7/site", tmp_path)
    names = ("ENGINE", "USER", "PASSWORD", "HOST", "PORT", "NAME")
    expected = [f"django.db.backends.{engine}", "me", "secret", "db.example", 7, "site"]
    assert [found[name] for name in names] == expected


def test_a_redis_url_names_the_cache():
    assert services.cache("redis://cache.example:7/0")["LOCATION"] == "redis://cache.example:7/0"
    assert services.cache(None)["BACKEND"].endswith("LocMemCache")
