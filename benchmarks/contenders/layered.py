"""A durable store behind a fast one, beside the fast one alone: what the layer costs where it hits."""

import orjson

from .base import OurStore
from .postgresql import Psycopg
from .redis import Cache, RedisPy


class Layered(OurStore):
    name = "statestore LayeredStore"
    alias = "layered"


class CacheAside(RedisPy):
    """By hand: written to both, and read from PostgreSQL where Redis has nothing. What it reads may be stale."""

    name = "cache-aside, hand-written"

    def open(self):
        self.behind = Psycopg().open()
        return super().open()

    def get(self, scope, key):
        text = self.client.hget(scope, key)
        return self.behind.get(scope, key) if text is None else orjson.loads(text)

    def set(self, scope, key, value):
        self.behind.set(scope, key, value)
        super().set(scope, key, value)

    def set_many(self, scope, mapping):
        self.behind.set_many(scope, mapping)
        super().set_many(scope, mapping)

    def delete(self, scope):
        self.behind.delete(scope)
        super().delete(scope)


CONTENDERS = [Cache, Layered, CacheAside]
