"""Several processes at once, on every store that they share."""

import time

import pytest
from django.db import connections, transaction

from statestore import ABSENT, VersionConflict, stores
from tests.prove import revive
from tests.prove.site import SHARED, run_together
from tests.prove.updates import WAYS, lost

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=list(connections.settings)),
    # Python warns of forking while threads run; here none does but pytest's own.
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]

ALIASES = [alias for alias in SHARED if alias in stores]
SCOPE = "together:1"


@pytest.fixture(params=ALIASES)
def alias(request, django_db_blocker):
    if request.param == "dbcache":
        from django.core.management import call_command

        call_command("createcachetable", verbosity=0)
    yield request.param
    for info in list(stores[request.param].scopes()):
        stores[request.param].delete(info.name)


@pytest.mark.parametrize("way", [way for way in WAYS if way != "naive"])
def test_no_update_is_lost(alias, way):
    assert lost(stores[alias], way, processes=4, writes=25) == 0


@pytest.mark.parametrize("alias", [name for name in ("postgres", "redis", "valkey") if name in ALIASES])
def test_control_the_naive_way_loses_updates(alias):
    # The first may be done before the last has begun.
    assert any(lost(stores[alias], "naive", processes=4, writes=150 * 3**turn) > 0 for turn in range(5))


def write_many(number, alias, rounds):
    """Half of the processes name the keys the other way round; some touch and delete in between."""
    keys = [f"k{n:02}" for n in range(20)]
    for turn in range(rounds):
        stores[alias].set_many(SCOPE, dict.fromkeys(keys[:: 1 if number % 2 else -1], turn))
        stores[alias].touch(SCOPE)
        if turn % 10 == 0:
            stores[alias].remove(SCOPE, keys[:: -1 if number % 2 else 1])
        if turn % 15 == 0:
            stores[alias].delete(SCOPE)


def test_bulk_writes_in_opposite_order_never_deadlock(alias):
    run_together(4, write_many, alias, 30)
    assert len(stores[alias].keys(SCOPE)) in {0, 20}


def write_or_read_pairs(number, alias, rounds):
    for turn in range(rounds):
        if number % 2:
            stores[alias].set_many(SCOPE, {"a": [number, turn], "b": [number, turn]})
        else:
            seen = stores[alias].get(SCOPE, ["a", "b"])
            assert seen[0] == seen[1], f"half of a write was seen: {seen}"
            both = stores[alias].get_many(SCOPE)
            assert both.get("a") == both.get("b"), f"half of a write was seen: {both}"


def test_no_reader_sees_half_of_a_write(alias):
    run_together(4, write_or_read_pairs, alias, 50)


def create_once(number, alias):
    try:
        stores[alias].set(SCOPE, "winner", number, if_version=ABSENT)
    except VersionConflict:
        return
    stores[alias].increment(SCOPE, "winners")


def test_of_many_creators_exactly_one_wins(alias):
    run_together(6, create_once, alias)
    assert stores[alias].get(SCOPE, "winners") == 1


def write_first_in_transaction(number, alias):
    database = stores[alias].database
    with transaction.atomic(using=database):
        try:
            stores[alias].set(SCOPE, "first", number, if_version=ABSENT)
        except VersionConflict:
            stores[alias].set(SCOPE, f"second-{number}", number)
        stores[alias].increment(SCOPE, "count")
        time.sleep(0.05)  # keeps the transaction open while the others run into it


@pytest.mark.parametrize("alias", [name for name in ("default", "postgres", "mariadb") if name in ALIASES])
def test_a_lost_race_leaves_the_callers_transaction_usable(alias):
    run_together(4, write_first_in_transaction, alias)
    found = stores[alias].get_many(SCOPE)
    assert found["count"] == 4
    assert len([key for key in found if key.startswith("second-")]) == 3


def test_a_scope_that_comes_alive_during_a_clean_is_there_afterwards(alias):
    assert revive.lost(stores[alias], 150) == (0, 0)


@pytest.mark.parametrize("alias", [name for name in ("default", "redis", "valkey") if name in ALIASES])
def test_control_a_clean_by_hand_takes_what_has_come_alive(alias):
    gone, _ = revive.lost(stores[alias], 300, revive.clean_by_hand)
    assert gone > 0
