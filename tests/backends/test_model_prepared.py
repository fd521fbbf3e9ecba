"""``ModelStore`` on PostgreSQL with psycopg 3: prepared statements, and whatever may happen to them."""

import os
import signal
import threading
import time

import pytest
from django.db import connections, transaction
from django.test import override_settings

from statestore import ModelStore, StoreUnavailable, stores
from statestore.backends import below_postgresql
from statestore.backends.below import way_of
from statestore.backends.below_postgresql import UNNAMED
from tests.servers.process import eventually

psycopg = pytest.importorskip("psycopg")
pytestmark = [
    pytest.mark.skipif("postgres" not in connections.settings, reason="NOT TESTED: no postgres"),
    pytest.mark.django_db(databases=["default", "postgres"], transaction=True),
]

SCOPE = "user:1"


@pytest.fixture
def connection():
    """A connection with nothing prepared."""
    connection = connections["postgres"]
    connection.close()
    connection.ensure_connection()
    yield connection
    connection.close()


@pytest.fixture
def store(connection):
    store = stores["postgres"]
    store.set_many(SCOPE, {"a": 1, "b": "é"})
    return store


def execute(connection, sql):
    """Run a statement behind the store's back; return the rows."""
    cursor = connection.connection.execute(sql)
    return cursor.fetchall() if cursor.description else []


def prepared(connection):
    """The statements that the server keeps for this connection, by name."""
    return dict(execute(connection, "SELECT name, statement FROM pg_prepared_statements"))


def use(store):
    """Read and write; what is there must be what was written."""
    assert store.set(SCOPE, "a", "new")
    assert store.get(SCOPE, "a") == "new"
    assert store.get(SCOPE, ["b", "a"]) == ["é", "new"]
    assert store.get_many(SCOPE) == {"a": "new", "b": "é"}


def test_statement_is_prepared_once_a_connection(store, connection):
    for _ in range(3):
        use(store)
    names = prepared(connection)
    assert all(name.startswith("statestore_") for name in names)
    assert len([sql for sql in names.values() if sql.startswith("SELECT")]) == 3
    connection.close()
    use(store)
    assert prepared(connection).keys() <= names.keys()


def test_number_of_names_does_not_grow_with_the_calls(store, connection):
    for number in range(1, 30):
        keys = [f"k{n}" for n in range(number)]
        store.set_many(SCOPE, dict.fromkeys(keys, number))
        store.get(SCOPE, keys)
        store.remove(SCOPE, keys)
        list(store.scopes(f"{number}", limit=number))
        store.clean(["user:1"], prefix=f"u{number}")
    assert len(prepared(connection)) < 12


def test_listing_and_clean_are_planned_for_what_they_ask(store, connection):
    list(store.scopes())
    store.clean([SCOPE])
    assert not [sql for sql in prepared(connection).values() if "GROUP BY" in sql or "<" in sql]


@pytest.mark.parametrize(
    ("options", "alias", "expected"),
    [
        ({}, {}, True),
        ({}, {"DISABLE_SERVER_SIDE_CURSORS": True}, False),
        ({"prepare": False}, {}, False),
        ({"prepare": True}, {"DISABLE_SERVER_SIDE_CURSORS": True}, True),
    ],
)
def test_who_decides_whether_there_are_names(connection, options, alias, expected, monkeypatch):
    for name, value in alias.items():
        monkeypatch.setitem(connection.settings_dict, name, value)
    store = ModelStore("s", {"OPTIONS": {"database": "postgres", **options}})
    store.set_many(SCOPE, {"a": 1, "b": "é"})
    use(store)
    assert bool(prepared(connection)) is expected


@pytest.mark.parametrize("prepare", [None, 1, 0, "yes", []])
def test_what_says_nothing_about_preparing_is_refused(prepare):
    (problem,) = ModelStore.option_problems("s", {"OPTIONS": {"prepare": prepare}})
    assert "prepare" in problem


# -- names that go, and names that are there


@pytest.mark.parametrize("forget", ["DEALLOCATE ALL", "DISCARD ALL"])
def test_names_that_are_gone_are_prepared_anew(store, connection, forget):
    use(store)
    execute(connection, forget)
    assert prepared(connection) == {}
    use(store)
    assert len(prepared(connection)) >= 3


def test_names_that_are_gone_do_not_break_a_transaction(store, connection):
    use(store)
    with transaction.atomic(using="postgres"):
        use(store)
        execute(connection, "DEALLOCATE ALL")
        use(store)
        store.increment("counter", "n")
    execute(connection, "DEALLOCATE ALL")
    with transaction.atomic(using="postgres"):
        use(store)
        assert store.increment("counter", "n") == 2


