"""clean_context on every store that runs here, and with a writer at work."""

import json
import threading
import time

import pytest
from django.conf import settings
from django.db import connections
from django.test import override_settings

from statestore import cleaning, stores
from statestore.cleanrules import Rule
from tests.cleaning.command import clean, left

CONFIGURED = dict(settings.STATESTORE)  # before the other fixture puts all of them in memory
RULES = {"flow": {"active": "tests.cleaning.command.flows_alive"}}
COUNTS = ("examined", "removed", "kept", "entries")


@pytest.fixture(params=CONFIGURED["STORES"])
def real(request):
    with override_settings(STATESTORE={**CONFIGURED, "CLEAN": RULES}):
        store = stores[request.param]
        empty(store)
        yield store
        empty(store)


def empty(store):
    for info in list(store.scopes()):
        store.delete(info.name)


def counted(*args):
    record = json.loads(clean(*args, "--format", "json"))
    return tuple(record[name] for name in COUNTS)


@pytest.mark.django_db(databases="__all__")
def test_rules_and_options_on_every_store(real):
    for scope in ("flow", "flow:1", "flow:1:tab", "flow:2", "flows:1", "user:1", "global"):
        real.set_many(scope, {"a": 1, "b": [2]})
    here = ("--store", real.alias)
    assert counted(*here, "--dry-run") == counted(*here) == (4, 2, 2, 4)
    assert left(real) == ["flow:1", "flow:1:tab", "flows:1", "global", "user:1"]
    assert counted(*here, "--active", "user", "--prefix", "u") == (1, 0, 1, 0)
    assert counted(*here, "--idle", "0s", "--prefix", "flows") == (1, 1, 0, 2)
    assert left(real) == ["flow:1", "flow:1:tab", "global", "user:1"]


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_what_comes_alive_during_a_clean_is_kept(real):
    """Counters that start after the clean began lose nothing to it, however often it passes."""
    names = [f"flow:{number}" for number in range(10)]
    for number in range(30):
        real.set(f"flow:old:{number}", "a", 1)
    steps = cleaning.plan([Rule()], only=[real.alias])
    started, over, passes = threading.Event(), threading.Event(), []

    def write():
        while not over.is_set():
            for name in names:
                real.increment(name, "n")
            passes.append(time.monotonic())
            started.set()
        connections.close_all()

    writer = threading.Thread(target=write)
    writer.start()
    assert started.wait(60)
    removed = [report.removed for _ in range(3) for _, report in cleaning.run(steps, batch_size=4)]
    over.set()
    writer.join()
    assert removed == [30, 0, 0]
    assert {name: real.get(name, "n") for name in names} == dict.fromkeys(names, len(passes))
