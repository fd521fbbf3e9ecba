"""A site with every store and every peer that is measured."""

import atexit
import shutil
import tempfile
from pathlib import Path

from tests.servers import addresses

SERVERS = addresses()
SCRATCH = Path(tempfile.mkdtemp(prefix="statestore-bench-"))
atexit.register(shutil.rmtree, SCRATCH, ignore_errors=True)

SQLITE = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": SCRATCH / "bench.sqlite3",
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    },
}
DATABASES = {"sqlite": SQLITE}
CACHES = {"locmem": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 10**6}}}
STORES = {
    "memory": {"BACKEND": "statestore.backends.MemoryStore"},
    "locmem": {"BACKEND": "statestore.backends.CacheStore", "OPTIONS": {"cache": "locmem"}},
    "sqlite": {"BACKEND": "statestore.backends.ModelStore", "OPTIONS": {"database": "sqlite"}},
}

if "postgres" in SERVERS:
    DATABASES["postgres"] = SERVERS["postgres"]["django"]
    STORES["postgres"] = {"BACKEND": "statestore.backends.ModelStore", "OPTIONS": {"database": "postgres"}}
if "valkey" in SERVERS:
    REDIS_URL = SERVERS["valkey"]["url"]
    CACHES["django-redis"] = {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": REDIS_URL}
    CACHES["django"] = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    CONSTANCE_REDIS_CONNECTION = REDIS_URL
    STORES["redis"] = {"BACKEND": "statestore.backends.CacheStore", "OPTIONS": {"cache": "django-redis"}}

if {"postgres", "redis"} <= STORES.keys():
    options = {"cache": "django-redis", "prefix": "layered"}
    STORES["layered-fast"] = {"BACKEND": "statestore.backends.CacheStore", "OPTIONS": options}
    STORES["layered"] = {
        "BACKEND": "statestore.backends.LayeredStore",
        "OPTIONS": {"durable": "postgres", "fast": "layered-fast"},
    }

# Sessions and django-constance know one database and one cache only: the default ones.
DATABASES["default"] = DATABASES.get("postgres", SQLITE)
CACHES["default"] = CACHES.get("django", CACHES["locmem"])
STATESTORE = {"STORES": {"default": {"BACKEND": "statestore.backends.MemoryStore"}, **STORES}}

CONSTANCE_CONFIG = {}
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "constance",
    "statestore",
    "benchmarks",
]
SECRET_KEY = "only for measuring"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
