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
from tests.prove.linear import CONFLICT, NEVER, UNKNOWN, Call, fault
from tests.prove.site import fork, set_up, table
from tests.prove.stores import known, named

CLIENTS = 6
KEYS = 3  # at a time
SLICE = 0.5  # seconds, after which the keys are others: what is unknown is carried on within one key only
ENOUGH = 30  # calls a second of all clients together; with fewer a run proves nothing
VERBS = {"get": 3, "entry": 3, "set": 2, "set_if": 4, "increment": 3, "remove": 1}
SCOPE = "register"
HEADER = ("store", "", "kills", "seconds", "calls", "side by side", "conflicts", "failed", "unknown", "faults", "")


class Figures(NamedTuple):
    """What is counted of a history; ``beside``: calls that began while another to the same key was under way."""

    calls: int
    beside: int
    conflicts: int
    failed: int
    unknown: int
    faults: int


class Noted(NamedTuple):
    """A call of one client, to one key; a failed one has no answer."""

    key: str
    call: Call
    failed: bool = False


def get(store, key, _):
    return store.get(SCOPE, key)


def entry(store, key, _):
    found = store.entry(SCOPE, key)
    return found and (found.value, found.version)


def put(store, key, value):
    return store.set(SCOPE, key, value)


def put_if(store, key, given):
    from statestore import ABSENT, VersionConflict

    version, value = given
    try:
        return store.set(SCOPE, key, value, if_version=version or ABSENT)
    except VersionConflict:
        return CONFLICT


def increment(store, key, by):
    return store.increment(SCOPE, key, by)


def remove(store, key, _):
    return store.remove(SCOPE, key)


WAYS = {"get": get, "entry": entry, "set": put, "set_if": put_if, "increment": increment, "remove": remove}


class Stale:
    """A control: a cache in front of a store that nobody told of the others' writes."""

    def __init__(self, store):
        self._store, self._copies = store, {}

    def __getattr__(self, name):
        return getattr(self._store, name)

    def get(self, scope, key):
        if key not in self._copies or random.random() < 0.5:
            self._copies[key] = self._store.get(scope, key)
        return self._copies[key]


class Losing:
    """A control: counts as a hurried hand would."""

    def __init__(self, store):
        self._store = store

    def __getattr__(self, name):
        return getattr(self._store, name)

    def increment(self, scope, key, by):
        total = self._store.get(scope, key, 0) + by
        self._store.set(scope, key, total)
        return total


def set_wrong(store, skew):
    """Let the clock of this process, by which a store goes, be wrong, and jump now and then."""
    offsets = [random.uniform(-skew, skew) for _ in range(60)]
    parts = [store.siblings[store.options[role]] for role in ("durable", "fast")] if store.composite else []
    for one in (store, *parts):
        one.clock = lambda: time.time() + offsets[int(time.monotonic() / SLICE) % len(offsets)]


def write(store, client, began, seconds, path, skew):
    """Be one client: call at random until the time is over, then leave what was noted at ``path``."""
    if skew:
        set_wrong(store, skew)
    notes, seen, number = [], {}, 0
    while (passed := time.monotonic() - began) < seconds:
        number += 1
        key = f"{int(passed / SLICE)}-{random.randrange(KEYS)}"
        verb = random.choices(list(VERBS), VERBS.values())[0]
        value = (client + 1) * 10**12 + number * 10**4  # nobody else's, nor a sum of increments
        given = {"set": value, "set_if": (seen.get(key, ""), value), "increment": 1}.get(verb)
        noted = note(store, key, verb, given)
        notes.append(noted)
        remember(seen, noted)
    path.write_bytes(pickle.dumps(notes))


def note(store, key, verb, given):
    from statestore import StoreError, StoreTimeout

    began = time.monotonic()
    try:
        answer = WAYS[verb](store, key, given)
    except StoreTimeout:
        return Noted(key, Call(verb, given, UNKNOWN, began, NEVER))
    except StoreError:
        time.sleep(0.02)  # a server that is down needs nobody to hurry
        return Noted(key, Call(verb, given, None, began, time.monotonic()), failed=True)
    return Noted(key, Call(verb, given, answer, began, time.monotonic()))


def remember(seen, noted):
    """Keep the version that a client was told last, for its conditional writes."""
    _, (verb, _, answer, *_), failed = noted
    if failed or answer is UNKNOWN:
        return
    if verb == "entry":
        seen[noted.key] = answer[1] if answer else ""
    elif verb in {"set", "set_if"} and answer is not CONFLICT:
        seen[noted.key] = answer
    elif verb == "remove":
        seen[noted.key] = ""


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
