"""A clean of many scopes, one in ten active, beside the delete that a hand would write on tables of its own.

The hand's is a line of SQL or a pipeline: what was written meanwhile goes too, nothing is counted, nobody is told.
"""

import statistics

from tests.prove.apart import timed
from tests.prove.load import load, scopes
from tests.prove.site import table

PREFIX = "hand:"
ACTIVE = 10


def show_cleans(aliases, number, rounds):
    """Measure both in turn and print a table."""
    rows = []
    for alias in aliases:
        pairs = [(ours(alias, number), hand(alias, number)) for _ in range(rounds)]
        mine, its = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(one / other for one, other in pairs)
        rows.append((alias, f"{number:,}", f"{mine:.2f} s", f"{its:.2f} s", f"{ratio:.2f}"))
    print()
    table(("store", "scopes", "clean", "by hand", "times as long"), rows)


def ours(alias, number):
    """Return how long the store's own clean takes."""
    from statestore import stores

    store = stores[alias]
    store.clean([], prefix=PREFIX)
    load(store, scopes(PREFIX, number))
    active = [name for name, _, _ in scopes(PREFIX, number)][::ACTIVE]
    seconds = timed(lambda: store.clean(active, prefix=PREFIX))
    store.clean([], prefix=PREFIX)
    return seconds


def hand(alias, number):
    """Return how long it takes by hand."""
    from statestore import stores

    store = stores[alias]
    rows = [(name, "key-0", next(iter(texts.values())).decode()) for name, texts, _ in scopes(PREFIX, number)]
    active = [name for name, _, _ in rows][::ACTIVE]
    return by_pipeline(store, rows, active) if type(store).__name__ == "RedisStore" else by_sql(store, rows, active)


def by_sql(store, rows, active):
    from django.db import connections, transaction

    connection = connections[store.database]
    words = 'scope varchar(200) COLLATE "C"' if connection.vendor == "postgresql" else "scope varchar(200)"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE by_hand ({words}, name varchar(200), value text, PRIMARY KEY (scope, name))")
        fill(cursor, "by_hand (scope, name, value)", rows)

        def clean():
            with transaction.atomic(using=store.database):
                cursor.execute(f"CREATE TEMPORARY TABLE active_ids ({words} PRIMARY KEY)")
                fill(cursor, "active_ids (scope)", [(name,) for name in active])
                cursor.execute("DELETE FROM by_hand WHERE scope NOT IN (SELECT scope FROM active_ids)")

        seconds = timed(clean)
        cursor.execute("SELECT COUNT(*) FROM by_hand")
        assert cursor.fetchone()[0] == len(active)
        cursor.execute("DROP TABLE by_hand")
        cursor.execute("DROP TABLE active_ids")
    return seconds


def fill(cursor, table_and_columns, rows, batch=5000):
    for first in range(0, len(rows), batch):
        part = rows[first : first + batch]
        marks = ", ".join([f"({', '.join(['%s'] * len(part[0]))})"] * len(part))
        cursor.execute(f"INSERT INTO {table_and_columns} VALUES {marks}", [one for row in part for one in row])


def by_pipeline(store, rows, active, batch=1000):
    client, index = store.cache.client.get_client(), "by-hand"
    for first in range(0, len(rows), batch):
        with client.pipeline(transaction=False) as pipe:
            for name, key, text in rows[first : first + batch]:
                pipe.hset(f"by-hand:{name}", key, text)
                pipe.sadd(index, name)
            pipe.execute()
    active = {name.encode() for name in active}

    def clean():
        gone = [name for name in client.sscan_iter(index, count=batch) if name not in active]
        for first in range(0, len(gone), batch):
            part = gone[first : first + batch]
            with client.pipeline(transaction=False) as pipe:
                pipe.unlink(*(b"by-hand:" + name for name in part))
                pipe.srem(index, *part)
                pipe.execute()

    seconds = timed(clean)
    assert client.scard(index) == len(active)
    client.delete(index, *(b"by-hand:" + name for name in active))
    return seconds
