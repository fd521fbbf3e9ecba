"""``ModelStore.clean`` on PostgreSQL: scopes of one entry need no lock, and what is written meanwhile stays."""

import threading
import time

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from statestore import stores

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
        for _ in range(200):
            cursor.execute(WAITING)
            if cursor.fetchone()[0]:
                return True
            time.sleep(0.05)
    return False


@pytest.mark.parametrize("entries", [{"a": 1}, {"a": 1, "b": 2}])
@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_scope_that_is_being_written_to_is_waited_for(store, other, entries, end):
    store.set_many("one:1", entries)
    store.set("one:2", "a", 1)
    other.execute(WRITE, ["one:1"])
    clean = Clean(store)
    assert is_waited_for()
    getattr(other, end)()
    clean.join(20)
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


def test_only_scopes_of_several_entries_are_locked(store):
    for number in range(5):
        store.set(f"one:{number}", "a", 1)
        store.set_many(f"two:{number}", {"a": 1, "b": 2})
    with CaptureQueriesContext(connections["postgres"]) as captured:
        assert store.clean([], prefix="one:").removed == 5
    said = [query["sql"].partition(" ")[0] for query in captured]
    assert said == ["SELECT", "DELETE", "DELETE"]  # the page, what has expired there, the scopes
    with CaptureQueriesContext(connections["postgres"]) as captured:
        assert store.clean([], prefix="two:").removed == 5
    assert any("FOR UPDATE" in query["sql"] for query in captured)


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
