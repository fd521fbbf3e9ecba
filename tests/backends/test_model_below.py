"""``ModelStore`` goes below Django's cursor: it answers the same, and whoever wants to see a statement does."""

import asyncio
import contextlib
import functools
import threading

import pytest
from asgiref.sync import async_to_sync
from django.core.exceptions import SynchronousOnlyOperation
from django.db import DatabaseError, connections, transaction
from django.db.backends.utils import CursorWrapper
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from statestore import ABSENT, StoreUnavailable, stores

ALIASES = [alias for alias in ("default", "postgres") if alias in connections.settings]
SCOPE = "user:1"
ODD = [
    'a"b', "a\\b", '\\"', "{x}", "{}", "a,b", "NULL", "null", "'", "a'b''c", "%s", "%(a)s", "%", "$1", "?", "[1]",
    "\xa0", "ü\u0308", "\U0001f600", " ", "a ", "\u2028",
]  # fmt: skip

pytestmark = pytest.mark.django_db(databases=ALIASES, transaction=True)


@pytest.fixture(params=ALIASES)
def store(request):
    store = stores[request.param]
    store.set_many(SCOPE, {"a": 1, "b": [2]})
    return store


@pytest.fixture
def connection(store):
    return connections[store.database]


@pytest.fixture
def went_below(store, monkeypatch):
    """The statements that did not go through Django's cursor."""
    seen, below = [], store._db.below

    def spy(connection, sql, params, *, often):
        answer = below(connection, sql, params, often=often)
        if answer is not None:
            seen.append(sql)
        return answer

    monkeypatch.setattr(store._db, "below", spy)
    return seen


VERBS = {
    "get": lambda store: store.get(SCOPE, "a"),
    "get of what is missing": lambda store: store.get(SCOPE, "x", "missing"),
    "get of several": lambda store: store.get(SCOPE, ["b", "x", "a"], 0),
    "get_many": lambda store: store.get_many(SCOPE),
    "get_many of several": lambda store: store.get_many(SCOPE, ["a", "x"]),
    "entry": lambda store: store.entry(SCOPE, "a").value,
    "keys": lambda store: store.keys(SCOPE),
    "keys of what is missing": lambda store: store.keys("user:2"),
    "scopes": lambda store: [(info.name, info.entries, info.bytes) for info in store.scopes("user:")],
    "set": lambda store: (bool(store.set(SCOPE, "a", {"é": "\0"}, ttl=60)), store.get(SCOPE, "a")),
    "create": lambda store: (bool(store.set(SCOPE, "x", 1, if_version=ABSENT)), store.get(SCOPE, "x")),
    "overwrite": lambda store: bool(store.set(SCOPE, "a", 2, if_version=store.version(SCOPE, "a"))),
    "set_many": lambda store: (bool(store.set_many(SCOPE, {"x": "é\0", "a": None})), store.get_many(SCOPE)),
    "increment": lambda store: store.increment(SCOPE, "a"),
    "touch": lambda store: store.touch(SCOPE),
    "remove": lambda store: (store.remove(SCOPE, ["a", "x"]), store.keys(SCOPE)),
    "delete": lambda store: (store.delete(SCOPE), store.keys(SCOPE)),
    "delete of a version": lambda store: store.delete(SCOPE, if_version=store.version(SCOPE)),
    "clean": lambda store: (store.clean([]), store.keys(SCOPE)),
}


@pytest.mark.parametrize("verb", VERBS)
def test_answer_is_the_same_below_the_cursor_and_through_it(store, connection, went_below, verb):
    below = VERBS[verb](store)
    assert went_below
    store.delete(SCOPE)
    store.set_many(SCOPE, {"a": 1, "b": [2]})
    del went_below[:]
    with CaptureQueriesContext(connection) as captured:
        through = VERBS[verb](store)
    assert captured.captured_queries
    assert went_below == []
    assert through == below


@pytest.mark.parametrize("verb", VERBS)
def test_no_more_is_sent_below_the_cursor_than_through_it(store, connection, tmp_path, verb):
    VERBS[verb](store)  # what is prepared is prepared
    sent = []
    wrapped = connection.execute_wrapper(lambda execute, *statement: execute(*statement))
    for way in (contextlib.nullcontext(), wrapped):
        store.delete(SCOPE)
        store.set_many(SCOPE, {"a": 1, "b": [2]})
        with way, wire(connection.connection, tmp_path) as seen:
            VERBS[verb](store)
        sent.append(len(seen))
    below, through = sent
    assert 0 < below == through


