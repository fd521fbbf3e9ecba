"""The command, run as from a shell."""

import io

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.test import override_settings

from statestore import stores

MEMORY = "statestore.backends.MemoryStore"
DAY = 86400


def fill(store, *scopes):
    for scope in scopes:
        store.set_many(scope, {"a": 1, "b": 2})


def left(store):
    return [info.name for info in store.scopes()]


def clean(*args, **kwargs):
    """Run the command as from a shell; return what it says."""
    out = io.StringIO()
    call_command("clean_context", *args, stdout=out, stderr=io.StringIO(), **kwargs)
    return out.getvalue()


def refused(*args, **kwargs):
    """Run a command that must not remove anything; return the reason it gives."""
    before = left(stores["default"])
    with pytest.raises(CommandError) as caught:
        clean(*args, **kwargs)
    assert left(stores["default"]) == before
    assert caught.value.returncode == 1
    return str(caught.value)


def rules(**given):
    return override_settings(STATESTORE={**django_settings.STATESTORE, "CLEAN": given})


def failing():
    raise RuntimeError("the flows' own database is down")


def flows_alive():
    return ["flow:1"]
