"""On one SQLite file: WAL, synchronous=NORMAL for everybody."""

import importlib.util
import sqlite3
from itertools import chain

import orjson

from .base import Contender, OurStore
from .orm import LeanOrm, NaiveOrm

TABLE = "CREATE TABLE hand (scope TEXT, key TEXT, value BLOB, PRIMARY KEY (scope, key)) WITHOUT ROWID"
GET = "SELECT value FROM hand WHERE scope = ? AND key = ?"
GET_LIST = "SELECT key, value FROM hand WHERE scope = ? AND key IN ({})"
UPSERT = "INSERT INTO hand VALUES {} ON CONFLICT (scope, key) DO UPDATE SET value = excluded.value"
KEYS = "SELECT key FROM hand WHERE scope = ?"
DELETE = "DELETE FROM hand WHERE scope = ?"


class Sqlite3(Contender):
    name = "sqlite3, hand-written"

    def open(self):
        from django.conf import settings

        self.db = sqlite3.connect(settings.SCRATCH / "hand.sqlite3", isolation_level=None)
        self.db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")
        self.db.execute(TABLE)
        return self

    def get(self, scope, key):
        return orjson.loads(self.db.execute(GET, (scope, key)).fetchone()[0])

    def set(self, scope, key, value):
        self.db.execute(UPSERT.format("(?, ?, ?)"), (scope, key, orjson.dumps(value)))

    def get_list(self, scope, keys):
        found = dict(self.db.execute(GET_LIST.format(", ".join("?" * len(keys))), (scope, *keys)))
        return [orjson.loads(found[key]) for key in keys]

    def set_many(self, scope, mapping):
        rows = chain.from_iterable((scope, key, orjson.dumps(value)) for key, value in mapping.items())
        self.db.execute(UPSERT.format(", ".join(["(?, ?, ?)"] * len(mapping))), tuple(rows))

    def keys(self, scope):
        return sorted(key for (key,) in self.db.execute(KEYS, (scope,)))

    def delete(self, scope):
        self.db.execute(DELETE, (scope,))


class Model(OurStore):
    name = "statestore ModelStore"
    alias = "sqlite"


class Cursor(Sqlite3):
    """The same statements through Django's cursor."""

    name = "Django's cursor, raw SQL"

    def open(self):
        from django.db import connections

        self.connection = connections["sqlite"]
        with self.connection.cursor() as cursor:
            cursor.execute(TABLE)
        self.db = self
        return self

    def execute(self, sql, params):
        with self.connection.cursor() as cursor:
            cursor.execute(sql.replace("?", "%s"), params)
            return Rows(cursor.fetchall())


class Rows(list):
    def fetchone(self):
        return self[0] if self else None


class DiskCache(Contender):
    name = "diskcache"
    is_peer = True

    @classmethod
    def is_here(cls):
        return importlib.util.find_spec("diskcache") is not None

    def open(self):
        from diskcache import Cache
        from django.conf import settings

        self.cache = Cache(settings.SCRATCH / "diskcache")
        return self

    def get(self, scope, key):
        return self.cache[f"{scope}/{key}"]

    def set(self, scope, key, value):
        self.cache[f"{scope}/{key}"] = value

    def get_list(self, scope, keys):
        return [self.cache[f"{scope}/{key}"] for key in keys]

    def set_many(self, scope, mapping):
        with self.cache.transact():
            for key, value in mapping.items():
                self.set(scope, key, value)


class Naive(NaiveOrm):
    database = "sqlite"


class Lean(LeanOrm):
    database = "sqlite"


CONTENDERS = [Sqlite3, Model, Cursor, Naive, Lean, DiskCache]
