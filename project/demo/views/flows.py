"""Flows, the state of their nodes, and the button that removes one."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from project.demo import flows
from project.demo.models import Flow, Node
from statestore import stores


def index(request):
    """List the flows, and the nodes that several flows share."""
    context = {
        "flows": _with_state(Flow.objects.all()),
        "shared": _with_state(Node.objects.filter(flow=None)),
        "store": stores["flows"],
    }
    return render(request, "demo/flows/index.html", context)


def detail(request, pk):
    """Show a flow and the state of each of its nodes."""
    flow = get_object_or_404(Flow, pk=pk)
    context = {
        "flow": flow,
        "state_of_flow": stores["flows"].get_many(flow.scope),
        "nodes": _with_state(flow.nodes.all()),
    }
    return render(request, "demo/flows/detail.html", context)


@require_POST
def send(request, pk):
    """Send a message from a node."""
    node = get_object_or_404(Node.objects.select_related("flow"), pk=pk, flow__isnull=False)
    reached = flows.send(node.flow, node, stores["flows"])
    messages.success(request, f"The message passed through {reached} node{'s' * (reached != 1)}.")
    return redirect("flow", node.flow_id)


@login_required
def remove(request, pk):
    """Ask, then take the flow and its nodes off the table. Their state is left to ``clean_context``."""
    flow = get_object_or_404(Flow, pk=pk)
    if request.method != "POST":
        return render(request, "demo/flows/remove.html", {"flow": flow, "nodes": flow.nodes.count()})
    flow.delete()
    messages.success(request, f"The flow {flow.scope} is removed. Its state stays until the next clean.")
    return redirect("flows")


def _with_state(rows):
    return [(row, stores["flows"].get_many(row.scope)) for row in rows]
