"""``ModelStore`` on a PostgreSQL and a MariaDB that something happens to."""

import threading

import psutil
import psycopg
import pymysql
import pytest
from django.db import OperationalError, connections, transaction

from statestore import StoreUnavailable
from tests.faults import kit
from tests.faults.kit import (
    ALIAS,
    BEFORE,
    READS,
    TIMEOUT,
    WRITES,
    fails,
    model_store,
    put,
    soon,
    standing_still,
    unknown,
)
from tests.servers import MariaDB, Postgres
from tests.servers.process import eventually

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=[Postgres, MariaDB], ids=lambda kind: kind.name)
def running(request, django_db_blocker):
    with kit.running(request.param, durable=True) as server:
        with django_db_blocker.unblock(), model_store(server):
            pass  # its table is made
        yield server


@pytest.fixture
def store(server, proxy):
    """A store whose connection is open, and goes through the proxy."""
    with model_store(server, migrated=True, PORT=proxy.port) as store:
        put(store)
        yield store


def ask(server, *statements):
    """Tell the server something over a connection of one's own; return the rows of the last answer."""
    where = {"host": server.host, "port": server.port, "user": server.user}
    if server.name == "postgres":
        with psycopg.connect(**where, dbname=server.database, autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []
    connection = pymysql.connect(**where, database=server.database, autocommit=True)
    with connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall()


SESSIONS = {
    "postgres": "SELECT pid FROM pg_stat_activity WHERE datname = 'statestore' AND pid <> pg_backend_pid()",
    "mariadb": "SELECT id FROM information_schema.processlist WHERE db = 'statestore' AND id <> connection_id()",
}


def sessions(server):
    """The connections to the store's database, as the server counts them."""
    return [number for (number,) in ask(server, SESSIONS[server.name])]


def only_session(server):
    """The one connection that is left; a server takes its time to notice that one has ended."""
    (number,) = eventually(lambda: len(found := sessions(server)) == 1 and found)
    return number


def is_well(store):
    """The next calls work, without anything having been done about it."""
    with soon():
        put(store)
        assert store.increment("s:1", "a") == 2
        assert store.get_many("s:1") == BEFORE | {"a": 2}


@pytest.mark.parametrize("verb", ["set", "increment", "clean"])
def test_write_to_a_server_that_stops_ends_in_time_and_nobody_knows_how(server, store, verb):
    store.get("s:1", "a")
    with standing_still(server, store):
        assert eventually(lambda: psutil.Process(server._process.pid).status() == psutil.STATUS_STOPPED)
        # What reads first has written nothing when it is given up; the others may have.
        (fails if verb in {"increment", "clean"} else unknown)(WRITES[verb], store)
        fails(WRITES[verb], store)  # this one could not even connect
    is_well(store)


def test_read_from_a_server_that_stops_ends_in_time_and_is_no_default(server, store):
    with standing_still(server, store):
        fails(READS["get"], store)
        with soon():
            assert store.health().reachable is False
    is_well(store)


def test_server_that_stops_within_the_callers_transaction_leaves_nothing_of_it(server, store):
    with soon(), pytest.raises((StoreUnavailable, OperationalError)), transaction.atomic(using=ALIAS):
        store.set("s:1", "a", 2)
        with standing_still(server, store):
            fails(WRITES["set_many"], store)
        raise StoreUnavailable
    assert store.get_many("s:1") == BEFORE
    is_well(store)


def test_killed_server_is_an_error_for_every_verb_and_is_found_again(server, store):
    server.kill()
    assert not server.running
    unknown(WRITES["set"], store)
    for call in [*READS.values(), *WRITES.values()]:
        fails(call, store)
    server.start()
    assert store.get_many("s:1") == BEFORE
    is_well(store)


def test_closed_port_is_an_error_for_every_verb(server, store, proxy):
    proxy.close()
    unknown(WRITES["set"], store)
    for call in [*READS.values(), *WRITES.values()]:
        fails(call, store)


def test_write_whose_answer_is_cut_off_is_unknown_and_is_not_sent_again(server, store, proxy):
    store.set("s:1", "a", 1)  # so that PostgreSQL has it prepared, and the answer is that of the write
    proxy.mode = "cut"
    unknown(WRITES["set"], store)
    assert proxy.spoilt == 1
    proxy.mode = "pass"
    assert store.get("s:1", "a") == 2  # it had happened
    put(store)
    proxy.mode = "cut"
    unknown(lambda store: store.set_many("s:1", {"a": 9, "b": 9}), store)
    assert proxy.spoilt == 2
    proxy.mode = "pass"
    assert store.get_many("s:1") == {"a": 9, "b": 9}
    is_well(store)


def test_read_whose_answer_is_cut_off_is_asked_once_more(store, proxy):
    proxy.mode = "cut"
    fails(READS["get"], store)
    assert proxy.spoilt == 2  # the second at the greeting
    proxy.mode = "pass"
    is_well(store)


@pytest.mark.parametrize("mode", ["delay", "slices"])
def test_slow_answers_are_answers(store, proxy, mode):
    proxy.mode = mode
    store.set_many("s:1", {"a": 5, "x": "é" * 50})
    assert store.get_many("s:1") == BEFORE | {"a": 5, "x": "é" * 50}
    assert store.remove("s:1", "x") == 1
    assert proxy.spoilt >= 3


def test_connections_that_the_server_ends_are_opened_again(server, store):
    end = {"postgres": "SELECT pg_terminate_backend({})", "mariadb": "KILL {}"}[server.name]
    for _ in range(3):
        number = only_session(server)
        ask(server, end.format(number))
        eventually(lambda number=number: number not in sessions(server))
        assert store.get_many("s:1") == BEFORE  # asked again, on a new one
    is_well(store)


def test_no_connection_is_left_behind_by_faults(server, store, proxy):
    for _ in range(10):
        proxy.mode = "cut"
        unknown(WRITES["set"], store)
        proxy.mode = "pass"
        store.get("s:1", "a")
    assert proxy.spoilt == 10
    assert only_session(server)


def test_refused_login_is_our_error_and_tells_no_password(server):
    wrong = {"USER": "stranger", "PASSWORD": "s3cret"}
    with model_store(server, **wrong) as store:
        for call in (READS["get"], WRITES["set"]):
            fails(call, store)
        with pytest.raises(StoreUnavailable) as caught:
            store.set("s:1", "a", "the value")
        assert not any(word in str(caught.value) for word in ("s3cret", "stranger", "the value", "127.0.0.1"))


READ_ONLY = {
    "postgres": (
        ["ALTER DATABASE statestore SET default_transaction_read_only = on"],
        [
            "SET default_transaction_read_only = off",
            "ALTER DATABASE statestore RESET default_transaction_read_only",
        ],
    ),
    "mariadb": (
        [
            "CREATE OR REPLACE USER plain@localhost IDENTIFIED BY 'p'",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON statestore.* TO plain@localhost",
            "SET GLOBAL read_only = 1",
        ],
        ["SET GLOBAL read_only = 0"],
    ),
}


def test_server_that_takes_no_writes_refuses_them_whole_and_lets_read(server):
    begin, end = READ_ONLY[server.name]
    login = {"USER": "plain", "PASSWORD": "p"} if server.name == "mariadb" else {}
    with model_store(server) as store:
        put(store)
    ask(server, *begin)
    try:
        with model_store(server, **login) as store:
            for verb, call in WRITES.items():
                if verb != "clean":
                    fails(call, store)
                assert store.get_many("s:1") == BEFORE
    finally:
        ask(server, *end)


def test_control_without_the_watch_a_stopped_server_holds_the_caller(server, store, monkeypatch):
    monkeypatch.setattr("statestore.backends.watchdog._cut", lambda watch: None)
    connected, stopped = threading.Event(), threading.Event()

    def ask_twice():
        store.get("s:1", "a")
        connected.set()
        stopped.wait(30)
        store.get("s:1", "a")
        connections[ALIAS].close()

    thread = threading.Thread(target=ask_twice)
    thread.start()
    assert connected.wait(30)
    with standing_still(server, store):
        stopped.set()
        thread.join(5 * TIMEOUT)
        was_held = thread.is_alive()
    thread.join(30)
    assert was_held
    assert not thread.is_alive()
