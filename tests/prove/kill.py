"""`kill -9` of `manage.py clean_context` part of the way, several times, then once more to its end: at every kill
each scope must be whole or gone, and what is left must be what an undisturbed run leaves, byte for byte.

python -m tests.prove.kill [--scopes 100000] [--kills 3] [--store ALIAS]…

The control is a clean that removes entry by entry: there scopes must be found half gone.
"""

import argparse
import json
import random
import subprocess
import sys
import time

from tests.prove.apart import manage
from tests.prove.load import digest, load, scopes
from tests.prove.site import fork, set_up, shared_aliases, table

HEADER = ("store", "safety", "scopes", "kills", "left then", "half", "left", "undisturbed", "killed, run again", "")
ALIASES = {"default", "postgres", "mariadb", "redis", "valkey"}
PREFIX, BYSTANDERS = "kill:", "stay:"
ACTIVE = 10  # one of so many stays
ENTRIES = 3
AGAIN = 0.002  # seconds; about what a batch takes


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--scopes", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--store", action="append")
    options = parser.parse_args()
    set_up()
    rows = []
    for alias in options.store or [a for a in shared_aliases() if a in ALIASES]:
        rows += [prove(alias, options.scopes, options.kills), control(alias, options.kills)]
        print(*rows[-2:], sep="\n", flush=True)
    table(HEADER, rows)
    return int(any(row[-1] != "ok" for row in rows))


def prove(alias, number, kills):
    """Return the row of the table: how many scopes were left at each kill and at the end, digests, the verdict."""
    from statestore import stores

    store = stores[alias]
    fill(store, number)
    finish(clean(alias, number), number)
    undisturbed = digest(store)
    fill(store, number)
    left, half = zip(*(cut_short(alias, number, (turn + 1) / (kills + 1)) for turn in range(kills)), strict=True)
    finish(clean(alias, number), number)
    disturbed, (remaining, _) = digest(store), count(store)
    wipe(store)
    was_cut = all(remaining < each < number for each in left)
    good = undisturbed == disturbed and remaining == len(active(number)) and not any(half)
    verdict = ("ok" if was_cut else "VOID: not cut short") if good else "BROKEN"
    return alias, "on", number, kills, spread(left), sum(half), remaining, undisturbed, disturbed, verdict


def control(alias, kills, number=300):
    """Return the row of a clean by hand that is killed: the half-gone scopes must be seen."""
    from statestore import stores

    store = stores[alias]
    left, half = zip(*(cut_by_hand(store, number) for _ in range(kills)), strict=True)
    wipe(store)
    verdict = "ok" if any(half) else "THE CONTROL HALVED NOTHING"
    return alias, "off", number, kills, spread(left), sum(half), "", "", "", verdict


def spread(left):
    return f"{min(left):,} to {max(left):,}"


def by_hand(store, number):
    """What a hurried hand would write: entry by entry."""
    for name, texts, _ in scopes(PREFIX, number, ENTRIES):
        for key in texts:
            store.remove(name, key)


def cut_by_hand(store, number):
    fill(store, number)
    process = fork(by_hand, store, number)
    while process.is_alive() and store.info(f"{PREFIX}{random.randrange(5, 50):07}"):
        time.sleep(AGAIN)
    process.kill()
    process.join()
    return count(store)


def active(number):
    return [name for name, _, _ in scopes(PREFIX, number)][::ACTIVE]


def fill(store, number):
    wipe(store)
    load(store, scopes(PREFIX, number, ENTRIES))
    load(store, scopes(BYSTANDERS, 100, ENTRIES))


def wipe(store):
    for prefix in (PREFIX, BYSTANDERS):
        store.clean([], prefix=prefix)


def count(store):
    """Return how many scopes there are, and how many of them are only half there."""
    entries = [info.entries for info in store.scopes(PREFIX)]
    return len(entries), sum(number != ENTRIES for number in entries)


def clean(alias, number):
    """Start the command, with the active ids on its way in."""
    where = ["--store", alias, "--prefix", PREFIX, "--active-from", "-"]
    how = ["--batch-size", str(max(10, number // 200)), "--noinput", "--skip-checks", "--format", "json"]
    process = manage("clean_context", *where, *how, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdin.write("\n".join(active(number)).encode())
    process.stdin.close()
    return process


def finish(process, number):
    """Wait for the end; ``RuntimeError`` unless all has gone well."""
    answer = process.stdout.read()
    process.stdout.close()
    if process.wait() or json.loads(answer)["kept"] != len(active(number)):
        raise RuntimeError(answer.decode())


def cut_short(alias, number, share):
    """Start the command, kill it when it has come so far, or a moment later; return what is left."""
    from statestore import stores

    mark = f"{PREFIX}{int(number * share) // ACTIVE * ACTIVE + 1:07}"
    process = clean(alias, number)
    while stores[alias].info(mark) and process.poll() is None:
        time.sleep(AGAIN / 4)
    time.sleep(random.uniform(0, AGAIN))
    process.kill()
    process.wait()
    process.stdout.close()
    return count(stores[alias])


if __name__ == "__main__":
    sys.exit(main())
