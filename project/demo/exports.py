"""Node-RED flow exports: a JSON list of objects, each a flow (a tab or a subflow) or a node."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FLOW_TYPES = ("tab", "subflow")


class BadExport(Exception):
    """This is no flow export; the message is a sentence that names what is wrong."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node as its export describes it; ``flow`` is empty where several flows share the node."""

    id: str
    flow: str
    described: Mapping[str, Any]

    @property
    def scope(self) -> str:
        """The scope of its state."""
        return f"{self.id}:{self.flow}" if self.flow else self.id


@dataclass(frozen=True, slots=True)
class Export:
    """What one or more files say: nodes by scope, and flows by id. A flow need not be described itself."""

    flows: dict[str, dict[str, Any]] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)

    def add(self, other: "Export") -> None:
        """Take in another export; of what both describe, the other's description counts."""
        for flow, described in other.flows.items():
            self.flows[flow] = self.flows.get(flow, {}) | described
        self.nodes.update(other.nodes)


def read_export(path: Path, reserved: frozenset[str] = frozenset()) -> Export:
    """Return what the file describes, or raise ``BadExport``. No id may be among the ``reserved``."""
    export = Export()
    for place, thing in enumerate(_read_list(path), 1):
        try:
            _add(export, thing, reserved)
        except BadExport as error:
            raise BadExport(f"{path}, object {place}: {error}") from None
    return export


def _read_list(path: Path) -> list[Any]:
    try:
        found = json.loads(path.read_bytes(), parse_constant=_refuse)
    except OSError as error:
        raise BadExport(f"{path} can't be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise BadExport(f"{path} is not JSON: {error}.") from error
    if not isinstance(found, list):
        raise BadExport(f"{path} holds no list of nodes.")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON number")


def _add(export: Export, thing: Any, reserved: frozenset[str]) -> None:
    if not isinstance(thing, dict):
        raise BadExport("a node is a JSON object.")
    name, kind = _id(thing, "id", reserved), thing.get("type")
    if not isinstance(kind, str) or not kind:
        raise BadExport(f'{name} has no "type".')
    if kind in FLOW_TYPES:
        export.flows[name] = _flow(thing)
        return
    node = Node(name, _id(thing, "z", reserved) if thing.get("z") else "", _node(thing))
    if node.scope in export.nodes:
        raise BadExport(f"{node.scope} is there twice.")
    export.nodes[node.scope] = node
    if node.flow:
        export.flows.setdefault(node.flow, {})


def _id(thing: Mapping[str, Any], member: str, reserved: frozenset[str]) -> str:
    name = thing.get(member)
    if not isinstance(name, str) or not name:
        raise BadExport(f'"{member}" is no text: {ascii(name)[:80]}.')
    if ":" in name:
        raise BadExport(f'"{member}" has a colon in it, which separates a node from its flow: {ascii(name)[:80]}.')
    if name in reserved:
        raise BadExport(f'"{member}" is {name!r}, a name of the site\'s own.')
    return name


def _flow(thing: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": thing["type"], "name": thing.get("label") or thing.get("name") or ""}


def _node(thing: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": thing["type"],
        "name": thing.get("name", ""),
        "wires": _wires(thing.get("wires", [])),
        "position": {axis: thing[axis] for axis in ("x", "y") if axis in thing},
    }


def _wires(given: Any) -> list[list[str]]:
    outputs = given if isinstance(given, list) else [None]
    if not all(isinstance(output, list) and all(isinstance(name, str) for name in output) for output in outputs):
        raise BadExport('"wires" is no list of outputs, each a list of ids.')
    return outputs
