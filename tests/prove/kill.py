"""`kill -9` of `manage.py clean_context` part of the way, several times, then once more to its end: what is left
must be what an undisturbed run leaves, byte for byte.

python -m tests.prove.kill [--scopes 100000] [--kills 3] [--store ALIAS]…
"""

import argparse
import json
import random
import subprocess
import sys
import time

from tests.prove.apart import manage
from tests.prove.load import digest, load, scopes
from tests.prove.site import set_up, shared_aliases, table

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
    for alias in options.store or [a for a in shared_aliases() if a in {"default", "postgres", "redis", "valkey"}]:
        rows.append(prove(alias, options.scopes, options.kills))
        print(*rows[-1], flush=True)
    table(("store", "scopes", "left at each kill", "left", "undisturbed", "killed and run again", ""), rows)
    return int(any(row[-1] != "the same" for row in rows))


def prove(alias, number, kills):
    """Return the row of the table: how many scopes were left at each kill and at the end, digests, the verdict."""
    from statestore import stores

    store = stores[alias]
    fill(store, number)
    finish(clean(alias, number), number)
    undisturbed = digest(store)
    fill(store, number)
    left = [cut_short(alias, number, (turn + 1) / (kills + 1)) for turn in range(kills)]
    finish(clean(alias, number), number)
    disturbed, remaining = digest(store), count(store)
    wipe(store)
    good = undisturbed == disturbed and remaining == len(active(number))
    was_cut = all(remaining < each < number for each in left)
    verdict = ("the same" if was_cut else "NOT CUT SHORT") if good else "DIFFERENT"
    return alias, number, left, remaining, undisturbed, disturbed, verdict


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
    return sum(1 for _ in store.scopes(PREFIX))


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
    """Start the command, kill it when it has come so far, or a moment later; return how many scopes are left."""
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
