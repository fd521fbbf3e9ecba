"""`kill -9` of servers and of writers under load: no acknowledged write may be lost, and none may be half there.

python -m tests.prove.crash [--kills 5] [--server postgres]…

Beside every proof a control runs with the safety off, and there the checker must report losses: of a server that
keeps nothing on disk, of writers that say so first and then write, one key after the other.
"""

import argparse
import itertools
import os
import random
import struct
import sys
import tempfile
import time
from contextlib import contextmanager
from fcntl import ioctl
from functools import partial
from pathlib import Path
from termios import FIONREAD

from tests.prove.site import fork, set_up, table

HEADER = ("server", "safety", "killed", "times", "acknowledged", "lost", "half done", "")
WRITERS = 2
ENOUGH = 20  # acknowledged writes a kill; with fewer a run proves nothing
PATIENCE = 30  # seconds that they may take
RECORD = struct.Struct("i")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--server", action="append", choices=list(STORES))
    options = parser.parse_args()
    set_up()
    rows = []
    for name in options.server or STORES:
        for victim in VICTIMS[name in SERVERS]:
            rows.append(prove(name, victim, options.kills))
            rows.append(prove(name, victim, options.kills, safe=False))
    table(HEADER, rows)
    return int(any(row[-1] != "ok" for row in rows))


@contextmanager
def database(kind, *, safe):
    from tests import servers
    from tests.faults.kit import model_store

    with getattr(servers, kind)(durable=safe) as server, model_store(server, timeout=PATIENCE) as store:
        yield server, store


@contextmanager
def redis(kind, *, safe):
    from tests import servers
    from tests.backends.redis_kit import store_on

    options = {"appendfsync": "always"} if safe else {"appendonly": "no"}
    patient = {"timeout": PATIENCE}
    with getattr(servers, kind)(**options) as server, store_on(server.django, options=patient) as store:
        yield server, store


class File:
    """SQLite, as far as a server can be one that is none."""

    options = {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": "PRAGMA journal_mode=WAL"}

    def __init__(self, directory):
        self.django = {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": Path(directory, "db"),
            "OPTIONS": self.options,
        }

    def start(self):
        """There is nothing to start."""


@contextmanager
def sqlite(*, safe):
    from tests.faults.kit import model_store

    with tempfile.TemporaryDirectory() as directory, model_store(File(directory), timeout=5) as store:
        yield File(directory), store


SERVERS = {
    "postgres": partial(database, "Postgres"),
    "mariadb": partial(database, "MariaDB"),
    "redis": partial(redis, "Redis"),
    "valkey": partial(redis, "Valkey"),
}
STORES = SERVERS | {"sqlite": sqlite}
VICTIMS = {True: ("server", "writers"), False: ("writers",)}


def prove(name, victim, kills, *, safe=True):
    """Return a row of the table; its verdict is "ok" where nothing was lost, or where the control did lose."""
    acknowledged = lost = half = 0
    work = hurry if victim == "writers" and not safe else write
    with STORES[name](safe=safe or victim == "writers") as (server, store):
        for turn in range(kills):
            for scope, numbers in strike(server, store, victim, turn, work):
                found = store.get_many(scope)
                whole = {int(key[1:]) for key in found if f"a{key[1:]}" in found and f"b{key[1:]}" in found}
                acknowledged += len(numbers)
                lost += len(numbers - whole)
                half += len(found) - 2 * len(whole)
    row = (name, "on" if safe else "off", victim, kills, acknowledged, lost, half)
    return (*row, verdict(kills, acknowledged, lost, half, safe=safe))


def verdict(kills, acknowledged, lost, half, *, safe):
    if lost or (half and safe):  # whatever the traffic was
        return "BROKEN" if safe else "ok"
    if acknowledged < ENOUGH * kills:
        return "VOID: too little traffic"
    return "ok" if safe else "THE CONTROL LOST NOTHING"


def strike(server, store, victim, turn, work):
    """Let writers write, kill, bring the server back; return by scope the numbers that were acknowledged."""
    pipes = {f"crash:{turn}:{number}": os.pipe() for number in range(WRITERS)}
    store.get("crash", "warm")
    writers = [fork(work, store, scope, end) for scope, (_, end) in pipes.items()]
    for _, end in pipes.values():
        os.close(end)
    time.sleep(random.uniform(0.3, 0.9))
    _let_them_write([begin for begin, _ in pipes.values()])
    if victim == "server":
        server.kill()
    else:
        for writer in writers:
            writer.kill()
    said = [(scope, read_all(begin)) for scope, (begin, _) in pipes.items()]
    for writer in writers:
        writer.join(30)
    server.start()
    return said


def _let_them_write(pipes):
    """Wait until enough was acknowledged, on a machine that has no time for the writers; not for ever."""
    deadline, told = time.monotonic() + PATIENCE, 0
    while told < WRITERS * ENOUGH * RECORD.size and time.monotonic() < deadline:
        time.sleep(0.02)
        told = sum(int.from_bytes(ioctl(pipe, FIONREAD, bytes(4)), sys.byteorder) for pipe in pipes)


def write(store, scope, pipe):
    """Write pairs until the store fails; tell the number of each that was acknowledged."""
    until_it_fails(
        pipe,
        lambda number: store.set_many(scope, {f"a{number}": number, f"b{number}": "x" * 100}),
        lambda number: os.write(pipe, RECORD.pack(number)),
    )


def hurry(store, scope, pipe):
    """The control: acknowledged first, then written, one half after the other."""
    until_it_fails(
        pipe,
        lambda number: os.write(pipe, RECORD.pack(number)),
        lambda number: store.set(scope, f"a{number}", number),
        lambda number: store.set(scope, f"b{number}", "x" * 100),
    )


def until_it_fails(pipe, *steps):
    from statestore import StoreError

    try:
        for number in itertools.count():
            for step in steps:
                step(number)
    except StoreError:
        os.close(pipe)


def read_all(pipe):
    with open(pipe, "rb") as said:  # noqa: PTH123 (a file by its number)
        told = said.read()
    return {number for (number,) in RECORD.iter_unpack(told[: len(told) // RECORD.size * RECORD.size])}


if __name__ == "__main__":
    sys.exit(main())
