"""A million scopes beside ten thousand: what must not grow with the number of scopes does not, in time or memory.

python -m tests.prove.scale [--scopes N]… [--store ALIAS]… [--rounds 3]

Each line is a fresh process; its memory is what the work added to it. Last a clean of 100,000 scopes beside the
delete that a hand would write for it.
"""

import argparse
import sys

from tests.prove.apart import measured, timed
from tests.prove.load import load, scopes
from tests.prove.scale_work import ACTIVE, PREFIX, works
from tests.prove.site import set_up, shared_aliases, table


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--scopes", type=int, action="append")
    parser.add_argument("--store", action="append")
    parser.add_argument("--rounds", type=int, default=3, help="of the clean beside the hand's delete; 0: none")
    options = parser.parse_args()
    set_up()
    aliases = options.store or [a for a in shared_aliases() if a in {"default", "postgres", "redis", "valkey"}]
    sizes = options.scopes or [10_000, 1_000_000]
    show_growth({alias: {size: measure(alias, size) for size in sizes} for alias in aliases}, sizes)
    if options.rounds:
        from tests.prove.hand import show_cleans  # it has tables of its own

        show_cleans(aliases, 100_000, options.rounds)


def measure(alias, size, run=measured):
    """Return what each piece of work took among so many scopes: seconds and MB."""
    from statestore import stores

    store = stores[alias]
    store.clean([], prefix=PREFIX)
    seconds = timed(lambda: load(store, scopes(PREFIX, size)))
    settle(store)
    say(f"{alias}: {size:,} scopes loaded in {seconds:.1f} s")
    found = {}
    for what, work, *arguments in works(size):
        found[what] = run(work, alias, *arguments)
        say(f"{alias}: {what}: {found[what][0] * 1000:,.3f} ms, {found[what][1]:.1f} MB")
    assert sum(1 for _ in store.scopes(PREFIX)) == size // ACTIVE - 1
    store.clean([], prefix=PREFIX)
    return found


def settle(store):
    """Let a database count what there is, which it would do by itself, only later: its plans depend on it."""
    if hasattr(store, "database"):
        from django.db import connections

        words = {"postgresql": "ANALYZE statestore_entry", "mysql": "ANALYZE TABLE statestore_entry"}
        with connections[store.database].cursor() as cursor:
            cursor.execute(words.get(connections[store.database].vendor, "ANALYZE"))


def say(line):
    print(line, file=sys.stderr, flush=True)


def show_growth(found, sizes):
    smallest, largest = sizes[0], sizes[-1]
    rows = []
    for alias, by_size in found.items():
        for what in by_size[smallest]:
            cells = [by_size[size][what] for size in sizes]
            factor = by_size[largest][what][0] / by_size[smallest][what][0]
            rows.append((alias, what, *(f"{s * 1000:,.3f} ms, {mb:.1f} MB" for s, mb in cells), f"{factor:.2f}"))
    table(("store", "what", *(f"{size:,} scopes" for size in sizes), "times as long"), rows)


if __name__ == "__main__":
    sys.exit(main())
