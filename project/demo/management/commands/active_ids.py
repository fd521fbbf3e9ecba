import json

from django.core.management.base import BaseCommand

from project.demo import flows


class Command(BaseCommand):
    """Print what is active, for ``clean_context``."""

    help = (
        "Print what must stay, as a JSON list, for `clean_context --active-from -`: "
        "the loaded flows and nodes, and the families that are not flows at all."
    )

    def handle(self, **options):
        # JSON, since half a list of that kind is recognised as half a list.
        self.stdout.write(json.dumps(sorted(flows.active_scopes())))
