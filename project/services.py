"""Where the site's data lives, out of two addresses: ``DATABASE_URL`` and ``REDIS_URL``."""

from pathlib import Path

import dj_database_url
import pymysql

# Writers wait for each other for up to 20 s, and take their turn at the start of a transaction (IMMEDIATE), since
# one that begins as a reader can't become a writer once another has written. In WAL mode nobody waits to read.
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
}
OPTIONS = {
    "django.db.backends.sqlite3": SQLITE_OPTIONS,
    "django.db.backends.mysql": {"charset": "utf8mb4"},
}
LOCAL_MEMORY = {
    "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
    "OPTIONS": {"MAX_ENTRIES": 100_000},  # with the usual 300 it would soon throw state out
}

pymysql.install_as_MySQLdb()


def database(url, otherwise: Path):
    """Return the entry for ``DATABASES`` that ``url`` names; without one, SQLite in the file ``otherwise``."""
    if not url:
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": otherwise, "OPTIONS": SQLITE_OPTIONS}
    found = dj_database_url.parse(url.replace("mariadb://", "mysql://", 1))
    found["OPTIONS"] = OPTIONS.get(found["ENGINE"], {}) | found.get("OPTIONS", {})
    return found


def cache(url):
    """Return the entry for ``CACHES`` that ``url`` names: Redis or Valkey, or without one this process's memory."""
    if not url:
        return LOCAL_MEMORY
    return {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": url, "KEY_PREFIX": "demo"}
