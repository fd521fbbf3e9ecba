"""A register history: six processes read and write a few keys for a while, and a checker looks at every key.

python -m tests.prove.register [--seconds 60] [--store ALIAS]… [--kills N]

Every process notes each call: what it gave and got, the moment before and the moment after. The history of every
key must be linearizable (``linear``). With --kills a server of its own is killed N times and comes back: a write
that "failed" must then not have happened, one that is "unknown" may have. Two controls with planted bugs,
stale reads and lost updates, must be found out.
"""

import argparse
import pickle
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import NamedTuple

from tests.prove.crash import SERVERS
from tests.prove.linear import CONFLICT, NEVER, UNKNOWN, fault
from tests.prove.register_work import SCOPE, Losing, Stale, write
from tests.prove.site import fork, set_up, table
from tests.prove.stores import known, named

CLIENTS = 6
ENOUGH = 30  # calls a second of all clients together; with fewer a run proves nothing
HEADER = ("store", "", "kills", "seconds", "calls", "side by side", "conflicts", "failed", "unknown", "faults", "")


class Figures(NamedTuple):
    """What is counted of a history; ``beside``: calls that began while another to the same key was under way."""

    calls: int
    beside: int
    conflicts: int
    failed: int
    unknown: int
    faults: int


def run(store, seconds, kill=None, kills=0, skew=0):
    """Let all clients at a store; return their notes."""
    store.delete(SCOPE)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        paths = [Path(directory, str(client)) for client in range(CLIENTS)]
        clients = [fork(write, store, client, began, seconds, path, skew) for client, path in enumerate(paths)]
        for turn in range(kills):
            time.sleep(max(0, began + seconds * (turn + random.uniform(0.3, 0.7)) / kills - time.monotonic()))
            kill()
        for client in clients:
            client.join(seconds + 120)
        if any(client.exitcode for client in clients):
            raise RuntimeError(f"exit codes of the clients: {[client.exitcode for client in clients]}")
        notes = [noted for path in paths for noted in pickle.loads(path.read_bytes())]
    store.delete(SCOPE)
    return notes


def judge(notes):
    """Return the figures of a history, and the faults found in it."""
    by_key = defaultdict(list)
    for noted in notes:
        if not noted.failed:
            by_key[noted.key].append(noted.call)
    faults = [found for calls in by_key.values() if (found := fault(calls))]
    answers = Counter(noted.call.answer for noted in notes if noted.call.answer in {CONFLICT, UNKNOWN})
    beside = sum(map(side_by_side, by_key.values()))
    failed = sum(noted.failed for noted in notes)
    return Figures(len(notes), beside, answers[CONFLICT], failed, answers[UNKNOWN], len(faults)), faults


def side_by_side(calls):
    """Count the calls that began before one that began earlier had ended."""
    latest, number = 0, 0
    for call in sorted(calls, key=lambda call: call.began):
        number += call.began < latest
        latest = max(latest, call.began if call.ended == NEVER else call.ended)
    return number


def prove(name, store, seconds, *, control="", kill=None, kills=0, skew=0):
    """Return a row of the table; its verdict is "ok" where all was linearizable, or a control was found out."""
    notes = run(store, seconds, kill, kills, skew)
    figures, faults = judge(notes)
    for found in faults[: 0 if control else 3]:
        print(f"{name}: {found.call}\n    among {found.states}", file=sys.stderr)
    row = (name, control, kills, seconds, *figures)
    return (*row, verdict(figures, seconds=seconds, kills=kills, control=control))


def verdict(figures, *, seconds, kills=0, control=""):
    answered = figures.calls - figures.failed - figures.unknown
    if answered < ENOUGH * seconds or figures.beside < answered / 10 or not figures.conflicts:
        return "VOID: too little traffic"
    if figures.failed + figures.unknown < kills:
        return "VOID: nobody felt the kills"
    if control:
        return "ok" if figures.faults else "THE CONTROL WAS NOT FOUND OUT"
    return "BROKEN" if figures.faults else "ok"


def prove_under_kills(name, seconds, kills):
    """The same on a server of its own, which is killed and started again meanwhile."""
    with SERVERS[name](safe=True) as (server, store):

        def kill():
            server.kill()
            server.start()

        return prove(name, store, seconds, kill=kill, kills=kills)


def prove_with_wrong_clocks(name, store, seconds):
    """The same by clocks that are hours apart and jump; those of a layered store agree to within a minute."""
    return prove(name, store, seconds, skew=30 if store.composite else 5 * 3600)


def prove_controls(name, store, seconds):
    return [
        prove(name, Stale(store), seconds, control="stale reads"),
        prove(name, Losing(store), seconds, control="lost updates"),
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--store", action="append")
    parser.add_argument("--kills", type=int, default=0, help="of servers of its own; then --store names a server")
    options = parser.parse_args()
    set_up()
    rows = []
    for name in options.store or (list(SERVERS) if options.kills else known()):
        if options.kills:
            rows.append(prove_under_kills(name, options.seconds, options.kills))
            continue
        with named(name) as store:
            rows.append(prove(name, store, options.seconds))
            rows += prove_controls(name, store, min(options.seconds, 5))
    table(HEADER, rows)
    return int(any(row[-1] != "ok" for row in rows))


if __name__ == "__main__":
    sys.exit(main())
