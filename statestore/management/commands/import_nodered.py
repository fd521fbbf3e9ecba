"""``manage.py import_nodered``: bring the context that Node-RED kept in files into a store."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from statestore.management.moving import MoveCommand
from statestore.moving.nodered import Naming, sources

DEFAULTS = Naming()


class Command(MoveCommand):
    """Names the directories; what is in them, ``statestore.moving.nodered`` knows."""

    help = (
        "Brings the context that Node-RED's localfilesystem store keeps into a store: a file is a scope, taken "
        "as a whole or not at all. Running it again is safe."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        super().add_arguments(parser)
        add = parser.add_argument
        add("path", nargs="+", type=Path, metavar="PATH", help="A context directory, such as ~/.node-red/context.")
        add = partial(add, metavar="NAME")
        add("--global-scope", default=DEFAULTS.global_scope, help=_called("the global context"))
        add("--flow-scope", default=DEFAULTS.flow_scope, type=_with("{flow}"), help=_called("a flow"))
        add("--node-scope", default=DEFAULTS.node_scope, type=_with("{node}"), help=_called("a node"))

    def handle(
        self, *, path: list[Path], global_scope: str, flow_scope: str, node_scope: str, **options: Any
    ) -> None:
        """Take every file of every directory, then a sentence."""
        naming = Naming(global_scope, flow_scope, node_scope)
        self.move(self.mover(**options), chain.from_iterable(sources(each, naming) for each in path))


def _called(what: str) -> str:
    return f"How the scope of {what} is called (default: %(default)s)."


def _with(placeholder: str) -> Callable[[str], str]:
    def form(text: str) -> str:
        if placeholder not in text:
            raise ArgumentTypeError(f"there must be a {placeholder} in it")
        return text

    return form
