"""The stores that the contract is run over: all of ``tests.settings.STATESTORE``, by alias."""

import pytest
from django.conf import settings

from statestore.handler import StoreHandler
from tests.servers import missing


def database_of(params):
    """The database alias that a store writes to, or None."""
    options, backend = params.get("OPTIONS", {}), params["BACKEND"]
    if backend.endswith("ModelStore"):
        return options.get("database", "default")
    if options.get("cache") == "dbcache":
        return "default"
    return None


def each_store(**mark):
    """Every alias as a parameter, marked with the database it needs; the servers that are missing are skips."""
    found = []
    for alias, params in settings.STATESTORE["STORES"].items():
        database = database_of(params)
        marks = [pytest.mark.django_db(databases=[database], **mark)] if database else []
        found.append(pytest.param(alias, marks=marks))
    for name in missing():
        found.append(pytest.param(name, marks=pytest.mark.skip(reason=f"NOT TESTED: there is no {name} server")))
    return found


def fresh(alias):
    """A store of its own by this alias, empty."""
    store = StoreHandler()[alias]
    empty(store)
    return store


def empty(store):
    """Delete all there is, also what would have expired by now."""
    clock, store.clock = store.clock, lambda: 0
    for info in list(store.scopes()):
        store.delete(info.name)
    store.close()
    store.clock, store._state = clock, "new"
