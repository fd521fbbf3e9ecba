"""How much room a scope, an entry and a byte of text take: memory on Redis and Valkey, disk in the databases.

python -m tests.prove.room [--scopes 20000] [--store ALIAS]…

The same number of scopes is stored three times: with one small entry, with ten, with one large entry; the
differences are the slopes. A database's disk includes its index, and nothing that waits to be used again.
"""

import argparse
import sys

from tests.prove.load import MOMENT, load
from tests.prove.site import set_up, shared_aliases, table

HEADER = ("store", "scopes", "bytes a scope of one entry", "a further entry", "a byte of text")
PREFIX = "room:"
SMALL, LARGE = 20, 1020  # bytes of text
SIZES = {"sqlite": "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"}
SIZES["postgresql"] = "SELECT pg_total_relation_size('statestore_entry')"
SIZES["mysql"] = (
    "SELECT data_length + index_length FROM information_schema.tables "
    "WHERE table_schema = DATABASE() AND table_name = 'statestore_entry'"
)
SETTLE = {
    "sqlite": "VACUUM",
    "postgresql": "VACUUM FULL statestore_entry",
    "mysql": "OPTIMIZE TABLE statestore_entry",
}


def many(number, entries, size):
    """Yield scopes with names of 20 characters, keys of 10, and text that nothing makes smaller."""
    from random import Random

    from statestore.entries import Stamp

    chance = Random(1)
    for index in range(number):
        texts = {
            f"key-{key:06}": b'"%b"' % chance.randbytes(size // 2 - 1).hex().encode() for key in range(entries)
        }
        yield f"{PREFIX}{index:015}", texts, Stamp(f"{index:016x}", MOMENT + index, None)


def used(store):
    """Return the bytes that the store's server uses."""
    if not hasattr(store, "database"):
        return store.cache.client.get_client().info("memory")["used_memory"]
    from django.db import connections

    connection = connections[store.database]
    with connection.cursor() as cursor:
        cursor.execute(SETTLE[connection.vendor])
        if connection.vendor == "mysql":
            cursor.fetchall()
            cursor.execute("ANALYZE TABLE statestore_entry")
            cursor.fetchall()
        cursor.execute(SIZES[connection.vendor])
        return int(cursor.fetchone()[0])


def room(store, number, entries, size):
    """Return the bytes that a scope of so many entries takes."""
    store.clean([], prefix=PREFIX)
    before = used(store)
    load(store, many(number, entries, size))
    after = used(store)
    store.clean([], prefix=PREFIX)
    return (after - before) / number


def measure(store, number):
    """Return the bytes a scope takes, a further entry, and a byte of text."""
    one = room(store, number, 1, SMALL)
    return one, (room(store, number, 10, SMALL) - one) / 9, (room(store, number, 1, LARGE) - one) / (LARGE - SMALL)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--scopes", type=int, default=20_000)
    parser.add_argument("--store", action="append")
    options = parser.parse_args()
    set_up()
    from statestore import stores

    known = {"default", "postgres", "mariadb", "redis", "valkey"}
    rows = []
    for alias in options.store or [alias for alias in shared_aliases() if alias in known]:
        scope, entry, byte = measure(stores[alias], options.scopes)
        rows.append((alias, f"{options.scopes:,}", f"{scope:.0f}", f"{entry:.0f}", f"{byte:.2f}"))
    table(HEADER, rows)


if __name__ == "__main__":
    sys.exit(main())
