"""Random histories on a real PostgreSQL and a real Valkey, by several processes.

Controls without chance, for a missing second look and others: test_layered.py, test_layered_faults.py.
"""

import random
import time

import pytest
from django.conf import settings

from statestore import stores
from statestore.backends.layered_front import Front
from tests.prove.history import BUGS, GROWING, HISTORIES, SCOPE, faults, found_out

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=["default", "postgres"]),
    pytest.mark.skipif("layered-servers" not in settings.STATESTORE["STORES"], reason="NOT TESTED: no servers"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]


@pytest.fixture
def store():
    return stores["layered-servers"]


@pytest.fixture
def slow(monkeypatch):
    """Make readers pause before they put a copy, so that a writer comes between."""
    fill = Front.fill

    def pause_and_fill(*args):
        time.sleep(random.uniform(0, 0.06))
        fill(*args)

    monkeypatch.setattr(Front, "fill", pause_and_fill)


@pytest.mark.parametrize("history", HISTORIES, ids=["growing", "coming and going"])
def test_no_reader_ever_goes_back(store, history):
    found, reads = faults(store, 100, history=history)
    assert reads > 50, "too little traffic to mean anything"
    assert found == 0


@pytest.mark.parametrize("history", HISTORIES, ids=["growing", "coming and going"])
def test_no_slow_reader_ever_goes_back(store, slow, history):
    assert faults(store, 50, history=history)[0] == 0


@pytest.mark.parametrize("bug", BUGS.values(), ids=BUGS)
def test_planted_bug_is_found_out(store, bug):
    assert found_out(store, bug) > 0
    assert faults(store, 20, history=GROWING)[0] == 0, "what it left behind misleads the store without it"


def test_no_reader_goes_back_while_the_copies_are_thrown_away(store):
    front = store.siblings[store.options["fast"]]

    def forget():
        found = front.keys(SCOPE)
        front.remove(SCOPE, [name for name in found if name != "!"])

    assert faults(store, 50, history=GROWING, flush=forget)[0] == 0
