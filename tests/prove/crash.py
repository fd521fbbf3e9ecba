"""`kill -9` of servers and of writers under load: no acknowledged write may be lost, and none may be half there.

python -m tests.prove.crash [--kills 5] [--server postgres]…

Beside every server that keeps its word a control runs with the safety off: there the checker must report losses.
"""

import argparse
import os
import random
import struct
import sys
import time
from contextlib import contextmanager

from tests.prove.site import fork, set_up, table

HEADER = ("server", "safety", "killed", "times", "acknowledged", "lost", "half done", "")
WRITERS = 2
ENOUGH = 20  # acknowledged writes a kill; with fewer a run proves nothing
RECORD = struct.Struct("i")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--server", action="append", choices=list(SERVERS))
    options = parser.parse_args()
    set_up()
    rows = []
    for name in options.server or SERVERS:
        rows.append(prove(name, "server", options.kills))
        rows.append(prove(name, "writers", options.kills))
        rows.append(prove(name, "server", options.kills, safe=False))
    table(HEADER, rows)
    return int(any(row[-1] != "ok" for row in rows))


@contextmanager
def postgres(*, safe):
    with _database("Postgres", safe) as both:
        yield both


@contextmanager
def mariadb(*, safe):
    with _database("MariaDB", safe) as both:
        yield both


@contextmanager
def _database(kind, safe):
    from tests import servers
    from tests.faults.kit import model_store

    with getattr(servers, kind)(durable=safe) as server, model_store(server, timeout=5) as store:
        yield server, store


@contextmanager
def _redis(kind, safe):
    from tests import servers
    from tests.backends.redis_kit import store_on

    options = {"appendfsync": "always"} if safe else {"appendonly": "no"}
    with getattr(servers, kind)(**options) as server, store_on(server.django) as store:
        yield server, store


@contextmanager
def redis(*, safe):
    with _redis("Redis", safe) as both:
        yield both


@contextmanager
def valkey(*, safe):
    with _redis("Valkey", safe) as both:
        yield both


SERVERS = {"postgres": postgres, "mariadb": mariadb, "redis": redis, "valkey": valkey}


def prove(name, victim, kills, *, safe=True):
    """Return a row of the table; its verdict is "ok" where nothing was lost, or where the control did lose."""
    acknowledged = lost = half = 0
    with SERVERS[name](safe=safe) as (server, store):
        for turn in range(kills):
            for scope, numbers in strike(server, store, victim, turn):
                found = store.get_many(scope)
                whole = {int(key[1:]) for key in found if f"a{key[1:]}" in found and f"b{key[1:]}" in found}
                acknowledged += len(numbers)
                lost += len(numbers - whole)
                half += len(found) - 2 * len(whole)
    row = (name, "on" if safe else "off", victim, kills, acknowledged, lost, half)
    return (*row, verdict(kills, acknowledged, lost, half, safe=safe))


def verdict(kills, acknowledged, lost, half, *, safe):
    if acknowledged < ENOUGH * kills:
        return "VOID: too little traffic"
    if half or (lost and safe):
        return "BROKEN"
    return "ok" if safe or lost else "THE CONTROL LOST NOTHING"


def strike(server, store, victim, turn):
    """Let writers write, kill, bring the server back; return by scope the numbers that were acknowledged."""
    pipes = {f"crash:{turn}:{number}": os.pipe() for number in range(WRITERS)}
    store.get("crash", "warm")
    writers = [fork(write, store, scope, end) for scope, (_, end) in pipes.items()]
    for _, end in pipes.values():
        os.close(end)
    time.sleep(random.uniform(0.6, 1.2))
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


def write(store, scope, pipe):
    """Write pairs until the store fails; tell the number of each that was acknowledged."""
    from statestore import StoreError

    number = 0
    try:
        while True:
            store.set_many(scope, {f"a{number}": number, f"b{number}": "x" * 100})
            os.write(pipe, RECORD.pack(number))
            number += 1
    except StoreError:
        os.close(pipe)


def read_all(pipe):
    with open(pipe, "rb") as said:  # noqa: PTH123 (a file by its number)
        told = said.read()
    return {number for (number,) in RECORD.iter_unpack(told[: len(told) // RECORD.size * RECORD.size])}


if __name__ == "__main__":
    sys.exit(main())
