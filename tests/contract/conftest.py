"""The stores that the contract is run over: all of ``tests.settings.STATESTORE``, by alias."""

import pytest
from django.conf import settings

from statestore.handler import StoreHandler

STORES = settings.STATESTORE["STORES"]
QUICK = ["default", "memory", "valkey"]  # the others' turn comes with `make test`


def databases_of(alias):
    """The aliases of the databases that a store writes to."""
    options, backend = STORES[alias].get("OPTIONS", {}), STORES[alias]["BACKEND"]
    if backend.endswith("ModelStore"):
        return {options.get("database", "default")}
    if options.get("cache") == "dbcache":
        return {"default"}
    return {database for part in ("durable", "fast") if part in options for database in databases_of(options[part])}


def each_store(**mark):
    """Every alias as a parameter, marked with the databases it needs."""
    return [pytest.param(alias, marks=_marks(alias, mark)) for alias in STORES]


def _marks(alias, mark):
    databases = sorted(databases_of(alias))
    found = [pytest.mark.django_db(databases=databases, **mark)] if databases else []
    return found if alias in QUICK else [*found, pytest.mark.slow]


def fresh(alias):
    """A store of its own by this alias, empty."""
    before = StoreHandler()
    empty(before[alias])
    before.close_all()  # a layered store's two as well
    return StoreHandler()[alias]


@pytest.fixture
def store(request):
    """A store of its own, by ``each_store`` as indirect parameter."""
    made = fresh(request.param)
    yield made
    made.close()
    fresh(request.param)


def empty(store):
    """Delete all there is, also what would have expired by now."""
    store.clock = lambda: 0
    for info in list(store.scopes()):
        store.delete(info.name)
    store.close()
