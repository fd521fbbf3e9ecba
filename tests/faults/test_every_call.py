"""Fail the n-th call to the driver, for every n until none fails, for every verb that writes: all or nothing.

An error that says "failed" must be true. "Unknown" may be either, and nothing else is allowed.
"""

from contextlib import contextmanager

import pytest
import redis
from django.db import OperationalError, connections
from redis.connection import AbstractConnection

from statestore import StoreTimeout, StoreUnavailable, stores
from statestore.backends.redis_replies import Replies
from tests.backends.redis_kit import clean_store_on, each_server
from tests.faults.kit import BEFORE, WRITES, put

pytestmark = pytest.mark.slow
DATABASES = [alias for alias in ("default", "postgres", "mariadb") if alias in connections.settings]
MOST = 400  # more calls than any verb makes
TIMES = ["before", "after"]
TWICE = {"update", "increment", "set at", "clean"}  # they read first


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


def check(store, verb, hand_in, moment):
    """Fail each call once; return how many there were."""
    for number in range(1, MOST):
        put(store)
        fuse, error = Fuse(number, moment), None
        with hand_in(fuse):
            try:
                WRITES[verb](store)
            except StoreUnavailable as raised:
                error = raised
        found = store.get_many("s:1")
        expected = after(store, verb)
        if not fuse.blown:
            assert error is None
            assert found == expected
            return number - 1
        assert found in (BEFORE, expected), "half done"
        if type(error) is StoreUnavailable:
            assert found == BEFORE, "it said that nothing had happened"
        elif error is None:
            assert found == expected, "a fault was swallowed, and nothing was written"
        else:
            assert type(error) is StoreTimeout
    raise AssertionError("it never ends")


def after(store, verb):
    """What an undisturbed call leaves."""
    put(store)
    WRITES[verb](store)
    return store.get_many("s:1")


@contextmanager
def database_calls(fuse, alias, monkeypatch):
    """Hand every statement, and every commit, to the fuse."""
    connection = connections[alias]
    commit = connection._commit

    def lose():
        if fuse.moment == "after" and connection.vendor != "sqlite":
            connection.connection.close()  # as a cable that is cut
        return OperationalError(2013, "planted")

    def execute(run, sql, params, many, context):
        return fuse.around(lambda: run(sql, params, many, context), lose)

    with monkeypatch.context() as patch, connection.execute_wrapper(execute):
        patch.setattr(connection, "_commit", lambda: fuse.around(commit, lose))
        yield


@pytest.mark.parametrize("alias", DATABASES)
@pytest.mark.parametrize("moment", TIMES)
@pytest.mark.django_db(databases=DATABASES, transaction=True)
def test_failing_statement_leaves_all_or_nothing(alias, moment, monkeypatch):
    if moment == "after" and alias == "default":
        moment = "before"  # no cable leads to SQLite
    store = stores[alias]
    for verb in WRITES:
        calls = check(store, verb, lambda fuse: database_calls(fuse, alias, monkeypatch), moment)
        assert calls >= (2 if verb in TWICE else 1)


@contextmanager
def redis_calls(fuse, monkeypatch):
    """Hand every sending to a server to the fuse; `after`: the server has got it, and the answer is lost."""
    send = AbstractConnection.send_packed_command
    read, read_ours = AbstractConnection.read_response, Replies.read

    def sending(self, command, *args, **kwargs):
        if fuse.moment == "after":
            return send(self, command, *args, **kwargs)
        return fuse.around(lambda: send(self, command, *args, **kwargs), lambda: redis.ConnectionError("planted"))

    def reading(read):
        def reads(self, *args, **kwargs):
            if fuse.moment == "before":
                return read(self, *args, **kwargs)
            return fuse.around(lambda: read(self, *args, **kwargs), lambda: redis.TimeoutError("planted"))

        return reads

    with monkeypatch.context() as patch:
        patch.setattr(AbstractConnection, "send_packed_command", sending)
        for kind in [AbstractConnection, *AbstractConnection.__subclasses__()]:
            if "read_response" in vars(kind):
                patch.setattr(kind, "read_response", reading(read))
        patch.setattr(Replies, "read", reading(read_ours))
        yield


@pytest.mark.parametrize("name", each_server("valkey"))
@pytest.mark.parametrize("moment", TIMES)
def test_failing_command_leaves_all_or_nothing(name, moment, monkeypatch):
    with clean_store_on(name) as store:
        for verb in WRITES:
            calls = check(store, verb, lambda fuse: redis_calls(fuse, monkeypatch), moment)
            assert calls >= (2 if verb in TWICE else 1)
