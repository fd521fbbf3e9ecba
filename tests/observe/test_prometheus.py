"""What Prometheus reads."""

import pytest
from django.test import RequestFactory
from prometheus_client import REGISTRY, generate_latest

from statestore import VersionConflict
from statestore.observe import prometheus
from tests.docs import run

PATH = "statestore.observe.Prometheus"


@pytest.fixture(autouse=True)
def fresh():
    prometheus.CALLS.clear()
    prometheus.SECONDS.clear()


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
    assert 0 < value("statestore_call_seconds_sum", verb="get", outcome="ok") < 1
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


def test_settings_may_change_and_metrics_are_made_once(observed):
    observed(PATH)
    observed(PATH).touch("s")
    assert value("statestore_calls_total", verb="touch", outcome="ok") == 1
