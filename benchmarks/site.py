"""Django on the benchmark's settings, with its tables made."""

import os


def set_up():
    """Set Django up and make the tables on every database."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    import django  # after the settings are named

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    for alias in connections:
        call_command("migrate", database=alias, run_syncdb=True, verbosity=0)
