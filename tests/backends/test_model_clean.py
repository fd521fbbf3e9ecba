"""``ModelStore.clean``, above all on PostgreSQL: what is written meanwhile stays, with few locks and statements."""

import random
import sqlite3
import threading
import time
from contextlib import closing
from functools import partial
from itertools import pairwise

import pytest
from django.db import connections, transaction
from django.test.utils import CaptureQueriesContext

from statestore import stores
from statestore.backends.base import StateStore
from statestore.entries import Cleaned, CleanReport
from statestore.models import Entry
from statestore.names import Active
from tests.servers.process import eventually

psycopg = pytest.importorskip("psycopg")
pytestmark = [
    pytest.mark.skipif("postgres" not in connections.settings, reason="NOT TESTED: no postgres"),
    pytest.mark.django_db(databases=["default", "postgres"], transaction=True),
]

WRITE = (
    "UPDATE statestore_entry SET value = '\"new\"', used_at = used_at + 3600000000 WHERE scope = %s AND key = 'a'"
)
WAITING = "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


@pytest.fixture
def store():
    return stores["postgres"]


@pytest.fixture
def other(store):
    """Somebody else's connection, in a transaction."""
    store.open()
    connection = connections["postgres"]
    connection.ensure_connection()
    with psycopg.connect(connection.connection.info.dsn) as other:
        yield other


class Clean(threading.Thread):
    """A clean of everything, in a thread of its own."""

    def __init__(self, store):
        super().__init__()
        self.store = store
        self.start()

    def run(self):
        try:
            self.report = self.store.clean([])
        finally:
            connections["postgres"].close()


def is_waited_for():
    """Wait until somebody waits for a lock."""
    with connections["postgres"].cursor() as cursor:
        return eventually(lambda: cursor.execute(WAITING) or cursor.fetchone()[0])


@pytest.mark.parametrize("entries", [{"a": 1}, {"a": 1, "b": 2}])
@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_scope_that_is_being_written_to_is_waited_for(store, other, entries, end):
    store.set_many("one:1", entries)
    store.set("one:2", "a", 1)
    other.execute(WRITE, ["one:1"])
    clean = Clean(store)
    assert is_waited_for()
    getattr(other, end)()
    clean.join(60)
    left = {"commit": entries | {"a": "new"}, "rollback": {}}[end]
    assert store.get_many("one:1") == left
    assert store.keys("one:2") == []
    assert clean.report.removed == 1 + (not left)
    assert clean.report.entries == 1 + (0 if left else len(entries))


def test_entry_that_a_clean_can_not_see_yet_stays_when_it_is_committed(store, other):
    """A scope has two entries, of which the clean sees one: that goes, and what was written meanwhile is there."""
    store.set("one:1", "a", 1)
    row = "INSERT INTO statestore_entry SELECT scope, 'b', value, version, updated_at, used_at + 1, NULL"
    other.execute(f"{row} FROM statestore_entry")
    assert store.clean([]).removed == 1
    other.commit()
    assert store.get_many("one:1") == {"b": 1}


def fill(store):
    for number in range(5):
        store.set(f"one:{number}", "a", 1)
        store.set_many(f"two:{number}", {"a": 1, "b": 2})


def said(captured):
    return [query["sql"].partition(" ")[0] for query in captured]


def test_page_is_looked_at_and_deleted_and_seen_to_be_gone_in_one_transaction(store):
    fill(store)
    with CaptureQueriesContext(connections["postgres"]) as captured:
        report = store.clean(["two:3"])
    assert report == CleanReport(examined=10, removed=9, kept=1, entries=13)
    assert said(captured) == ["BEGIN", "SET", "SELECT", "SELECT", "DELETE", "SELECT", "COMMIT"]
    assert [info.name for info in store.scopes()] == ["two:3"]


def test_page_of_which_nothing_goes_is_only_looked_at(store):
    fill(store)
    with CaptureQueriesContext(connections["postgres"]) as captured:
        report = store.clean([f"{name}:{number}" for name in ("one", "two") for number in range(5)])
    assert report == CleanReport(examined=10, kept=10)
    assert said(captured) == ["BEGIN", "SET", "SELECT", "COMMIT"]


