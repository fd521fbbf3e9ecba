"""What is special to ``ModelStore``: its statements, its table, its place in the caller's transaction."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings
from django.db import OperationalError, connections, transaction
from django.test import RequestFactory, override_settings
from django.test.utils import CaptureQueriesContext

from statestore import ABSENT, StateStoreError, VersionConflict, entry_changed, stores
from statestore.checks import check_servers
from statestore.health import health as view
from statestore.models import Entry
from statestore.testing import override_stores

ALIASES = [alias for alias in ("default", "postgres", "mariadb") if alias in connections.settings]
SCOPE = "user:1"

pytestmark = pytest.mark.django_db(databases=ALIASES, transaction=True)


@pytest.fixture(params=ALIASES)
def store(request):
    return stores[request.param]


@pytest.fixture
def statements(store):
    """Count the statements of a block."""
    return lambda number: Statements(connections[store.database], number)


class Statements(CaptureQueriesContext):
    def __init__(self, connection, number):
        super().__init__(connection)
        self.number = number

    def __exit__(self, *exception):
        super().__exit__(*exception)
        if exception[0] is None:
            said = [query["sql"] for query in self.captured_queries]
            assert len(said) == self.number, "\n".join(said)


def test_a_verb_that_reads_costs_one_statement(store, statements):
    store.set_many(SCOPE, {"a": 1, "b": 2})
    for read in (
        lambda: store.get(SCOPE, "a"),
        lambda: store.get(SCOPE, ["a", "b", "c"]),
        lambda: store.get_many(SCOPE),
        lambda: store.get_many(SCOPE, ["a", "b"]),
        lambda: store.entry(SCOPE, "a"),
        lambda: store.keys(SCOPE),
        lambda: list(store.scopes(limit=1)),
        lambda: list(store.scopes("user:")),
    ):
        with statements(1):
            read()


def test_a_verb_that_writes_costs_one_statement(store, statements):
    version = store.set(SCOPE, "a", 1)
    for write in (
        lambda: store.set(SCOPE, "b", 2),
        lambda: store.set(SCOPE, "a", 2, if_version=version),
        lambda: store.set_many(SCOPE, {"c": 3, "d": 4, "e": 5}),
        lambda: store.touch(SCOPE),
        lambda: store.remove(SCOPE, "c"),
        lambda: store.remove(SCOPE, ["d", "x"]),
        lambda: store.delete(SCOPE),
        lambda: store.delete(SCOPE),
    ):
        with statements(1):
            write()


def test_creating_costs_one_upsert(store, statements):
    with statements(1):
        store.set(SCOPE, "a", 1, if_version=ABSENT)
    with statements(1), pytest.raises(VersionConflict):
        store.set(SCOPE, "a", 2, if_version=ABSENT)


def test_read_modify_write_costs_two_statements(store, statements):
    store.set(SCOPE, "n", 1)
    store.set(SCOPE, "v", {})
    for change in (
        lambda: store.increment(SCOPE, "n"),
        lambda: store.update(SCOPE, "n", lambda n: n + 1),
        lambda: store.set(SCOPE, "v", 1, at="/a"),
        lambda: store.remove(SCOPE, "v", at="/a"),
        lambda: store.pop(SCOPE, "v"),
    ):
        with statements(2):
            change()
    with statements(1):
        store.setdefault(SCOPE, "n", 0)
    with statements(2):
        store.setdefault(SCOPE, "v", 0)


def test_a_page_and_a_batch_cost_the_same_beside_few_and_many(store, statements):
    for number in range(40):
        store.set(f"n:{number:02}", "k", number)
    with statements(1):
        assert len(list(store.scopes(limit=5))) == 5
    with CaptureQueriesContext(connections[store.database]) as few:
        store.clean(["n"], prefix="n:0", batch_size=100)
    with CaptureQueriesContext(connections[store.database]) as many:
        store.clean([], batch_size=100)
    assert len(many) <= len(few) + 4  # the lock and the delete, within BEGIN and COMMIT


def test_a_write_is_undone_with_the_callers_transaction(store):
    store.set(SCOPE, "a", 1)
    with pytest.raises(ZeroDivisionError), transaction.atomic(using=store.database):
        store.set(SCOPE, "a", 2)
        store.set_many(SCOPE, {"b": 1})
        store.increment(SCOPE, "a")
        assert store.get(SCOPE, "a") == 3
        store.clean([])
        raise ZeroDivisionError
    assert store.get_many(SCOPE) == {"a": 1}


@pytest.fixture
def old_snapshot():
    """MariaDB, in transactions that read what was there when they began."""
    if "mariadb" not in ALIASES:
        pytest.skip("NOT TESTED: there is no mariadb server")
    connection = connections["mariadb"]
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    with transaction.atomic(using="mariadb"):
        yield stores["mariadb"]
    connection.close()


def elsewhere(store, verb, *args):
    """Call a verb by a connection of its own."""

    def call():
        try:
            return getattr(store, verb)(*args)
        finally:
            connections[store.database].close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call).result(60)


def test_pop_finds_what_was_written_since_the_transaction_began(old_snapshot):
    elsewhere(old_snapshot, "set", SCOPE, "a", 1)
    assert old_snapshot.get(SCOPE, "a") == 1
    elsewhere(old_snapshot, "set", SCOPE, "a", 2)
    assert old_snapshot.get(SCOPE, "a") == 1
    assert old_snapshot.scope(SCOPE).pop("a") == 2


def test_setdefault_finds_what_was_created_since_the_transaction_began(old_snapshot):
    assert old_snapshot.get(SCOPE, "a") is None
    elsewhere(old_snapshot, "set", SCOPE, "a", 1)
    assert old_snapshot.get(SCOPE, "a") is None
    assert old_snapshot.scope(SCOPE).setdefault("a", 2) == 1


def test_a_refused_write_leaves_the_callers_transaction_usable(store):
    version = store.set(SCOPE, "a", 1)
    with transaction.atomic(using=store.database):
        for refused in (
            lambda: store.set(SCOPE, "a", 2, if_version="other"),
            lambda: store.set(SCOPE, "a", 2, if_version=ABSENT),
            lambda: store.remove(SCOPE, "a", if_version="other"),
            lambda: store.delete(SCOPE, if_version="other"),
            lambda: store.set(SCOPE, "a", object()),
            lambda: store.set(SCOPE, "\0", 1),
        ):
            with pytest.raises(StateStoreError):
                refused()
        store.set(SCOPE, "a", 3, if_version=version)
    assert store.get(SCOPE, "a") == 3


def test_signals_wait_for_the_commit(store):
    heard = []

    def hear(**details):
        heard.append(details["key"])

    entry_changed.connect(hear)
    try:
        with transaction.atomic(using=store.database):
            store.set(SCOPE, "a", 1)
            assert heard == []
        assert heard == ["a"]
        with pytest.raises(ZeroDivisionError), transaction.atomic(using=store.database):
            store.set(SCOPE, "b", 1)
            raise ZeroDivisionError
        assert heard == ["a"]
    finally:
        entry_changed.disconnect(hear)


def test_stored_form(store):
    """The raw row is a promise: whoever reads the table finds names and canonical JSON text."""
    version = store.set("Ünï:1", "a/b.c ", {"z": 1.0, "a": [1, None, "\0é"]}, ttl=60)
    with connections[store.database].cursor() as cursor:
        cursor.execute("SELECT * FROM statestore_entry")
        (scope, key, value, stored_version, updated_at, used_at, expires_at) = cursor.fetchone()
    names = [name.decode() if isinstance(name, bytes) else name for name in (scope, key)]
    assert names == ["Ünï:1", "a/b.c "]
    assert value == '{"z":1.0,"a":[1,null,"\\u0000é"]}'
    assert stored_version == version
    assert updated_at == used_at == expires_at - 60_000_000


def test_health_names_server_and_version(store):
    health = store.health()
    assert health.reachable
    assert health.server in {"sqlite", "postgresql", "mariadb"}
    assert health.version[0].isdigit()


@pytest.fixture
def unmigrated(store, monkeypatch):
    """A store beside the other, whose table was not made."""
    monkeypatch.setattr(Entry._meta, "db_table", "statestore_nowhere")
    with override_stores(unmigrated={"BACKEND": "statestore.ModelStore", "OPTIONS": {"database": store.database}}):
        yield stores["unmigrated"]


def test_store_without_its_table_is_not_in_good_health(unmigrated):
    health = unmigrated.health()
    assert (health.reachable, health.error) == (
        False,
        f"The table of the store 'unmigrated' is missing: manage.py migrate --database={unmigrated.database}",
    )
    told = next(message for message in check_servers() if "unmigrated" in message.msg)
    assert (told.id, health.error in told.msg) == ("statestore.W004", True)
    assert view(RequestFactory().get("/")).status_code == 503


def test_layered_store_without_its_table_is_not_in_good_health(unmigrated):
    parts = {"durable": "unmigrated", "fast": "default"}
    layered = {"BACKEND": "statestore.backends.LayeredStore", "OPTIONS": parts}
    with override_settings(STATESTORE={"STORES": {**settings.STATESTORE["STORES"], "layered": layered}}):
        assert not stores["layered"].health().reachable


def test_health_breaks_no_transaction_of_the_caller(store, unmigrated):
    with transaction.atomic(using=store.database):
        assert not unmigrated.health().reachable
        with connections[store.database].cursor() as cursor:
            cursor.execute("SELECT count(*) FROM statestore_entry")
            assert cursor.fetchone() == (0,)


def test_health_takes_no_lock(store):
    store.health()
    with CaptureQueriesContext(connections[store.database]) as captured:
        assert store.health().reachable
    assert {query["sql"].split()[0] for query in captured} <= {"SELECT", "SHOW", "PRAGMA"}


def test_table_that_can_not_be_read_is_told_as_it_is(store, monkeypatch):
    def refuse(scope, key):
        raise OperationalError("permission denied")

    monkeypatch.setattr(store, "_read_one", refuse)
    assert store.health().error == f"The store {store.alias!r} is unavailable (OperationalError)."
