"""On one Valkey or Redis."""

import orjson
import redis

from .base import Contender, OurStore
from .constance import Constance
from .django_caches import DjangoCache
from .sessions import Sessions


def url():
    from django.conf import settings

    return settings.REDIS_URL


class RedisPy(Contender):
    """One hash a scope."""

    name = "redis-py, hand-written"
    options = {}

    def open(self):
        self.client = redis.Redis.from_url(url(), **self.options)
        return self

    def get(self, scope, key):
        return orjson.loads(self.client.hget(scope, key))

    def set(self, scope, key, value):
        self.client.hset(scope, key, orjson.dumps(value))

    def get_list(self, scope, keys):
        return [orjson.loads(text) for text in self.client.hmget(scope, keys)]

    def set_many(self, scope, mapping):
        self.client.hset(scope, mapping={key: orjson.dumps(value) for key, value in mapping.items()})

    def keys(self, scope):
        return sorted(key.decode() for key in self.client.hkeys(scope))

    def delete(self, scope):
        self.client.delete(scope)


class SingleConnection(RedisPy):
    """The same without the pool."""

    name = "redis-py, single-connection client"

    def open(self):
        self.client = redis.Redis.from_url(url(), single_connection_client=True)
        return self


class BareConnection(Contender):
    """The same below redis-py's client: nothing is repeated, nothing is checked."""

    name = "redis-py, its Connection alone"

    def open(self):
        self.connection = redis.ConnectionPool.from_url(url()).get_connection()
        return self

    def _ask(self, *command):
        self.connection.send_packed_command(self.connection.pack_command(*command), check_health=False)
        return self.connection.read_response()

    def get(self, scope, key):
        return orjson.loads(self._ask("HGET", scope, key))

    def set(self, scope, key, value):
        self._ask("HSET", scope, key, orjson.dumps(value))

    def get_list(self, scope, keys):
        return [orjson.loads(text) for text in self._ask("HMGET", scope, *keys)]

    def set_many(self, scope, mapping):
        self._ask("HSET", scope, *(part for key, value in mapping.items() for part in (key, orjson.dumps(value))))

    def keys(self, scope):
        return sorted(key.decode() for key in self._ask("HKEYS", scope))

    def delete(self, scope):
        self._ask("DEL", scope)


class Cache(OurStore):
    name = "statestore CacheStore"
    alias = "redis"


class DjangoRedis(DjangoCache):
    name = "django-redis"
    alias = "django-redis"

    def keys(self, scope):
        return sorted(key.removeprefix(f"{scope}/") for key in self.cache.keys(f"{scope}/*"))

    def delete(self, scope):
        self.cache.delete_pattern(f"{scope}/*")


class DjangoRedisCache(DjangoCache):
    name = "Django RedisCache"
    alias = "django"


class CachedSessions(Sessions):
    name = "Django sessions on RedisCache"
    engine = "cache"


class RedisConstance(Constance):
    name = "django-constance on Redis"
    backend = "redisd.RedisBackend"


CONTENDERS = [
    RedisPy,
    SingleConnection,
    BareConnection,
    Cache,
    DjangoRedis,
    DjangoRedisCache,
    CachedSessions,
    RedisConstance,
]
