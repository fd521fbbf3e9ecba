"""Who watches a store: every verb once, however it ends, and nobody where the settings name nobody."""

import asyncio
import inspect
import sys
from subprocess import run

import pytest
from django.core.exceptions import ImproperlyConfigured

from statestore import (
    ABSENT,
    CorruptState,
    InvalidKey,
    OperationDisabled,
    StateStore,
    StoreClosed,
    StoreTimeout,
    StoreUnavailable,
    VersionConflict,
    stores,
)
from statestore.backends import MemoryStore
from statestore.observe import OUTCOMES, Observer, watch
from statestore.observe.checks import check_observers
from statestore.observe.outcomes import outcome_of
from statestore.observe.watching import PAGES, VERBS
from tests.docs import DOCS
from tests.observe.conftest import Notes

NOTES = f"{Notes.__module__}.Notes"


class Failing(Observer):
    def begin(self, store, verb):
        raise RuntimeError("cannot begin")


class FailingAtTheEnd(Observer):
    def begin(self, store, verb):
        def end(*args):
            raise RuntimeError("cannot end")

        return end


def fail(error):
    def hook(*args):
        raise error

    return hook


def call_all(store):
    """Call every verb once; return their names."""
    calls = {
        "set": ("s", "k", 1), "set_many": ("s", {"n": 1}), "get": ("s", "k"), "get_many": ("s",),
        "entry": ("s", "k"), "entries": ("s",), "record": ("s", "k"), "records": ("s",), "keys": ("s",),
        "version": ("s",), "versions": (["s"],),
        "update": ("s", "k", lambda value: value), "change": ("s", "k", lambda value: value),
        "increment": ("s", "n"), "touch": ("s",), "info": ("s",), "remove": ("s", "k"), "delete": ("s",),
        "clean": ([],),
    }  # fmt: skip
    for verb, args in calls.items():
        getattr(store, verb)(*args)
    return list(calls)


def test_every_verb_with_io_is_watched():
    design = {
        "get",
        "get_many",
        "entry",
        "set",
        "set_many",
        "update",
        "increment",
        "remove",
        "keys",
        "delete",
        "touch",
    }
    assert {*design, "clean"} <= set(VERBS)
    assert {"now", "scope", "scopes", "open", "close", "health", "aget"} & set(VERBS) == set()
    assert hasattr(StateStore, PAGES)


def test_every_call_is_told_once(observed, notes):
    verbs = call_all(observed(NOTES))
    assert notes == [("default", verb, "ok", None) for verb in verbs]
    assert set(verbs) <= set(VERBS)


def test_async_call_is_told_once_as_its_verb(observed, notes):
    store = observed(NOTES)

    async def work():
        await store.aset("s", "k", 1)
        await store.aupdate("s", "k", lambda value: value + 1)
        return [info.name async for info in store.ascopes()]

    assert asyncio.run(work()) == ["s"]
    assert notes[:-1] == [("default", verb, "ok", None) for verb in ("set", "update", "scopes")]
    assert notes[-1] == ("default", "scopes", None, None)


def test_scope_and_the_aliases_of_a_store_are_that_store(observed, notes):
    observed(NOTES)
    stores["other"].scope("s")["k"] = 1
    assert notes == [("fast", "set", "ok", None)]


def test_listing_tells_of_every_page_it_read(observed, notes, monkeypatch):
    monkeypatch.setattr("statestore.backends.walking.PAGE", 2)
    store = observed(NOTES)
    for name in "abc":
        store.set(name, "k", 1)
    notes.clear()
    assert [info.name for info in store.scopes()] == ["a", "b", "c"]
    told = [("default", "scopes", "ok", None)] * 2
    assert notes == [*told, ("default", "scopes", None, None)]
    notes.clear()
    with pytest.raises(ValueError, match="limit"):
        store.scopes(limit=-1)
    monkeypatch.setattr(store, "_scan", fail(OSError()))
    with pytest.raises(StoreUnavailable):
        list(store.scopes())
    assert notes == [
        ("default", "scopes", "usage_error", "InvalidValue"),
        ("default", "scopes", "unavailable", "StoreUnavailable"),
    ]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, "ok"),
        (VersionConflict(), "conflict"),
        (InvalidKey(), "usage_error"),
        (OperationDisabled(), "usage_error"),
        (StoreUnavailable(), "unavailable"),
        (StoreClosed(), "unavailable"),
        (StoreTimeout(), "unknown"),
        (CorruptState(), "corrupt"),
        (ZeroDivisionError(), "error"),
        (KeyboardInterrupt(), "error"),
    ],
)
def test_outcome_says_how_a_call_ended(error, outcome):
    assert outcome_of(error) == outcome
    assert outcome in OUTCOMES


