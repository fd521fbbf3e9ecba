"""Lost updates: several processes add to one number. Naive get-then-set must lose some; our verbs must lose none.

python -m tests.prove.updates --processes 8 --writes 500 [--store ALIAS]…
"""

import argparse
import sys
import time

from tests.prove.site import run_together, set_up, shared_aliases, table

SCOPE = "prove:updates"


def naive(store, key):
    """The control: what a hurried hand would write."""
    store.set(SCOPE, key, store.get(SCOPE, key, 0) + 1)


def increment(store, key):
    store.increment(SCOPE, key)


def update(store, key):
    store.update(SCOPE, key, lambda number: number + 1, 0)


def if_version(store, key):
    from statestore import ABSENT, VersionConflict

    while True:
        entry = store.entry(SCOPE, key)
        number, version = (entry.value, entry.version) if entry else (0, ABSENT)
        try:
            store.set(SCOPE, key, number + 1, if_version=version)
        except VersionConflict:
            continue
        return


WAYS = {way.__name__: way for way in (naive, increment, update, if_version)}


def write(_number, store, way, writes):
    for _ in range(writes):
        WAYS[way](store, way)


def lost(store, way, processes, writes):
    """Return how many of all updates are missing at the end."""
    store.delete(SCOPE)
    run_together(processes, write, store, way, writes)
    return processes * writes - store.get(SCOPE, way)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--writes", type=int, default=500)
    parser.add_argument("--store", action="append")
    options = parser.parse_args()
    set_up()
    from statestore import stores

    rows, wrong = [], False
    for alias in options.store or shared_aliases():
        for way in WAYS:
            began = time.perf_counter()
            gone = lost(stores[alias], way, options.processes, options.writes)
            wrong |= way != "naive" and gone != 0
            rows.append(
                (alias, way, options.processes * options.writes, gone, f"{time.perf_counter() - began:.1f}")
            )
            print(*rows[-1], flush=True)
    print()
    table(("store", "way", "writes", "lost", "seconds"), rows)
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
