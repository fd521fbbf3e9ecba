from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from project.demo import exports, flows
from statestore import StateStoreError, UsageError, stores


class Command(BaseCommand):
    """Load Node-RED flow exports: all of the files, or none of them."""

    help = "Load Node-RED flow exports: every flow and every node gets a scope with its state. All files, or none."

    def add_arguments(self, parser):
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a flow export in JSON")
        parser.add_argument("--store", default="flows", metavar="ALIAS", help="where the state goes (flows)")

    def handle(self, *, files, store, verbosity, **options):
        try:
            found = _read(files, stores[store])
            scopes = flows.load(found, stores[store])
        except (exports.BadExport, StateStoreError) as error:
            raise CommandError(error) from error
        if verbosity:
            self.stdout.write(
                f"Loaded into the store {store!r}: files {len(files)}, flows {len(found.flows)}, "
                f"nodes {len(found.nodes)}; scopes {scopes}."
            )


def _read(files, store):
    found = exports.Export()
    for file in files:
        export = exports.read_export(file, reserved=flows.FAMILIES)
        try:
            flows.rehearse(export, store)
        except UsageError as error:
            raise exports.BadExport(f"{file}: {error}") from error
        found.add(export)
    return found
