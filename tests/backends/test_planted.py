"""Rows of the table that somebody else has written: never run, and the trouble of that one entry alone."""

import pickle

import pytest
from django.db import connections

from statestore import CorruptState, stores
from statestore.models import Entry

ALIASES = [alias for alias in ("default", "postgres", "mariadb") if alias in connections.settings]
PICKLE = pickle.dumps({"a": 1}, protocol=0).decode("ascii")
BAD = ["", '{"a": [1,', "NaN", "{'a': 1}", "1 2", '"\\ud800"', "\ufeff1", PICKLE, "[" * 100_000]
READS = [
    lambda store: store.get("user:1", "bad", "default"),
    lambda store: store.get_many("user:1"),
    lambda store: store.entry("user:1", "bad"),
    lambda store: store.increment("user:1", "bad"),
]

pytestmark = pytest.mark.django_db(databases=ALIASES, transaction=True)


@pytest.fixture(params=ALIASES)
def store(request):
    return stores[request.param]


def plant(store, text):
    store.set_many("user:1", {"good": 1, "bad": 2})
    rows = Entry.objects.using(store.database).filter(value="2")
    assert rows.update(value=text) == 1


@pytest.mark.parametrize("text", BAD, ids=lambda text: text[:12])
def test_bad_row_is_corrupt_and_the_others_stay_readable(store, text):
    plant(store, text)
    for read in READS:
        with pytest.raises(CorruptState) as caught:
            read(store)
        assert (caught.value.scope, caught.value.key) == ("user:1", "bad")
    assert store.get("user:1", "good") == 1
    assert store.keys("user:1") == ["bad", "good"]
    assert [info.entries for info in store.scopes()] == [2]
    store.set("user:1", "bad", 3)
    assert store.get_many("user:1") == {"good": 1, "bad": 3}


class Mine:
    """What runs when it is unpickled."""

    went_off = False

    def __reduce__(self):
        return setattr, (Mine, "went_off", True)


def test_planted_pickle_is_never_loaded(store):
    bomb = pickle.dumps(Mine(), protocol=0)
    plant(store, bomb.decode("ascii"))
    for read in READS:
        with pytest.raises(CorruptState):
            read(store)
    assert store.remove("user:1", "bad") == 1
    assert not Mine.went_off
    pickle.loads(bomb)  # the control: it is live
    assert Mine.went_off
    Mine.went_off = False
