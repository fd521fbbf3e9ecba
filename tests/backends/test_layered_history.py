"""A random history on a real PostgreSQL and a real Valkey, by several processes; and a planted bug it catches."""

import pytest
from django.conf import settings

from statestore import stores
from statestore.backends.layered_front import Front
from tests.prove.history import faults

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=["default", "postgres"]),
    pytest.mark.skipif("layered-servers" not in settings.STATESTORE["STORES"], reason="NOT TESTED: no servers"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]


@pytest.fixture
def store():
    return stores["layered-servers"]


def test_no_reader_ever_goes_back(store):
    found, reads = faults(store, 150)
    assert reads > 500, "too little traffic to mean anything"
    assert found == 0


def test_control_without_marks_readers_go_back(store, monkeypatch):
    """The planted bug: writers drop the copies before they write, and tell nobody that they are writing."""

    def mark(self, scope, keys, now):
        self.drop(scope, keys, now)
        return "none"

    monkeypatch.setattr(Front, "mark", mark)
    monkeypatch.setattr(Front, "unmark", lambda *args: None)
    assert any(faults(store, 300)[0] for _ in range(6))