@contextlib.contextmanager
def wire(driver, folder):
    """What the driver really sends: on SQLite each statement, on PostgreSQL each message that is to be answered."""
    seen = []
    if not hasattr(driver, "pgconn"):
        driver.set_trace_callback(seen.append)
        yield seen
        driver.set_trace_callback(None)
        return
    path = folder / "wire"
    with path.open("w") as file:
        driver.pgconn.trace(file.fileno())
        yield seen
        driver.pgconn.untrace()
    lines = [line.split("\t") for line in path.read_text("utf-8", "replace").splitlines()]
    seen += [words[3] for words in lines if len(words) > 3 and words[1] == "F" and words[3] in {"Sync", "Query"}]


def test_keys_and_texts_of_every_kind_come_back_as_they_went(store):
    mapping = {key: [key, "\0\x1f\x01", '"\\', 1e22, -0.0] for key in ODD}
    store.set_many("odd", mapping)
    assert store.get_many("odd") == mapping
    assert store.get("odd", ODD) == list(mapping.values())
    assert store.get_many("odd", ODD) == mapping
    assert store.keys("odd") == sorted(ODD)
    assert [store.get("odd", key) for key in ODD] == list(mapping.values())
    assert store.remove("odd", ODD) == len(ODD)
    for scope in ODD:
        store.set(scope, "k", scope)
    assert [(info.name, store.get(info.name, "k")) for info in store.scopes()] == sorted(
        [*zip(ODD, ODD, strict=True), (SCOPE, None)]
    )
    assert store.clean(ODD).removed == 1


@pytest.mark.parametrize("number", [1, 2, 3, 999, 1000])
def test_any_number_of_keys(store, number):
    mapping = {f"k{n}": n for n in range(number)}
    store.set_many("many", mapping)
    assert store.get("many", list(mapping)) == list(mapping.values())
    assert len(store.keys("many")) == number


# -- who wants to see a statement


def test_logged_queries_have_our_statements(store, connection, went_below, settings):
    settings.DEBUG = True
    connection.queries_log.clear()
    store.get(SCOPE, "a")
    assert [query["sql"].partition(" ")[0] for query in connection.queries] == ["SELECT"]
    settings.DEBUG = False
    store.get(SCOPE, "a")
    assert len(connection.queries) == len(went_below) == 1


def test_counted_queries_have_our_statements(store, went_below, django_assert_num_queries, connection):
    with django_assert_num_queries(2, connection=connection):
        store.get(SCOPE, "a")
        store.set(SCOPE, "a", 2)
    assert went_below == []


def test_execute_wrapper_sees_and_may_refuse_our_statements(store, connection, went_below):
    seen = []

    def see(execute, sql, params, many, context):
        seen.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(see):
        store.set(SCOPE, "a", 5)
        assert store.get(SCOPE, "a") == 5
    assert [sql.partition(" ")[0] for sql in seen] == ["INSERT", "SELECT"]
    assert went_below == []


def test_patched_cursor_wrapper_is_used(store, went_below, monkeypatch):
    """As tools that trace patch it, which take care to look like what they replace."""
    seen, plain = [], CursorWrapper.execute

    @functools.wraps(plain)
    def execute(self, sql, params=None):
        seen.append(sql)
        return plain(self, sql, params)

    monkeypatch.setattr(CursorWrapper, "execute", execute)
    store.get(SCOPE, "a")
    assert len(seen) == 1
    assert went_below == []


def test_patched_cursor_of_one_connection_is_used(store, connection, went_below, monkeypatch):
    seen, plain = [], connection.cursor
    monkeypatch.setattr(connection, "cursor", lambda: seen.append(1) or plain())
    store.get(SCOPE, "a")
    assert (seen, went_below) == ([1], [])


def test_engine_with_cursors_of_its_own_is_used(store, connection, went_below, monkeypatch):
    seen = []

    class Engine(type(connection)):
        def make_cursor(self, cursor):
            seen.append(1)
            return super().make_cursor(cursor)

    monkeypatch.setattr(connection, "__class__", Engine)
    store.get(SCOPE, "a")
    assert (seen, went_below) == ([1], [])


