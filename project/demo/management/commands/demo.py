from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand

from statestore import store

FLOWS = Path(__file__).resolve().parents[2] / "flows"
ACCOUNTS = {"demo": {}, "admin": {"is_staff": True, "is_superuser": True}}


class Command(BaseCommand):
    """Fill the site with something to see. What is there already stays as it is."""

    help = "Make the accounts demo and admin (only with DEBUG), load the example flows, and set some state."

    def handle(self, **options):
        self._make_accounts()
        call_command("load_flows", *sorted(FLOWS.glob("*.json")), stdout=self.stdout)
        _set_some_state()

    def _make_accounts(self):
        if not settings.DEBUG:
            self.stdout.write("Without DEBUG there are no demo accounts: everybody knows their passwords.")
            return
        users = get_user_model().objects
        for name, rights in ACCOUNTS.items():
            if not users.filter(username=name).exists():
                users.create_user(name, password=name, **rights)
        self.stdout.write("Sign in as demo (password demo) or admin (password admin).")


def _set_some_state():
    store.increment("global", "likes", 0)
    store.scope("global").setdefault("greeting", "Welcome")
    store.scope("tenant:acme").setdefault("greeting", "Welcome to Acme")
