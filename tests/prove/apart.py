"""Processes of their own on the same stores: a real `manage.py`, or a function whose memory is its own.

python -m tests.prove.apart MODULE FUNCTION [ARGUMENT]…   is what ``measured`` starts.
"""

import importlib
import json
import os
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]


def environment():
    """Return an environment in which Django finds this process's databases and caches, test databases included."""
    from django.conf import settings
    from django.db import connections

    inherited = {
        "DATABASES": {alias: connections[alias].settings_dict for alias in connections},
        "CACHES": settings.CACHES,
    }
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.prove.inherited",
        "STATESTORE_INHERITED": json.dumps(inherited, default=str),
    }


def manage(*arguments, **options):
    """Start `manage.py` with these arguments."""
    return subprocess.Popen([sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment(), **options)


def measured(function, *arguments):
    """Call a function of a module in a fresh process; return its answer, and by how many MB its memory grew.

    The function does first what is not to be counted, then yields, does the rest and yields its answer.
    """
    command = [sys.executable, "-m", "tests.prove.apart", function.__module__, function.__name__]
    command += [json.dumps(argument) for argument in arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def main():
    import django

    django.setup()
    module, function, *arguments = sys.argv[1:]
    steps = getattr(importlib.import_module(module), function)(*map(json.loads, arguments))
    next(steps)
    before = peak()
    answer = next(steps)
    print(json.dumps([answer, peak() - before]))


def peak():
    """Return the most memory that this program has had, in MB."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage on Linux tells of the program that started this one, if that had more
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text())[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(call):
    """Return how many seconds a call takes."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