def test_engine_that_only_adds_something_else_is_gone_below(store, connection, went_below, monkeypatch):
    class Engine(type(connection)):
        def get_connection_params(self):
            return super().get_connection_params()

    monkeypatch.setattr(connection, "__class__", Engine)
    store.get(SCOPE, "a")
    assert len(went_below) == 1


# -- what the cursor refuses


def test_statement_in_a_broken_transaction_is_refused(store, connection, went_below):
    with transaction.atomic(using=store.database):
        store.get(SCOPE, "a")
        del went_below[:]
        transaction.set_rollback(True, using=store.database)
        for call in (lambda: store.get(SCOPE, "a"), lambda: store.set(SCOPE, "a", 2)):
            with pytest.raises(StoreUnavailable) as caught:
                call()
            assert isinstance(caught.value.__cause__, TransactionManagementError)
    assert went_below == []
    assert store.get(SCOPE, "a") == 1


@pytest.mark.parametrize("is_open", [False, True])
def test_event_loop_is_not_blocked(store, connection, is_open):
    async def ask():
        if is_open:
            connections[store.database] = connection
        store.get(SCOPE, "a")

    with pytest.raises(SynchronousOnlyOperation):
        asyncio.run(ask())


def test_async_twins_work(store):
    async def ask():
        await store.aset(SCOPE, "a", 7)
        return await store.aget(SCOPE, "a")

    assert async_to_sync(ask)() == 7


def in_a_thread(connection, call):
    """Call it in a thread that has this connection for its own; return what came of it."""
    came = []

    def run():
        connections[connection.alias] = connection
        try:
            came.append(call())
        except Exception as error:  # noqa: BLE001
            came.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)
    return came[0]


def test_connection_of_another_thread_is_refused_unless_it_is_shared(request):
    if "postgres" not in ALIASES:
        pytest.skip("NOT TESTED: no postgres")
    store = stores["postgres"]
    store.set(SCOPE, "a", 1)
    connection = connections["postgres"]
    refused = in_a_thread(connection, lambda: store.get(SCOPE, "a"))
    assert isinstance(refused, StoreUnavailable)
    assert isinstance(refused.__cause__, DatabaseError)
    connection.inc_thread_sharing()
    try:
        assert in_a_thread(connection, lambda: store.get(SCOPE, "a")) == 1
    finally:
        connection.dec_thread_sharing()


def test_connection_put_in_place_of_ours_is_used(store, connection):
    """``connections[alias]`` is asked each time: a transaction there is joined, wherever it came from."""
    alias = store.database
    other = connection.copy(alias)
    connections[alias] = other
    try:
        with pytest.raises(ZeroDivisionError), transaction.atomic(using=alias):
            store.set(SCOPE, "a", 2)
            assert other.in_atomic_block
            raise ZeroDivisionError
        assert store.get(SCOPE, "a") == 1
        assert other.connection is not None
    finally:
        other.close()
        connections[alias] = connection


def test_savepoint_takes_back_what_went_below(store, went_below):
    with transaction.atomic(using=store.database):
        store.set(SCOPE, "a", 2)
        with pytest.raises(ZeroDivisionError), transaction.atomic(using=store.database):
            store.set(SCOPE, "a", 3)
            store.set_many(SCOPE, {"x": 1, "y": 2})
            raise ZeroDivisionError
        assert store.get_many(SCOPE) == {"a": 2, "b": [2]}
    assert went_below
    assert store.get_many(SCOPE) == {"a": 2, "b": [2]}


def test_error_of_the_database_is_djangos_and_ours(store, connection):
    """As through the cursor: the driver's error within Django's within ours."""
    with pytest.raises(DatabaseError) as caught:
        store._db.rows("SELECT nothing FROM nowhere WHERE x = %s", [1])
    assert isinstance(caught.value.__cause__, connection.Database.Error)
    assert store.get(SCOPE, "a") == 1


def test_version_with_a_nul_is_no_beginning_of_a_version(store):
    version = store.version(SCOPE, "a")
    for call in (
        lambda: store.set(SCOPE, "a", 2, if_version=f"{version}\0x"),
        lambda: store.remove(SCOPE, "a", if_version=f"{version}\0x"),
    ):
        with pytest.raises(Exception) as caught:  # noqa: PT011 (a conflict on SQLite; PostgreSQL knows no such text)
            call()
        assert type(caught.value).__name__ in {"VersionConflict", "StoreUnavailable"}
    assert store.get(SCOPE, "a") == 1
