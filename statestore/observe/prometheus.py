"""Metrics for Prometheus (the extra ``metrics``), in the client's own registry: expose them as your other ones."""

from prometheus_client import Counter, Histogram

from statestore.backends.base import StateStore
from statestore.observe.watching import End, Observer

LABELS = ("store", "verb", "outcome")
BUCKETS = (
    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
)  # fmt: skip
CALLS = Counter("statestore_calls", "Calls of a store's verbs.", LABELS)
SECONDS = Histogram("statestore_call_seconds", "How long calls of a store's verbs took.", LABELS, buckets=BUCKETS)
BEHIND = Counter("statestore_behind", "Reads of a LayeredStore that asked its durable store.", ["store"])


class Prometheus(Observer):
    """Counts calls and their seconds by store, verb and outcome; never by scope or key: those have no end."""

    def begin(self, store: StateStore, verb: str) -> End:
        """Count the call when it ends."""

        def end(outcome: str | None, seconds: float, error: BaseException | None) -> None:
            if outcome is not None:
                CALLS.labels(store.alias, verb, outcome).inc()
                SECONDS.labels(store.alias, verb, outcome).observe(seconds)

        return end

    def behind(self, store: StateStore) -> None:
        """Count the read."""
        BEHIND.labels(store.alias).inc()