def test_error_is_told_and_raised(observed, notes):
    store = observed(NOTES)
    store.set("s", "k", 1)
    with pytest.raises(VersionConflict):
        store.set("s", "k", 2, if_version=ABSENT)
    with pytest.raises(ZeroDivisionError):
        store.update("s", "k", lambda _: 1 / 0)
    assert notes[1:] == [
        ("default", "set", "conflict", "VersionConflict"),
        ("default", "update", "error", "ZeroDivisionError"),
    ]


def test_without_observers_a_store_has_nothing_on_its_way(observed):
    store = observed()
    assert not {*VERBS, PAGES} & set(vars(store))


def test_observers_come_and_go_with_the_settings_and_the_state_stays(observed, notes, settings):
    store = observed(NOTES)
    store.set("s", "k", 1)
    settings.STATESTORE = {**settings.STATESTORE, "OBSERVERS": []}
    assert stores["default"] is store
    assert stores["default"].get("s", "k") == 1
    assert not {*VERBS, PAGES} & set(vars(store))
    settings.STATESTORE = {**settings.STATESTORE, "OBSERVERS": [NOTES, NOTES]}
    assert stores["default"].get("s", "k") == 1
    assert notes == [("default", "set", "ok", None), *[("default", "get", "ok", None)] * 2]


def test_failing_observer_breaks_no_call_and_is_logged(observed, notes, caplog):
    store = observed(f"{__name__}.Failing", NOTES, f"{__name__}.FailingAtTheEnd")
    store.set("s", "k", 1)
    assert store.get("s", "k") == 1
    assert [str(record.exc_info[1]) for record in caplog.records] == ["cannot begin", "cannot end"] * 2
    assert {record.statestore_event for record in caplog.records} == {"observer_failed"}
    assert [verb for _, verb, _, _ in notes] == ["set", "get"]


def test_store_made_by_hand_is_watched_by_hand(notes):
    store = MemoryStore("mine")
    watch(store, Notes())
    store.touch("s")
    watch(store)
    store.touch("s")
    assert notes == [("mine", "touch", "ok", None)]


def test_watched_verb_looks_like_the_verb(observed):
    store = observed(NOTES)
    assert inspect.signature(store.get) == inspect.signature(MemoryStore("plain").get)
    assert store.get.__doc__ == StateStore.get.__doc__


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("statestore.observe.Prometheus", "STATESTORE['OBSERVERS'] is a list, not a str."),
        (
            ["no.No"],
            "STATESTORE['OBSERVERS']: 'no.No' can't be imported (ModuleNotFoundError: No module named 'no').",
        ),
        (["statestore.Key"], "STATESTORE['OBSERVERS']: 'statestore.Key' is no subclass of Observer."),
        ([5], "STATESTORE['OBSERVERS']: 5 is no subclass of Observer."),
    ],
)
def test_mistake_is_a_check_and_an_error_at_first_use(settings, given, sentence):
    settings.STATESTORE = {
        "STORES": {"default": {"BACKEND": "statestore.backends.MemoryStore", "TTL": 987}},
        "OBSERVERS": given,
    }
    assert [(each.id, each.msg, bool(each.hint)) for each in check_observers()] == [
        ("statestore.E017", sentence, True)
    ]
    with pytest.raises(ImproperlyConfigured, match="OBSERVERS"):
        stores["default"]


@pytest.mark.parametrize(
    ("library", "observer"), [("prometheus_client", "Prometheus"), ("opentelemetry", "OpenTelemetry")]
)
def test_library_that_is_not_installed_is_a_check_that_says_how(settings, monkeypatch, library, observer):
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.delitem(sys.modules, f"statestore.observe.{observer.lower()}", raising=False)
    settings.STATESTORE = {"OBSERVERS": [f"statestore.observe.{observer}"]}
    (found,) = check_observers()
    assert found.id == "statestore.E017"
    assert f"can't be imported (ModuleNotFoundError: import of {library} halted" in found.msg
    assert 'pip install "statestore[' in found.hint


def test_right_settings_pass_the_check(settings):
    settings.STATESTORE = {
        "OBSERVERS": ["statestore.observe.Prometheus", "statestore.observe.OpenTelemetry", NOTES]
    }
    assert check_observers() == []
    settings.STATESTORE = 5
    assert check_observers() == []


def test_every_outcome_metric_and_attribute_is_told():
    page = (DOCS / "howto" / "observing.md").read_text("utf-8")
    metrics = ["statestore_calls_total", "statestore_call_seconds"]
    attributes = ["db.operation.name", "db.system.name", "statestore.store", "statestore.outcome", "error.type"]
    assert [name for name in [*OUTCOMES, *metrics, *attributes] if f"| `{name}` |" not in page] == []


def test_nothing_is_imported_for_a_site_that_observes_nothing():
    program = """
import sys
from django.conf import settings
settings.configure(STATESTORE={"STORES": {"default": {"BACKEND": "statestore.backends.MemoryStore"}}})
from statestore import store
store.set("s", "k", 1)
print([name for name in sys.modules if name.startswith(("prometheus_client", "opentelemetry"))])
"""
    done = run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