def test_nothing_is_prepared_within_a_transaction(store, connection):
    before = prepared(connection)
    with transaction.atomic(using="postgres"):
        use(store)
        store.remove(SCOPE, "a")
        assert prepared(connection) == before


def test_server_that_never_knows_a_name_is_used_without(store, connection, monkeypatch):
    """As behind a pooler that gives each statement to another server."""
    told, plain = [], below_postgresql._prepare

    def prepare_elsewhere(driver, sql):
        told.append(sql)
        return below_postgresql._numbered(sql)[1]

    monkeypatch.setattr(below_postgresql, "_prepare", prepare_elsewhere)
    execute(connection, "DEALLOCATE ALL")
    vars(connection.connection)["_statestore_names"].clear()
    for _ in range(4):
        assert store.get(SCOPE, "a") == 1
    assert len(told) == 2
    assert set(vars(connection.connection)["_statestore_names"].values()) == {UNNAMED}
    monkeypatch.setattr(below_postgresql, "_prepare", plain)
    use(store)


def test_name_that_somebody_prepared_for_the_same_statement_is_used(store, connection):
    use(store)
    names = vars(connection.connection)["_statestore_names"]
    known = dict(names)
    names.clear()  # as another process behind the same pooler
    use(store)
    assert known.items() <= names.items() | known.items()
    assert set(names.values()) <= set(known.values())


def test_name_says_which_statement_it_is():
    names = {below_postgresql._numbered(sql)[1] for sql in ("SELECT %s", "SELECT  %s", "SELECT %s, %s")}
    assert len(names) == 3
    assert below_postgresql._numbered("SELECT %s")[0] == b"SELECT $1"
    assert all(len(name) < 64 for name in names)  # where PostgreSQL would cut it


def test_table_that_is_altered_meanwhile_is_read(store, connection):
    use(store)
    execute(connection, "ALTER TABLE statestore_entry ALTER COLUMN version TYPE varchar(40)")
    try:
        for _ in range(3):
            use(store)
        assert store.entry(SCOPE, "a").value == "new"
    finally:
        execute(connection, "ALTER TABLE statestore_entry ALTER COLUMN version TYPE varchar(16)")
    use(store)


def test_names_go_with_the_drivers_connection(store, connection):
    """A pool hands it from one connection of Django's to another."""
    use(store)
    driver, names = connection.connection, dict(vars(connection.connection)["_statestore_names"])
    other = connection.copy()
    other.connection, connection.connection = driver, None
    connections["postgres"] = other
    try:
        assert store.get(SCOPE, "a") == "new"
        assert vars(driver)["_statestore_names"] == names
    finally:
        connections["postgres"] = connection
        connection.connection = driver


def test_pool_of_djangos(connection, monkeypatch):
    pytest.importorskip("psycopg_pool")
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", {"pool": {"min_size": 1, "max_size": 1}})
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 0)
    try:
        store = ModelStore("s", {"OPTIONS": {"database": "postgres"}})
        store.set_many(SCOPE, {"a": 1, "b": "é"})
        drivers = set()
        for _ in range(4):
            use(store)
            drivers.add(connection.connection)
            connection.close()
        (driver,) = drivers
        assert len(vars(driver)["_statestore_names"]) >= 3
    finally:
        connection.close_pool()


# -- where only psycopg's cursor will do


def test_first_statement_of_a_transaction_begins_it(store, connection):
    with pytest.raises(ZeroDivisionError), transaction.atomic(using="postgres"):
        store.set(SCOPE, "a", 2)
        assert connection.connection.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS
        raise ZeroDivisionError
    assert store.get(SCOPE, "a") == 1


def test_transaction_without_atomic_is_begun_too(store):
    transaction.set_autocommit(False, using="postgres")
    try:
        store.set(SCOPE, "a", 2)
        store.set(SCOPE, "b", 2)
        transaction.rollback(using="postgres")
        assert store.get_many(SCOPE) == {"a": 1, "b": "é"}
        transaction.rollback(using="postgres")
    finally:
        transaction.set_autocommit(True, using="postgres")


def test_other_encoding_of_the_client(store, connection):
    execute(connection, "SET client_encoding TO latin1")
    try:
        assert store.get(SCOPE, "b") == "é"
        store.set(SCOPE, "c", "ä")
    finally:
        execute(connection, "RESET client_encoding")
    assert store.get(SCOPE, "c") == "ä"


