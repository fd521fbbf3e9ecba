"""Many scopes at once, in the very form in which the store itself keeps them; and all that is in a store, raw."""

import hashlib
from itertools import islice

from django.db import transaction

from statestore.entries import Stamp

BATCH = 2000
MOMENT = 1_700_000_000_000_000


def scopes(prefix, number, entries=1):
    """Yield ``number`` scopes, always the same: name, texts by key, stamp."""
    for index in range(number):
        texts = {f"key-{key}": b'{"scope":%d,"entry":%d}' % (index, key) for key in range(entries)}
        yield f"{prefix}{index:07}", texts, Stamp(f"{index:016x}", MOMENT + index, None)


def load(store, many):
    """Put scopes into a store, much quicker than by its verbs."""
    write = WAYS.get(type(store).__name__, _one_by_one)
    many = iter(many)
    while batch := list(islice(many, BATCH)):
        write(store, batch)


def _one_by_one(store, batch):
    store.open()
    for name, texts, stamp in batch:
        store._write(name, texts, stamp, None)


def _rows(store, batch):
    from django.db import connections

    store.open()
    connection, sql = connections[store.database], store._sql
    rows = [
        (sql.name(name), sql.name(key), text.decode(), stamp.version, *moments(stamp))
        for name, texts, stamp in batch
        for key, text in texts.items()
    ]
    table = f"{sql.table} ({', '.join(sql.columns)})"
    with transaction.atomic(using=store.database), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            cursor.executemany(f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(rows[0]))})", rows)


def moments(stamp):
    return stamp.updated_at, stamp.updated_at, stamp.expires_at


def _hashes(store, batch):
    from statestore.backends.redis_layout import header

    store.open()
    commands = []
    for name, texts, stamp in batch:
        place = store._layout.place(name)
        fields = [part for key, text in texts.items() for part in (key.encode(), header(stamp) + text)]
        commands += [(b"ZADD", place.index, b"0", place.name), (b"HSET", place.key, *fields)]
    store._run(commands, writing=True)


WAYS = {"ModelStore": _rows, "RedisStore": _hashes}


def raw(store):
    """Return everything that the store keeps, as it lies there, in an order of its own."""
    store.open()
    kind = type(store).__name__
    if kind == "ModelStore":
        from statestore.models import Entry

        return list(Entry.objects.using(store.database).order_by("scope", "key").values_list())
    if kind == "RedisStore":
        return _raw_keys(store)
    return [(info, sorted(store.records(info.name).items())) for info in store.scopes()]


def _raw_keys(store):
    client = store.cache.client.get_client()
    return [(key, _content(client, key)) for key in sorted(client.scan_iter(store._layout.namespace + b":*", 1000))]


def _content(client, key):
    if client.type(key) == b"hash":
        return sorted(client.hgetall(key).items())
    return client.zrange(key, 0, -1, withscores=True)


def digest(store):
    """Return a short text that is the same for the same raw content only."""
    found = hashlib.sha256()
    for one in raw(store):
        found.update(repr(one).encode())
    return found.hexdigest()[:16]
