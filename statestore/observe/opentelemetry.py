"""Spans and a metric for OpenTelemetry (the extra ``tracing``), by its conventions for clients of databases.

They go where the site's SDK sends them; without one they are nothing. Only names of stores and verbs are told, and
the class of an error, whose message may name a scope and a key.
"""

from typing import Any

from django.db import connections
from opentelemetry import context, metrics, trace
from opentelemetry.trace import SpanKind, Status, StatusCode

import statestore
from statestore.backends.base import StateStore
from statestore.backends.cache import is_redis
from statestore.observe.outcomes import CONFLICT, OK
from statestore.observe.watching import End, Observer

_SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]  # as the conventions have them
_DIFFERENT = {"oracle": "oracle.db"}  # where Django calls a database otherwise than the conventions


class OpenTelemetry(Observer):
    """A span for every call, and its seconds in ``db.client.operation.duration``."""

    def __init__(self) -> None:
        self._tracer = trace.get_tracer("statestore", statestore.__version__)
        self._seconds = metrics.get_meter("statestore", statestore.__version__).create_histogram(
            "db.client.operation.duration",
            unit="s",
            description="Duration of database client operations.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )

    def begin(self, store: StateStore, verb: str) -> End:
        """Begin a span, in which those of the database's own client will be."""
        told = {"db.operation.name": verb, "statestore.store": store.alias} | system_of(store)
        kind = SpanKind.CLIENT if "db.system.name" in told else SpanKind.INTERNAL
        span = self._tracer.start_span(f"{verb} {store.alias}", kind=kind, attributes=told)
        token = context.attach(trace.set_span_in_context(span))

        def end(outcome: str | None, seconds: float, error: BaseException | None) -> None:
            context.detach(token)
            if outcome is not None:
                ending = _ending(outcome, error)
                span.set_attributes(ending)
                if outcome not in (OK, CONFLICT):  # a conflict is what the caller asked to be told of
                    span.set_status(Status(StatusCode.ERROR))
                span.end()
                self._seconds.record(seconds, told | ending)

        return end


def system_of(store: Any) -> dict[str, str]:
    """Return the attribute that names the system behind a store, in a dict; an empty one where there is none."""
    if database := getattr(store, "database", None):
        vendor = connections[database].vendor
        return {"db.system.name": _DIFFERENT.get(vendor, vendor)}
    alias = getattr(store, "cache_alias", None)
    return {"db.system.name": "redis"} if alias and is_redis(alias) else {}


def _ending(outcome: str, error: BaseException | None) -> dict[str, str]:
    told = {"statestore.outcome": outcome}
    return told if error is None else told | {"error.type": type(error).__name__}
