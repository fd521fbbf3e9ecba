"""What Prometheus reads."""

import pytest
from django.test import RequestFactory
from prometheus_client import REGISTRY, generate_latest

from statestore import VersionConflict, stores
from statestore.observe import prometheus
from tests.docs import run

PATH = "statestore.observe.Prometheus"


@pytest.fixture(autouse=True)
def fresh():
    prometheus.CALLS.clear()
    prometheus.SECONDS.clear()
    prometheus.BEHIND.clear()


def value(name, **labels):
    return REGISTRY.get_sample_value(name, {"store": "default", **labels})


def test_calls_and_seconds_are_counted_by_store_verb_and_outcome(observed):
    store = observed(PATH)
    store.set("s", "k", 1)
    store.get("s", "k")
    store.get("s", "missing")
    with pytest.raises(VersionConflict):
        store.remove("s", "k", if_version="old")
    assert value("statestore_calls_total", verb="set", outcome="ok") == 1
    assert value("statestore_calls_total", verb="get", outcome="ok") == 2
    assert value("statestore_calls_total", verb="remove", outcome="conflict") == 1
    assert value("statestore_call_seconds_count", verb="get", outcome="ok") == 2
    assert 0 < value("statestore_call_seconds_sum", verb="get", outcome="ok") < 60
    assert value("statestore_call_seconds_bucket", verb="get", outcome="ok", le="1.0") == 2


def test_end_of_a_listing_is_no_call(observed):
    assert list(observed(PATH).scopes()) == []
    assert value("statestore_calls_total", verb="scopes", outcome="ok") == 1
    assert value("statestore_calls_total", verb="scopes", outcome="None") is None


def test_no_scope_key_or_value_is_told(observed):
    store = observed(PATH)
    store.set("secret-scope", "secret-key", "secret-value")
    with pytest.raises(VersionConflict):
        store.set("secret-scope", "secret-key", "secret-value", if_version="secret-version")
    told = generate_latest(REGISTRY).decode()
    assert 'statestore_calls_total{outcome="conflict",store="default",verb="set"} 1.0' in told
    assert "secret" not in told


def test_view_of_the_documentation_shows_them(observed):
    observed(PATH).touch("s")
    answer = run("howto/observing.md", 1)["metrics"](RequestFactory().get("/metrics"))
    assert answer["Content-Type"].startswith("text/plain")
    assert b'statestore_calls_total{outcome="ok",store="default",verb="touch"} 1.0' in answer.content


def test_reads_of_a_layered_store_that_ask_the_durable_one_are_counted(observed, settings):
    layered = {"BACKEND": "statestore.LayeredStore"}
    settings.STATESTORE = {**settings.STATESTORE, "STORES": {**settings.STATESTORE["STORES"], "l": layered}}
    observed(PATH)
    store = stores["l"]
    store.set("s", "k", 1)
    counted = []
    for read in (
        lambda: store.get("s", "k"),  # a miss, which leaves a copy
        lambda: store.get("s", "k"),
        lambda: store.get("s", ["k"]),
        lambda: store.get("s", ["k", "new"]),
        lambda: store.get_many("s"),  # only the durable store knows what keys there are
    ):
        before = value("statestore_behind_total", store="l") or 0
        read()
        counted.append(value("statestore_behind_total", store="l") - before)
    assert counted == [1, 0, 0, 1, 1]


def test_settings_may_change_and_metrics_are_made_once(observed):
    observed(PATH)
    observed(PATH).touch("s")
    assert value("statestore_calls_total", verb="touch", outcome="ok") == 1
