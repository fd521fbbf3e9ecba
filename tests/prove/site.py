"""A Django set up on the test settings, outside pytest, with its tables made; and processes forked from it."""

import multiprocessing
import os
import signal
import traceback

from django.db import connections

SHARED = ("default", "postgres", "mariadb", "redis", "valkey", "dbcache", "filecache", "memcached")


def set_up():
    """Set Django up and make the tables on every database."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django  # after the settings are named
    from django.core.management import call_command

    django.setup()
    for alias in connections:
        call_command("migrate", database=alias, verbosity=0)
    call_command("createcachetable", verbosity=0)


def shared_aliases():
    """Return the aliases of the stores that all processes of a site see alike, as far as their servers run."""
    from statestore import stores

    return [alias for alias in SHARED if alias in stores]


def fork(function, *args):
    """Start `function(*args)` in a process of its own, forked from this one as a web server's worker is."""
    connections.close_all()
    process = multiprocessing.get_context("fork").Process(target=_run, args=(function, *args))
    process.start()
    return process


def _run(function, *args):
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    code = 1
    try:
        function(*args)
        code = 0
    except BaseException:  # noqa: BLE001 (the exit code tells)
        traceback.print_exc()
    finally:
        connections.close_all()
        os._exit(code)


def run_together(number, function, *args):
    """Run `function(n, *args)` in `number` processes at once; raise if one of them failed."""
    processes = [fork(function, n, *args) for n in range(number)]
    for process in processes:
        process.join(300)
    codes = [process.exitcode for process in processes]
    if any(codes):
        raise RuntimeError(f"exit codes of the processes: {codes}")


def table(header, rows):
    """Print rows under a header, in columns."""
    lines = [header, *rows]
    widths = [max(len(str(line[column])) for line in lines) for column in range(len(header))]
    for line in lines:
        print("  ".join(str(cell).ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
