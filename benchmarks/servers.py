"""The servers that are measured: those that run already, else of our own, stopped at the end."""

import json
import os
from contextlib import ExitStack, contextmanager

from tests.servers import VARIABLE, Postgres, Valkey, addresses

KINDS = {"postgresql": ("postgres", Postgres), "redis": ("valkey", Valkey)}


@contextmanager
def running(families):
    """Have the servers of these families running, and their addresses in the environment."""
    known = addresses()
    with ExitStack() as stack:
        for family in families:
            name, kind = KINDS.get(family, (None, None))
            if name and name not in known:
                known[name] = stack.enter_context(kind()).address()
        os.environ[VARIABLE] = json.dumps(known)
        yield