def test_in_the_callers_transaction_too_only_scopes_of_several_entries_are_locked(store):
    fill(store)
    with transaction.atomic(using="postgres"), CaptureQueriesContext(connections["postgres"]) as captured:
        assert store.clean([], prefix="one:").removed == 5
    assert said(captured) == ["SAVEPOINT", "SELECT", "DELETE", "SELECT", "RELEASE"]
    assert not any("FOR UPDATE" in query["sql"] for query in captured)
    with transaction.atomic(using="postgres"), CaptureQueriesContext(connections["postgres"]) as captured:
        assert store.clean([], prefix="two:").removed == 5
    assert any("FOR UPDATE" in query["sql"] for query in captured)


def test_callers_transaction_plans_its_statements_as_before(store):
    fill(store)
    with transaction.atomic(using="postgres"), connections["postgres"].cursor() as cursor:
        store.clean([])
        cursor.execute("SHOW enable_sort")
        assert cursor.fetchone() == ("on",)


def test_transaction_of_a_connection_without_autocommit_does_so_too(store):
    fill(store)
    connection = connections["postgres"]
    connection.set_autocommit(False)
    try:
        store.clean([])
        with connection.cursor() as cursor:
            cursor.execute("SHOW enable_sort")
            assert cursor.fetchone() == ("on",)
    finally:
        connection.rollback()
        connection.set_autocommit(True)


UNCOUNTED = """
    CREATE TEMP TABLE statestore_entry (LIKE statestore_entry INCLUDING ALL) ON COMMIT DROP;
    INSERT INTO pg_temp.statestore_entry SELECT * FROM public.statestore_entry
"""  # one that hides the other, and that no autovacuum comes by


@pytest.mark.parametrize("along_the_index", [True, False])
def test_next_rows_are_read_along_the_index_though_nothing_was_counted_yet(store, along_the_index):
    """Left to itself PostgreSQL sorts all the rest of such a table for each batch."""
    for scope in range(20):
        store.set_many(f"s:{scope}", {f"k{number}": number for number in range(1000)})
    with transaction.atomic(using="postgres"), connections["postgres"].cursor() as cursor:
        cursor.execute(UNCOUNTED)
        if along_the_index:
            cursor.execute(store._sql.along_the_index)
        statement, params = store._sql.look("s:", "", "s;", None, 251, 0, 0)
        cursor.execute(f"EXPLAIN {statement}", params)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Index Scan" in plan
    assert ("Sort" in plan) is not along_the_index


@pytest.mark.parametrize("alias", ["postgres", "default"])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 9, 100])
def test_batch_may_end_within_a_scope_and_be_smaller_than_one(alias, size):
    store, reports = stores[alias], []
    for number in range(12):
        store.set_many(f"s:{number:02}", {f"k{n}": n for n in range(1 + number % 5)})
    report = store.clean(["s:03"], prefix="s:", batch_size=size, progress=reports.append)
    assert report == CleanReport(examined=12, removed=11, kept=1, entries=29)
    assert all(after.examined - before.examined <= size for before, after in pairwise(reports))
    assert [(info.name, info.entries) for info in store.scopes()] == [("s:03", 4)]
    store.clean([])


def clean_with(store, between, active=()):
    """Clean the next scopes, and do something between the look at them and their removal."""
    looks = []

    def others(names):
        looks.append(sorted(names))
        if len(looks) == 1:
            between()
        return Active(active).others(names)

    now = store.now()
    return store._clean_next("", "", None, 100, others, now, now), looks


@pytest.mark.parametrize("entries", [{"a": 1}, {"a": 1, "b": 2}])
def test_what_is_written_between_the_look_and_the_removal_stays(store, other, entries):
    store.set_many("s:1", entries)
    store.set_many("s:2", entries)

    def write():
        other.execute(WRITE, ["s:1"])
        other.commit()

    cleaned, looks = clean_with(store, write)
    assert looks == [["s:1", "s:2"], ["s:2"]]
    assert cleaned == Cleaned(2, {"s:2": len(entries)}, None)
    assert store.get_many("s:1") == entries | {"a": "new"}
    assert store.get_many("s:2") == {}


@pytest.mark.parametrize("entries", [{"a": 1}, {"a": 1, "b": 2}])
def test_scope_that_got_a_new_key_between_the_look_and_the_removal_stays_whole(store, other, entries):
    store.set_many("s:1", entries)
    store.set_many("s:2", entries)
    row = "INSERT INTO statestore_entry SELECT scope, 'new', value, version, updated_at, used_at + 3600000000, NULL"

    def write():
        other.execute(f"{row} FROM statestore_entry WHERE scope = 's:1' AND key = 'a'")
        other.commit()

    cleaned, looks = clean_with(store, write)
    assert looks == [["s:1", "s:2"], ["s:2"]]
    assert cleaned == Cleaned(2, {"s:2": len(entries)}, None)
    assert store.get_many("s:1") == entries | {"new": 1}


