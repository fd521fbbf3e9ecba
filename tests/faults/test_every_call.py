"""Fail the n-th call to the driver, for every n until none fails, for every verb that writes: all or nothing.

An error that says "failed" must be true. "Unknown" may be either, and nothing else is allowed.
"""

from contextlib import ExitStack, contextmanager

import pytest
import redis
from django.db import Error, OperationalError, connections, transaction
from redis.connection import AbstractConnection

from statestore import ABSENT, StoreTimeout, StoreUnavailable, stores
from statestore.backends import below_postgresql
from statestore.backends.redis_connections import Line
from tests.backends.redis_kit import clean_store_on, each_server
from tests.faults.kit import BEFORE, WRITES, put

pytestmark = pytest.mark.slow
DATABASES = [alias for alias in ("default", "postgres", "mariadb") if alias in connections.settings]
MOST = 400  # more calls than any verb makes
TIMES = ["before", "after"]
VERBS = WRITES | {
    "set a list": lambda store: store.set("s:1", ["a", "x"], [2, 3]),
    "set for a while": lambda store: store.set("s:1", "a", 2, ttl=600),
    "set if version": lambda store: store.set("s:1", "a", 2, if_version=store.version("s:1", "a")),
    "create": lambda store: store.set("s:1", "x", 2, if_version=ABSENT),
    "remove one": lambda store: store.remove("s:1", "a"),
    "remove if version": lambda store: store.remove("s:1", "a", if_version=store.version("s:1", "a")),
    "remove at": lambda store: store.remove("s:1", "b", at="/c/0"),
    "delete if version": lambda store: store.delete("s:1", if_version=store.version("s:1")),
    "change many": lambda store: store.change_many("s:1", {"a": 2, "x": 2}),
    "touch": lambda store: store.touch("s:1"),
    "many": lambda store: store.set_many("s:1", dict.fromkeys([f"k{n}" for n in range(250)], "x" * 20)),
}
TWICE = {
    "change many",
    "update",
    "increment",
    "set at",
    "remove at",
    "clean",
    *(verb for verb in VERBS if "if version" in verb),
}


class Fuse:
    """Blows at the n-th call; with `after`, once that has been carried out, so that only its answer is lost."""

    def __init__(self, number, moment):
        self.left = number
        self.moment = moment
        self.blown = False

    def around(self, call, lose):
        self.left -= 1
        if self.left:
            return call()
        self.blown = True
        if self.moment == "after":
            call()
        raise lose()


def check(store, verb, hand_in, moment, errors=(StoreUnavailable,), call=None):
    """Fail each call once; return how many there were."""
    call = call or VERBS[verb]
    expected = after(store, verb)
    for number in range(1, MOST):
        put(store)
        fuse, error = Fuse(number, moment), None
        with hand_in(fuse):
            try:
                call(store)
            except errors as raised:
                error = raised
        found = store.get_many("s:1")
        if not fuse.blown:
            assert error is None
            assert found == expected
            return number - 1
        assert found in (BEFORE, expected), "half done"
        if error is None:
            assert found == expected, "a fault was swallowed, and nothing was written"
        elif type(error) is StoreUnavailable:
            assert found == BEFORE, f"{verb}, call {number}: it said that nothing had happened"
        else:
            assert type(error) is StoreTimeout or isinstance(error, Error)
    raise AssertionError("it never ends")


def after(store, verb):
    """What an undisturbed call leaves."""
    put(store)
    VERBS[verb](store)
    return store.get_many("s:1")


def every_verb(store, hand_in, moment, **how):
    calls = {verb: check(store, verb, hand_in, moment, **how) for verb in VERBS}
    assert {verb: number for verb, number in calls.items() if number < (2 if verb in TWICE else 1)} == {}


@contextmanager
def commits(fuse, connection, monkeypatch):
    commit = connection._commit
    with monkeypatch.context() as patch:
        patch.setattr(connection, "_commit", lambda: fuse.around(commit, lambda: planted(fuse, connection)))
        yield patch


def planted(fuse, connection, error=OperationalError):
    """Return an error, the cable cut if the call has been carried out; none leads to SQLite."""
    if fuse.moment == "after" and connection.vendor != "sqlite":
        connection.connection.close()
    return error(2013, "planted")


@contextmanager
def through_the_cursor(fuse, alias, monkeypatch):
    """Hand every statement that goes through Django's cursor, and every commit, to the fuse."""
    connection = connections[alias]

    def execute(run, sql, params, many, context):
        return fuse.around(lambda: run(sql, params, many, context), lambda: planted(fuse, connection))

    with commits(fuse, connection, monkeypatch), connection.execute_wrapper(execute):
        yield


