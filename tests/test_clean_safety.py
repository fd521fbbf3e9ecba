"""What a clean must never take: two at once, two sites in one store, lists that break off, on every store."""

import threading

import pytest
from django.db import connections

from statestore import UsageError, cleaning
from statestore.cleanrules import Rule
from tests.contract.conftest import each_store, fresh

SHARED = [each for each in each_store(transaction=True) if each.values[0] != "memory"]


def fill(store, *names):
    for name in names:
        store.set_many(name, {"a": 1, "b": 2})


def left(store):
    return [info.name for info in store.scopes()]


@pytest.mark.parametrize("alias", SHARED)
def test_two_cleaners_at_once_take_each_scope_once_and_none_that_is_active(alias):
    store, other = fresh(alias), fresh(alias)
    names = [f"s:{number:03}" for number in range(120)]
    active = names[::10]
    fill(store, *names)
    now = store.clock() + 1
    reports = []

    def clean(one):
        one.clock = lambda: now
        reports.append(one.clean(active, prefix="s:", batch_size=7))
        one.close()
        connections.close_all()

    threads = [threading.Thread(target=clean, args=(one,)) for one in (store, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    store.open()
    assert left(store) == active
    assert sum(report.removed for report in reports) == len(names) - len(active)
    assert sum(report.entries for report in reports) == 2 * (len(names) - len(active))
    store.clean([], prefix="s:")
    store.close()


class Halfway(Exception):
    pass


def breaks_off():
    yield "flow:1"
    raise Halfway("the other system hung up")


def reads_on_from(cursor):
    """A list that is read in pages, the second of which fails."""
    yield from ["flow:1", "flow:2"]
    raise TimeoutError(cursor)


def no_list():
    return None


@pytest.mark.parametrize(
    "active",
    [breaks_off, lambda: reads_on_from("page-2"), no_list, list, lambda: ["flow:1", "\n"], lambda: "flow:1"],
    ids=["breaks off", "fails on page two", "None", "empty", "no name", "text"],
)
@pytest.mark.parametrize("alias", each_store())
def test_list_that_breaks_off_is_empty_or_wrong_removes_nothing_anywhere(alias, active):
    store = fresh(alias)
    fill(store, "flow:1", "flow:2", "wizard:1")
    rules = [Rule("wizard", active=lambda: ["wizard:9"]), Rule("flow", active=active)]
    with pytest.raises(UsageError, match="Nothing was removed"):
        list(cleaning.run(cleaning.plan(rules, only=[alias])))
    assert left(store) == ["flow:1", "flow:2", "wizard:1"]
    fresh(alias)
