"""On one PostgreSQL."""

import orjson

from .base import Contender, OurStore
from .constance import Constance
from .orm import LeanOrm, NaiveOrm
from .sessions import Sessions

COLUMNS = 'scope text COLLATE "C", key text COLLATE "C", value text, PRIMARY KEY (scope, key)'
TABLE = f"CREATE TABLE IF NOT EXISTS hand ({COLUMNS})"
GET = "SELECT value FROM hand WHERE scope = %s AND key = %s"
SET = "INSERT INTO hand VALUES (%s, %s, %s) ON CONFLICT (scope, key) DO UPDATE SET value = excluded.value"
GET_LIST = "SELECT key, value FROM hand WHERE scope = %s AND key = ANY(%s)"
SET_MANY = (
    "INSERT INTO hand SELECT %s, k, v FROM unnest(%s::text[], %s::text[]) AS given (k, v) "
    "ON CONFLICT (scope, key) DO UPDATE SET value = excluded.value"
)
SET_MANY_JSON = (
    "INSERT INTO hand SELECT %s, key, value FROM json_each_text(%s) "
    "ON CONFLICT (scope, key) DO UPDATE SET value = excluded.value"
)
KEYS = "SELECT key FROM hand WHERE scope = %s"
DELETE = "DELETE FROM hand WHERE scope = %s"


def text(value):
    return orjson.dumps(value).decode()


class Hand(Contender):
    """The statements; ``run`` says on what."""

    def run(self, sql, params):
        raise NotImplementedError

    def get(self, scope, key):
        return orjson.loads(self.run(GET, (scope, key)).fetchone()[0])

    def set(self, scope, key, value):
        self.run(SET, (scope, key, text(value)))

    def get_list(self, scope, keys):
        found = dict(self.run(GET_LIST, (scope, keys)).fetchall())
        return [orjson.loads(found[key]) for key in keys]

    def set_many(self, scope, mapping):
        self.run(SET_MANY, (scope, list(mapping), [text(value) for value in mapping.values()]))

    def keys(self, scope):
        return sorted(key for (key,) in self.run(KEYS, (scope,)).fetchall())

    def delete(self, scope):
        self.run(DELETE, (scope,))


class Psycopg(Hand):
    name = "psycopg, hand-written, prepared"

    def open(self):
        import psycopg
        from django.conf import settings

        self.connection = psycopg.connect(settings.SERVERS["postgres"]["url"], autocommit=True, prepare_threshold=0)
        self.connection.execute(TABLE)
        return self

    def run(self, sql, params):
        return self.connection.execute(sql, params)


class PsycopgJson(Psycopg):
    """Many values as one JSON parameter."""

    name = "psycopg, the same, bulk as JSON"

    def set_many(self, scope, mapping):
        texts = {key: text(value) for key, value in mapping.items()}
        self.run(SET_MANY_JSON, (scope, orjson.dumps(texts).decode()))


class Cursor(Hand):
    """The same statements through Django's cursor."""

    name = "Django's cursor, raw SQL"

    def open(self):
        from django.db import connections

        self.connection = connections["postgres"]
        with self.connection.cursor() as cursor:
            cursor.execute(TABLE)
        return self

    def run(self, sql, params):
        cursor = self.connection.cursor()
        cursor.execute(sql, params)
        return cursor


class Model(OurStore):
    name = "statestore ModelStore"
    alias = "postgres"


class Naive(NaiveOrm):
    database = "postgres"


class Lean(LeanOrm):
    database = "postgres"


class DatabaseSessions(Sessions):
    name = "Django sessions in the database"
    engine = "db"


class DatabaseConstance(Constance):
    name = "django-constance in the database"
    backend = "database.DatabaseBackend"


CONTENDERS = [Psycopg, PsycopgJson, Model, Cursor, Naive, Lean, DatabaseSessions, DatabaseConstance]