def test_pipeline(store, connection):
    with connection.connection.pipeline():
        store.set(SCOPE, "a", 2)
        assert store.get(SCOPE, "a") == 2
    use(store)


def test_cursor_that_the_site_chose_is_used(store, connection, monkeypatch):
    used = []

    class Watching(psycopg.ClientCursor):
        def execute(self, *args, **kwargs):
            used.append(1)
            return super().execute(*args, **kwargs)

    monkeypatch.setattr(connection.connection, "cursor_factory", Watching)
    assert store.get(SCOPE, "a") == 1
    assert used == [1]


def test_older_driver_has_no_way_below(connection, monkeypatch):
    monkeypatch.setattr(below_postgresql, "is_psycopg3", False)
    assert way_of(connection, named=True) is None


def test_psycopgs_own_preparing_does_no_harm(store, connection):
    """It deallocates everything after a rollback: also what is not its own."""
    driver = connection.connection
    driver.prepare_threshold = 0
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), transaction.atomic(using="postgres"):
            driver.cursor(binary=False).execute("SELECT 1")
            psycopg.Cursor(driver).execute("SELECT %s", [1], prepare=True)
            store.set(SCOPE, "a", 2)
            raise ZeroDivisionError
        use(store)
        with transaction.atomic(using="postgres"):
            use(store)
            with pytest.raises(ZeroDivisionError), transaction.atomic(using="postgres"):
                psycopg.Cursor(driver).execute("SELECT %s", [1], prepare=True)
                raise ZeroDivisionError
            use(store)


def test_text_with_a_nul_never_reaches_libpq():
    for value in ("a\0b", b"a\0b", ["a", "b\0"]):
        with pytest.raises(psycopg.DataError):
            below_postgresql._text(value)


# -- waiting


class Held:
    """A row that another connection has written to and not committed."""

    def __init__(self, store):
        self.other = psycopg.connect(connections[store.database].connection.info.dsn, connect_timeout=60)

    def __enter__(self):
        self.other.execute("UPDATE statestore_entry SET used_at = used_at WHERE scope = %s", [SCOPE])
        return self

    def __exit__(self, *exception):
        self.other.rollback()
        self.other.close()


def is_waited_for(held):
    """Wait until somebody waits for the row."""
    waiting = "SELECT %s = ANY(pg_blocking_pids(pid)) AS is_held FROM pg_stat_activity ORDER BY is_held DESC"
    with psycopg.connect(held.other.info.dsn, autocommit=True) as looking:
        return eventually(lambda: looking.execute(waiting, [held.other.info.backend_pid]).fetchone()[0])


@pytest.fixture
def _ctrl_c():
    """Heard also where the tests were started in the background, to which it is not meant."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_ctrl_c")
def test_wait_is_broken_off_by_ctrl_c(store, connection):
    store.set(SCOPE, "a", 1)

    def press(held):
        if is_waited_for(held):
            os.kill(os.getpid(), signal.SIGINT)

    with Held(store) as held:
        thread = threading.Thread(target=press, args=[held])
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            store.set(SCOPE, "a", 2)
        thread.join()
    assert store.get(SCOPE, "a") == 1
    use(store)


def test_wait_for_another_thread_lets_this_one_work(store):
    """That one lets go of the row; were it held up itself, neither would ever go on."""
    with Held(store) as held:
        thread = threading.Thread(target=lambda: is_waited_for(held) and held.other.rollback())
        thread.start()
        store.set(SCOPE, "a", 2)
        thread.join()
    assert store.get(SCOPE, "a") == 2


def test_wait_is_bounded_by_the_time_out(store):
    hasty = ModelStore("s", {"OPTIONS": {"database": "postgres", "timeout": 0.6}})
    with Held(store):
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            hasty.set(SCOPE, "a", 2)
        assert time.monotonic() - began < 20
    use(store)


def test_dead_connection_is_noticed_before_a_write_where_the_site_checks_its_health(store, connection):
    other = psycopg.connect(connection.connection.info.dsn, autocommit=True)
    other.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
    other.close()
    connection.health_check_enabled, connection.health_check_done = True, False
    assert store.set(SCOPE, "a", 2)
    assert store.get(SCOPE, "a") == 2


def test_settings_may_change_under_way(store):
    with override_settings(DEBUG=True):
        connections["postgres"].queries_log.clear()
        store.get(SCOPE, "a")
        assert len(connections["postgres"].queries) == 1
