"""Flows and their nodes: a table says which there are, and a store keeps what they are and what they count."""

from collections import deque

from django.db import transaction

from project.demo.models import Flow, Node
from statestore import MemoryStore

FAMILIES = frozenset({"global", "session", "tenant", "user", "view"})
"""What else lives in the store of the flows: no flow or node may be named so, and cleaning leaves it alone."""


def active_scopes():
    """Return what cleaning must keep: every loaded flow and node, and what is not a flow's at all."""
    return FAMILIES.union(
        Flow.objects.values_list("scope", flat=True),
        Node.objects.values_list("scope", flat=True),
    )


def load(export, store):
    """Record an export's flows and nodes, then give each its state; return the number of scopes written.

    Loading again changes nothing but what the export says anew: counters go on, dates stay. The table comes first,
    so that a clean that runs meanwhile finds nothing without an owner; should the store fail half way, load again.
    """
    with transaction.atomic():
        flows = _record(export)
    with transaction.atomic():  # one commit for all, where the store lives in the database
        for flow in flows:
            _describe(store, flow.scope, _summary(flow) | export.flows[flow.scope])
        for scope, node in export.nodes.items():
            _describe(store, scope, node.described)
    return len(flows) + len(export.nodes)


def rehearse(export, store):
    """Raise what ``store`` would raise if it does not take this export's names or values; change nothing."""
    trial = MemoryStore("trial", {"MAX_VALUE_BYTES": store.config.max_value_bytes})
    for flow, described in export.flows.items():
        _describe(trial, flow, described)
    for scope, node in export.nodes.items():
        _describe(trial, scope, node.described)


def _describe(store, scope, described):
    store.set_many(scope, described)
    store.increment(scope, "messages", 0)  # a new one starts counting, an old one goes on


def _record(export):
    known = Flow.objects.in_bulk(export.flows, field_name="scope")
    for scope in export.flows.keys() - known.keys():
        known[scope] = Flow.objects.create(scope=scope)
    for scope, node in export.nodes.items():
        Node.objects.update_or_create(scope=scope, defaults={"flow": known.get(node.flow)})
    return list(known.values())


def _summary(flow):
    return {"loaded_at": flow.loaded_at.isoformat(), "nodes": flow.nodes.count()}


def send(flow, node, store):
    """Send a message from a node along its wires; every node it reaches counts it once, and so does the flow."""
    places = {place.scope.partition(":")[0]: place.scope for place in flow.nodes.all()}
    waiting, reached = deque([node.scope]), {}
    while waiting:
        scope = waiting.popleft()
        if scope not in reached:
            reached[scope] = store.increment(scope, "messages")
            waiting.extend(places[name] for name in _wired_to(store, scope) if name in places)
    store.increment(flow.scope, "messages")
    return len(reached)


def _wired_to(store, scope):
    return [name for output in store.get(scope, "wires", []) for name in output]