def test_active_scope_that_is_committed_while_another_is_removed_stays(store, other):
    """As many rows would go as were seen, but not those that were seen."""
    store.set("s:1", "a", 1)
    store.set("s:2", "a", 1)
    row = "INSERT INTO statestore_entry SELECT 's:active', key, value, version, updated_at, used_at, NULL"
    other.execute(f"{row} FROM statestore_entry WHERE scope = 's:1'")  # stamped before the clean began

    def write():
        other.execute("DELETE FROM statestore_entry WHERE scope = 's:2'")
        other.commit()

    cleaned, _ = clean_with(store, write, ["s:active"])
    assert cleaned == Cleaned(2, {"s:1": 1}, None)
    assert store.get_many("s:active") == {"a": 1}


def test_nobody_writes_to_sqlite_between_the_look_and_the_removal(monkeypatch):
    store = stores["default"]
    monkeypatch.setattr(connections["default"], "transaction_mode", None)  # as it is where nobody says IMMEDIATE
    store.set("s:1", "a", 1)
    name = connections["default"].settings_dict["NAME"]
    refused = []

    def others(names):
        with closing(sqlite3.connect(name, timeout=0, uri=True)) as other:
            try:
                other.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                refused.append(str(error))
        return names

    now = store.now()
    assert store._clean_next("s:", "", None, 100, others, now, now) == Cleaned(1, {"s:1": 1}, None)
    assert len(refused) == 1
    assert "locked" in refused[0]


def test_new_entry_that_depends_on_the_others_keeps_them(store):
    store.set_many("s:1", {"a": 1, "b": 2})
    version = store.version("s:1")

    def write():
        def change():
            store.change_many("s:1", {"new": 1}, if_version=version)
            connections["postgres"].close()

        thread = threading.Thread(target=change)
        thread.start()
        thread.join(60)

    cleaned, _ = clean_with(store, write)
    assert cleaned == Cleaned(1, {}, None)
    assert store.get_many("s:1") == {"a": 1, "b": 2, "new": 1}


@pytest.mark.parametrize("alias", ["postgres", "default"])
def test_page_is_cleaned_at_once_as_by_names(alias):
    store, chance = stores[alias], random.Random(7)
    now = store.now()
    found = []
    for by_names in (False, True):
        store.clean([])
        chance.seed(7)
        for number in range(60):
            scope = f"s:{number // 2}" + ":x" * (number % 2)
            keys = [f"k{n}" for n in range(chance.randint(1, 3))]
            store.set_many(scope, dict.fromkeys(keys, number))
            if chance.random() < 0.3:
                store.set(scope, "k0", 1, ttl=0.000001)
        began, active = store.now(), Active([f"s:{n}" for n in range(0, 60, 4)] + ["s:5:x"])
        for number in range(0, 60, 7):
            store.touch(f"s:{number // 2}")
        clean = partial(StateStore._clean_next, store) if by_names else store._clean_next
        part = ("s:", "s:11", "s:7:x", 1000, active.others, began, store.now())
        examined, gone, last = clean(*part)
        found.append((examined, dict(gone), last, [(one.name, one.entries) for one in store.scopes()]))
        found[-1] += (Entry.objects.using(alias).filter(expires_at__lt=now + 10**12, scope__lte="s:7:x").count(),)
    assert found[0] == found[1]
    assert len(found[0][1]) > 5
    store.clean([])


def test_scopes_of_one_and_of_several_entries_of_every_age(store, other):
    later = int(time.time() * 1e6) + 3_600_000_000
    for number in range(30):
        keys = [f"k{n}" for n in range(1 + number % 3)]
        store.set_many(f"s:{number}", dict.fromkeys(keys, number), ttl=[None, 0.000001][number % 5 == 4])
    for number in (3, 4, 10):  # one key, one that has expired, two keys
        other.execute("UPDATE statestore_entry SET used_at = %s WHERE scope = %s", [later, f"s:{number}"])
    other.commit()
    gone = store._clean([f"s:{n}" for n in range(30) if n not in {6, 7}], later - 1, later - 2)
    expired = {n for n in range(30) if n % 5 == 4}
    kept = {3, 6, 7, 10}
    assert gone == {f"s:{n}": 1 + n % 3 for n in range(30) if n not in expired | kept}
    assert {info.name for info in store.scopes()} == {f"s:{n}" for n in kept}
