"""The servers that are measured: those that run already, else of our own, stopped at the end."""

import json
import os
from contextlib import ExitStack, contextmanager

from tests.servers import VARIABLE, Postgres, Valkey, addresses

KINDS = {"postgres": Postgres, "valkey": Valkey}
NEEDED = {"postgresql": ["postgres"], "redis": ["valkey"], "layered": ["postgres", "valkey"]}


@contextmanager
def running(families):
    """Have the servers of these families running, and their addresses in the environment."""
    known = addresses()
    with ExitStack() as stack:
        for name in {name for family in families for name in NEEDED.get(family, ())} - known.keys():
            known[name] = stack.enter_context(KINDS[name]()).address()
        os.environ[VARIABLE] = json.dumps(known)
        yield
