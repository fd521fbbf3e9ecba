"""Reads the directory in which Node-RED's ``localfilesystem`` context store keeps its state.

``global/global.json``, ``<flow>/flow.json`` and ``<flow>/<node>.json`` hold one JSON object each, a scope's keys.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from statestore.exceptions import shown
from statestore.jsontext import NotJSON, parse
from statestore.moving.mover import Arrival, Batch, Refused, Source, batched


class Naming(NamedTuple):
    """How scopes are called here; ``{flow}`` and ``{node}`` stand for Node-RED's ids."""

    global_scope: str = "global"
    flow_scope: str = "flow:{flow}"
    node_scope: str = "node:{node}:{flow}"

    def scope_of(self, directory: str, file: str) -> str:
        """Return the scope of a file, given the names of its directory and, without ``.json``, of itself."""
        if directory == "global":
            return self.global_scope
        form = self.flow_scope if file == "flow" else self.node_scope
        return form.replace("{flow}", directory).replace("{node}", file)


def sources(directory: Path, naming: Naming) -> Iterator[Source]:
    """Yield each file of a context directory as a source; ``Refused`` if this is no such directory."""
    try:
        folders = sorted(each for each in directory.iterdir() if each.is_dir() and each.name[0] != ".")
    except OSError as error:
        raise Refused(f"{directory} can't be read: {error.strerror}.") from error
    empty = True
    for folder in folders:
        for file in _files(folder):
            empty = False
            yield Source(str(file), naming.scope_of(folder.name, file.stem), partial(_read, file))
    if empty:
        raise Refused(f"{directory} holds no context of Node-RED: no <flow>/flow.json or the like.")


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(each for each in folder.iterdir() if each.suffix == ".json")
    except OSError as error:
        raise Refused(f"{folder} can't be read: {error.strerror}.") from error


def _read(file: Path) -> Iterator[Batch]:
    return batched(_arrivals(file))


def _arrivals(file: Path) -> Iterator[Arrival]:
    try:
        found = parse(file.read_bytes())
    except OSError as error:
        raise Refused(f"{file} can't be read: {error.strerror}.") from error
    except NotJSON as error:
        raise Refused(f"{file}: {error}") from error
    if not isinstance(found, dict):
        raise Refused(f"{file} holds no JSON object.")
    for key, value in found.items():
        yield Arrival(f"{file}, key {shown(key)}", key, value)
