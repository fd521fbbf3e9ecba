"""The proofs with figures and the benchmarks, in small: that they work, and that what they compare is alike."""

import os
import subprocess
import sys

import pytest
from django.db import connections

from benchmarks.figures import Figure, ratios
from benchmarks.measuring import rotated
from statestore import stores
from tests.prove import hand, kill, scale
from tests.prove.apart import ROOT, measured
from tests.prove.load import _one_by_one, load, raw, scopes
from tests.servers import addresses

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=list(connections.settings)),
]

ALIASES = [alias for alias in ("default", "postgres", "redis") if alias in stores]


@pytest.fixture(params=ALIASES)
def alias(request):
    yield request.param
    stores[request.param].clean([])


def test_loaded_scopes_are_stored_as_the_stores_own_writes_store_them(alias):
    store = stores[alias]
    load(store, scopes("load:", 12, 3))
    loaded = raw(store)
    store.clean([])
    _one_by_one(store, scopes("load:", 12, 3))
    assert raw(store) == loaded
    assert len(store.keys("load:0000011")) == 3


def test_a_clean_that_was_killed_and_run_again_ends_as_an_undisturbed_one(alias):
    *_, half, remaining, undisturbed, disturbed, _ = kill.prove(alias, 600, kills=1)
    assert (half, remaining, disturbed) == (0, 60, undisturbed)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_clean_by_hand_that_was_killed_is_found_out(alias):
    # A kill may fall between two scopes; of forty not all do.
    assert any(kill.control(alias, kills=5)[-1] == "ok" for _ in range(8))


def here(function, *arguments):
    """Do the work in this process, to save starting one."""
    steps = function(*arguments)
    next(steps)
    return next(steps), 0.0


def test_scale_is_measured_among_all_its_scopes(alias, capsys):
    found = scale.measure(alias, 250, run=here)
    assert all(seconds > 0 and megabytes >= 0 for seconds, megabytes in found.values())
    scale.show_growth({alias: {250: found}}, [250])
    assert "250 scopes" in capsys.readouterr().out


def hog(megabytes):
    yield
    yield len(b"x" * (megabytes * 2**20))


def test_memory_is_measured_by_what_a_process_adds():
    small, large = measured(hog, 1), measured(hog, 60)
    assert large[0] == 60 * 2**20
    assert 50 < large[1] - small[1] < 70


def test_a_clean_and_a_hands_delete_do_the_same_work(alias):
    assert hand.ours(alias, 300) > 0
    assert hand.hand(alias, 300) > 0  # both look at what is left


def test_every_contender_is_first_once_and_its_neighbours_change():
    orders = [rotated(["a", "b", "c"], number) for number in range(6)]
    assert orders == [list("abc"), list("bca"), list("cab"), list("cba"), list("acb"), list("bac")]


def test_figures_are_medians_between_quartiles():
    assert Figure.of([4.0, 1.0, 3.0, 2.0, 5.0]) == (2.0, 3.0, 4.0)
    assert Figure.of([7.0]) == (7.0, 7.0, 7.0)
    assert ratios([2.0, 9.0], [1.0, 3.0]) == [2.0, 3.0]


@pytest.mark.parametrize("family", ["memory", "sqlite", "postgresql", "redis"])
def test_every_contender_of_a_family_does_the_work(family):
    """One round each; that all come to the same outcome is checked before anything is measured."""
    server = {"postgresql": "postgres", "redis": "valkey"}.get(family)
    if server and server not in addresses():
        pytest.skip(f"no {server} runs")
    command = [sys.executable, "-m", "benchmarks", "--quick", "--rounds", "1", "--family", family]
    done = subprocess.run(command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "hand-written" in done.stdout or "dict of encoded bytes" in done.stdout
    assert "statestore" in done.stdout
