"""What goes to OpenTelemetry."""

import pytest
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from statestore import CorruptState, InvalidKey, VersionConflict
from statestore.backends import CacheStore, MemoryStore, ModelStore
from statestore.observe.opentelemetry import system_of

PATH = "statestore.observe.OpenTelemetry"


@pytest.fixture
def spans(monkeypatch):
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    return exporter.get_finished_spans


@pytest.fixture
def points(monkeypatch):
    reader = InMemoryMetricReader()
    monkeypatch.setattr(metrics, "get_meter", MeterProvider([reader]).get_meter)

    def read():
        found = reader.get_metrics_data().resource_metrics[0].scope_metrics[0].metrics
        return {metric.name: (metric.unit, list(metric.data.data_points)) for metric in found}

    return read


def shown(span):
    return span.name, span.kind, dict(span.attributes), span.status.status_code


def test_span_tells_verb_store_and_outcome(spans, observed):
    store = observed(PATH)
    store.set("s", "k", 1)
    told = {"db.operation.name": "set", "statestore.store": "default", "statestore.outcome": "ok"}
    assert list(map(shown, spans())) == [("set default", SpanKind.INTERNAL, told, StatusCode.UNSET)]


@pytest.mark.parametrize(
    ("call", "error", "outcome", "status"),
    [
        (lambda store: store.remove("secret", "secret", if_version="x"), VersionConflict, "conflict", "UNSET"),
        (lambda store: store.get("secret", "se\0cret"), InvalidKey, "usage_error", "ERROR"),
        (lambda store: store.get("secret", "secret"), CorruptState, "corrupt", "ERROR"),
    ],
)
def test_error_is_told_by_its_class_alone(spans, observed, call, error, outcome, status):
    store = observed(PATH)
    store.set("secret", "secret", 1)
    kept = store._read_one("secret", "secret")
    if error is CorruptState:
        store._read_one = lambda scope, key: kept._replace(text=b"{")
    with pytest.raises(error):
        call(store)
    span = spans()[-1]
    assert (span.attributes["error.type"], span.attributes["statestore.outcome"]) == (error.__name__, outcome)
    assert (span.status.status_code.name, span.events) == (status, ())
    assert "secret" not in span.to_json()


def test_span_of_what_happens_within_a_call_is_its_child(spans, observed):
    tracer = trace.get_tracer("theirs")
    store = observed(PATH)
    read = store._read_one

    def traced(scope, key):
        with tracer.start_as_current_span("their client"):
            return read(scope, key)

    store._read_one = traced
    with tracer.start_as_current_span("view"):
        store.get("s", "k")
        list(store.scopes())
    inner, verb, listing, view = spans()
    assert [span.name for span in spans()] == ["their client", "get default", "scopes default", "view"]
    assert inner.parent.span_id == verb.context.span_id
    assert verb.parent.span_id == listing.parent.span_id == view.context.span_id


def test_seconds_are_measured_under_the_name_that_the_conventions_give(points, observed):
    store = observed(PATH)
    store.get("s", "k")
    store.get("s", "k")
    ((unit, (point,)),) = points().values()
    assert list(points()) == ["db.client.operation.duration"]
    assert (unit, point.count) == ("s", 2)
    told = {"db.operation.name": "get", "statestore.store": "default", "statestore.outcome": "ok"}
    assert dict(point.attributes) == told
    assert point.explicit_bounds[0] == 0.001


def test_without_an_sdk_nothing_is_told_and_all_works(observed):
    store = observed(PATH)
    store.set("s", "k", 1)
    assert store.get("s", "k") == 1


def test_system_behind_a_store_is_named(settings):
    def cached(backend):
        settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "redis://127.0.0.1:1/0"}}
        return system_of(CacheStore("fast"))

    assert system_of(MemoryStore()) == {}
    assert system_of(ModelStore()) == {"db.system.name": "sqlite"}
    assert cached("django_redis.cache.RedisCache") == {"db.system.name": "redis"}
    assert cached("django.core.cache.backends.locmem.LocMemCache") == {}
