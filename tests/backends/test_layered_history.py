"""Random histories on a real PostgreSQL and a real Valkey, by several processes; and planted bugs they catch."""

import random
import time

import pytest
from django.conf import settings

from statestore import stores
from statestore.backends.layered import LayeredStore
from statestore.backends.layered_front import Front
from tests.prove.history import COMING_AND_GOING, GROWING, HISTORIES, SCOPE, faults

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=["default", "postgres"]),
    pytest.mark.skipif("layered-servers" not in settings.STATESTORE["STORES"], reason="NOT TESTED: no servers"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]

ROUNDS = 60  # of a history with a planted bug, before we say that it goes uncaught


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


def test_no_reader_goes_back_while_the_copies_are_thrown_away(store):
    front = store.siblings[store.options["fast"]]

    def forget():
        found = front.keys(SCOPE)
        front.remove(SCOPE, [name for name in found if name != "!"])

    assert faults(store, 50, history=GROWING, flush=forget)[0] == 0


def without_marks(patch):
    patch.setattr(Front, "mark", lambda self, places, token, now: self.drop(places, now))
    patch.setattr(Front, "unmark", lambda *args: None)


def without_leases(patch):
    in_turn = Front.in_turn

    def careless(self, steps):
        return in_turn(self, [(hook, _without_lease(hook, args)) for hook, args in steps])

    patch.setattr(Front, "in_turn", careless)


def _without_lease(hook, args):
    is_cell = hook == "_write" and "!" not in args[1]
    return (*args[:3], None) if is_cell else args


def unmarked_before_commit(patch):
    patch.setattr(LayeredStore, "_in_transaction", lambda self: False)
    patch.setattr(LayeredStore, "_after_commit", lambda self, action: action())


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize(
    ("plant", "history"),
    [
        (without_marks, GROWING),
        (without_leases, GROWING),
        (without_leases, COMING_AND_GOING),
        (unmarked_before_commit, GROWING),
    ],
)
def test_control_planted_bug_is_caught(store, monkeypatch, plant, history):
    plant(monkeypatch)
    assert any(faults(store, 50, history=history)[0] for _ in range(ROUNDS))
