"""Stores on a server of their own, and what is demanded of every call that a fault befalls."""

import time
from contextlib import contextmanager

import pytest
from django.core.management import call_command
from django.db import connections
from django.test import override_settings

from statestore import StoreTimeout, StoreUnavailable
from statestore.handler import StoreHandler
from tests.servers import ServerUnavailable

ALIAS = "faults"
PATIENT = 60  # seconds that the stores of these tests wait: on a busy machine an answer may take its time
TIMEOUT = 0.7  # … while a server stands still, where waiting is all that they do
SOON = 30  # … and the time in which every call must have ended then: two attempts to connect, and a busy machine
BEFORE = {"a": 1, "b": {"c": [1]}}


@contextmanager
def model_store(server, timeout=PATIENT, *, migrated=False, **different):
    """A ``ModelStore`` on a server, its table made; ``different`` goes to the entry for DATABASES."""
    if not migrated:
        _register(server.django | {"OPTIONS": dict(server.options)})
        call_command("migrate", "statestore", database=ALIAS, verbosity=0)
        connections[ALIAS].close()
    _register(server.django | different)
    options = {"database": ALIAS, "timeout": timeout}
    stores = {"s": {"BACKEND": "statestore.backends.ModelStore", "OPTIONS": options}}
    try:
        with override_settings(STATESTORE={"STORES": stores}):
            yield StoreHandler()["s"]
    finally:
        connections[ALIAS].close()
        del connections[ALIAS], connections.settings[ALIAS]


@contextmanager
def standing_still(server, store):
    """Let the server answer nobody, and the ``ModelStore`` wait ``TIMEOUT`` only; afterwards all is as before."""
    patience = store._db.seconds
    server.pause()
    try:
        _wait(store, TIMEOUT)
        yield
    finally:
        _wait(store, patience)
        server.resume()


def _wait(store, seconds):
    store._db.seconds = seconds
    vars(connections[ALIAS]).pop("get_new_connection", None)  # which knows by heart how long it may take


@contextmanager
def running(kind, **options):
    """A server of one's own; without it the test is left out."""
    try:
        server = kind(**options).start()
    except ServerUnavailable as reason:
        pytest.skip(f"NOT TESTED: {reason}")
    with server:
        yield server


def _register(entry):
    known = {"default": connections.settings["default"], ALIAS: entry}
    connections.settings[ALIAS] = connections.configure_settings(known)[ALIAS]
    if hasattr(connections._connections, ALIAS):
        del connections[ALIAS]


def put(store):
    """Make the state that every fault begins with."""
    for info in list(store.scopes()):
        store.delete(info.name)
    store.set_many("s:1", BEFORE)


WRITES = {
    "set": lambda store: store.set("s:1", "a", 2),
    "set at": lambda store: store.set("s:1", "b", 2, at="/c/0"),
    "set_many": lambda store: store.set_many("s:1", {"a": 2, "b": 2, "x": 2}),
    "update": lambda store: store.update("s:1", "a", lambda n: n + 1),
    "increment": lambda store: store.increment("s:1", "a"),
    "remove": lambda store: store.remove("s:1", ["a", "b"]),
    "delete": lambda store: store.delete("s:1"),
    "clean": lambda store: store.clean([]),
}
READS = {
    "get": lambda store: store.get("s:1", "a", "default"),
    "get_many": lambda store: store.get_many("s:1"),
    "entry": lambda store: store.entry("s:1", "a"),
    "keys": lambda store: store.keys("s:1"),
    "scopes": lambda store: list(store.scopes()),
}


@contextmanager
def soon(seconds=SOON):
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


def fails(call, store, kind=StoreUnavailable):
    """Make a call that must fail in time with exactly this kind of our errors, its cause kept."""
    with soon(), pytest.raises(StoreUnavailable) as caught:
        call(store)
    assert type(caught.value) is kind
    assert caught.value.alias == "s"
    assert caught.value.__cause__ is not None


def unknown(call, store):
    fails(call, store, StoreTimeout)