@contextmanager
def below_the_cursor(fuse, alias, monkeypatch):
    """Hand what goes to the driver itself, and every commit, to the fuse."""
    connection = connections[alias]
    database, ask = stores[alias]._db, below_postgresql._ask
    plain, error = database.below, connection.Database.OperationalError

    def around(call):
        return fuse.around(call, lambda: planted(fuse, connection, error))

    with commits(fuse, connection, monkeypatch) as patch:
        if connection.vendor == "postgresql":  # where a statement may be two calls: it is prepared first
            patch.setattr(below_postgresql, "_ask", lambda *what: around(lambda: ask(*what)))
        else:
            patch.setattr(database, "below", lambda *what, **how: around(lambda: plain(*what, **how)))
        yield


WAYS = [through_the_cursor, below_the_cursor]
PLACES = [
    pytest.param(alias, way, moment, id=f"{alias}-{way.__name__}-{moment}")
    for alias in DATABASES
    for way in WAYS
    for moment in TIMES
    if (alias, moment) != ("default", "after") and (alias, way) != ("mariadb", below_the_cursor)
]


@pytest.mark.parametrize(("alias", "way", "moment"), PLACES)
@pytest.mark.django_db(databases=DATABASES, transaction=True)
def test_failing_statement_leaves_all_or_nothing(alias, way, moment, monkeypatch):
    every_verb(stores[alias], lambda fuse: way(fuse, alias, monkeypatch), moment)


@pytest.mark.parametrize(("alias", "way", "moment"), PLACES)
@pytest.mark.django_db(databases=DATABASES, transaction=True)
def test_failing_statement_in_the_callers_transaction_leaves_all_or_nothing(alias, way, moment, monkeypatch):
    def inside(verb):
        def call(store):
            with transaction.atomic(using=alias):
                store.get("s:1", "a")  # with which the transaction begins; psycopg's own cursor does that
                VERBS[verb](store)

        return call

    store = stores[alias]
    for verb in VERBS:
        hand_in = lambda fuse: way(fuse, alias, monkeypatch)  # noqa: E731
        calls = check(store, verb, hand_in, moment, (StoreUnavailable, Error), inside(verb))
        assert calls >= (3 if verb in TWICE else 2), verb  # with the commit


@contextmanager
def redis_calls(fuse, monkeypatch):
    """Hand every sending to a server to the fuse; `after`: the server has done it, and the answer is lost."""
    send, exchange = AbstractConnection.send_packed_command, Line.exchange

    def sending(self, command, *args, **kwargs):
        return fuse.around(lambda: send(self, command, *args, **kwargs), lambda: redis.ConnectionError("planted"))

    def exchanging(self, data, number):
        return fuse.around(lambda: exchange(self, data, number), lambda: redis.TimeoutError("planted"))

    with monkeypatch.context() as patch:
        if fuse.moment == "before":
            patch.setattr(AbstractConnection, "send_packed_command", sending)
        else:
            patch.setattr(Line, "exchange", exchanging)
        yield


@pytest.mark.parametrize("name", each_server("redis", "valkey", "cluster", "sentinel"))
@pytest.mark.parametrize("moment", TIMES)
def test_failing_command_leaves_all_or_nothing(name, moment, monkeypatch):
    with clean_store_on(name) as store:
        every_verb(store, lambda fuse: redis_calls(fuse, monkeypatch), moment)


@contextmanager
def all_calls(fuse, alias, monkeypatch):
    with ExitStack() as stack:
        stack.enter_context(below_the_cursor(fuse, alias, monkeypatch))
        stack.enter_context(redis_calls(fuse, monkeypatch))
        yield


@pytest.mark.skipif("layered-servers" not in stores, reason="NOT TESTED: it needs PostgreSQL and Valkey")
@pytest.mark.parametrize("moment", TIMES)
@pytest.mark.django_db(databases=DATABASES, transaction=True)
def test_failing_call_to_either_half_of_a_layered_store_leaves_all_or_nothing(moment, monkeypatch):
    """Also what both halves say afterwards is the same: nobody reads an old copy."""
    store = stores["layered-servers"]
    for verb in VERBS:
        check(store, verb, lambda fuse: all_calls(fuse, "postgres", monkeypatch), moment)
        behind = stores["postgres"].get_many("s:1")
        assert dict(zip("abx", store.get("s:1", ["a", "b", "x"]), strict=True)) == {k: behind.get(k) for k in "abx"}
