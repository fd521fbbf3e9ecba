"""The admin among a thousand scopes and a million: the time to the first byte of each page, over HTTP.

python -m tests.prove.admin_pages [--scopes N]… [--store ALIAS]… [--rounds 20]

A real server in a process of its own, asked by a real client; each figure is the median of the rounds.
"""

import argparse
import http.client
import json
import socket
import statistics
import subprocess
import sys
import time
from contextlib import closing, contextmanager

from tests.prove.apart import ROOT, environment, timed
from tests.prove.load import load, scopes
from tests.prove.site import set_up, shared_aliases, table
from tests.servers.process import free_port

PREFIX = "pages:"
PATIENCE = 180  # seconds until the server listens


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--scopes", type=int, action="append")
    parser.add_argument("--store", action="append")
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    set_up()
    sizes = options.scopes or [1000, 1_000_000]
    aliases = options.store or [alias for alias in shared_aliases() if alias in {"postgres", "redis"}]
    with signed_in() as cookie, served() as port:
        ask = Client(port, cookie)
        for alias in aliases:
            show(alias, sizes, [measure(alias, size, ask, options.rounds) for size in sizes])


class Client:
    """Asks for pages and takes the time to the first byte of the answer."""

    def __init__(self, port, cookie):
        self.port = port
        self.headers = {"Cookie": f"sessionid={cookie}", "Accept-Language": "en"}

    def __call__(self, path):
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.connect()
            began = time.perf_counter()
            connection.request("GET", f"/admin/statestore/{path}", headers=self.headers)
            answer = connection.getresponse()
            seconds = time.perf_counter() - began
            answer.read()
        assert answer.status == 200, (path, answer.status)
        return seconds


def pages(alias, size):
    """Return the pages that are asked for, by name."""
    middle = f"{PREFIX}{size // 2:07}"
    return {
        "stores": "",
        "scopes, first page": f"{alias}/",
        "scopes, in the middle": f"{alias}/?q={PREFIX}&after={middle}",
        "scopes, the last ones": f"{alias}/?q={PREFIX}&after={PREFIX}{size - 101:07}",
        "scopes, not used for 30 days": f"{alias}/?q={PREFIX}&idle=30d",
        "scopes by last use": f"{alias}/?q={PREFIX}&o=used",
        "scopes, none found": f"{alias}/?q={PREFIX}nothing",
        "one scope": f"{alias}/scope/{middle}/",
        "one entry": f"{alias}/scope/{middle}/key/key-0/",
    }


def measure(alias, size, ask, rounds):
    """Return the seconds that each page took among so many scopes, by name."""
    from statestore import stores

    store = stores[alias]
    store.clean([], prefix=PREFIX)
    loading = timed(lambda: load(store, scopes(PREFIX, size)))
    print(f"{alias}: {size:,} scopes loaded in {loading:.0f} s", file=sys.stderr, flush=True)
    asked = pages(alias, size)
    for path in asked.values():
        ask(path)
    taken = [[ask(path) for path in asked.values()] for _ in range(rounds)]  # in turn: what disturbs, disturbs all
    store.clean([], prefix=PREFIX)
    return dict(zip(asked, map(statistics.median, zip(*taken, strict=True)), strict=True))


def show(alias, sizes, found):
    header = (alias, *(f"{size:,} scopes" for size in sizes), "times as long")
    rows = [
        (page, *(f"{one[page] * 1000:,.1f} ms" for one in found), f"{found[-1][page] / found[0][page]:.2f}")
        for page in found[0]
    ]
    table(header, rows)
    print(flush=True)


@contextmanager
def signed_in():
    """Make somebody who may see all; yield the key of the session."""
    from django.contrib.auth.models import User
    from django.test import Client

    user, _new = User.objects.get_or_create(username="prove-admin-pages", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(user)
    yield client.cookies["sessionid"].value
    user.delete()


@contextmanager
def served():
    """Serve the site on a free port; yield the port."""
    port = free_port()
    command = ["manage.py", "runserver", "--noreload", "--nothreading", f"127.0.0.1:{port}", "-v", "0"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=_environment(), **quiet)
    try:
        _wait(port, server)
        yield port
    finally:
        server.terminate()
        server.wait(60)


def _environment():
    """Return that of this process's databases and caches, with this machine for a host."""
    found = environment()
    inherited = json.loads(found["STATESTORE_INHERITED"]) | {"ALLOWED_HOSTS": ["127.0.0.1"]}
    return found | {"STATESTORE_INHERITED": json.dumps(inherited)}


def _wait(port, server):
    for _ in range(PATIENCE * 10):
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if server.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError("The server did not start.")


if __name__ == "__main__":
    sys.exit(main())
