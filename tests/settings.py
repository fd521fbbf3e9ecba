"""Django settings for the tests: a store on everything that runs here.

SQLite, local memory, a database cache and a file cache are always there. The servers are those that
`python -m tests.servers` tells of; without it the tests that need one are left out.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import pymysql

from tests.servers import addresses

pymysql.install_as_MySQLdb()

SERVERS = addresses()
RUN = f"{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"  # what runs side by side must not meet

SCRATCH = Path(tempfile.mkdtemp(prefix="statestore-tests-"))
atexit.register(shutil.rmtree, SCRATCH, ignore_errors=True)


def sqlite(name):
    """A database in a file, so that threads and other processes see what a test wrote."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": SCRATCH / f"{name}.sqlite3",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
        "TEST": {"NAME": SCRATCH / f"test_{name}.sqlite3"},
    }


def database(name):
    """A database on a shared server, with a test database for this run alone."""
    return SERVERS[name]["django"] | {"TEST": {"NAME": f"test_statestore_{RUN}", "DEPENDENCIES": []}}


def roomy(backend, location=""):
    """A cache of Django's own that throws nothing out in the midst of a test."""
    path = f"django.core.cache.backends.{backend}"
    return {"BACKEND": path, "LOCATION": location, "OPTIONS": {"MAX_ENTRIES": 100_000}}


def cache(name):
    """A cache on a shared server, with keys for this run alone."""
    return SERVERS[name]["django"] | {"KEY_PREFIX": f"tests-{RUN}"}


DATABASES = {"default": sqlite("default")}
DATABASES |= {name: database(name) for name in ("postgres", "mariadb") if name in SERVERS}

CACHES = {
    "default": roomy("locmem.LocMemCache"),
    "dbcache": roomy("db.DatabaseCache", "dbcache"),
    "filecache": roomy("filebased.FileBasedCache", SCRATCH / "filecache"),
}
CACHES |= {name: cache(name) for name in ("redis", "valkey", "memcached") if name in SERVERS}


PATIENT = {"timeout": 60}  # seconds; what has no time to answer on a busy machine is well all the same


def cache_store(alias):
    return {"BACKEND": "statestore.backends.CacheStore", "OPTIONS": {"cache": alias, **PATIENT}}


def model_store(alias):
    return {"BACKEND": "statestore.backends.ModelStore", "OPTIONS": {"database": alias, **PATIENT}}


def layered_store(durable, fast):
    return {
        "BACKEND": "statestore.backends.LayeredStore",
        "OPTIONS": {"durable": durable, "fast": fast, "trust": 0.1},
    }


STATESTORE = {
    "STORES": {
        "default": {"BACKEND": "statestore.backends.ModelStore"},
        "memory": {"BACKEND": "statestore.backends.MemoryStore"},
        "locmem": cache_store("default"),
        **{name: cache_store(name) for name in CACHES if name != "default"},
        **{name: model_store(name) for name in DATABASES if name != "default"},
        "layered": layered_store("default", "locmem"),
        **(
            {"layered-servers": layered_store("postgres", "valkey")}
            if {"postgres", "valkey"} <= set(SERVERS)
            else {}
        ),
    },
}

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.admin",
    "django.contrib.staticfiles",
    "rest_framework",
    "statestore",
    "project.demo",
]

MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

SECRET_KEY = "only for the tests"
ROOT_URLCONF = "tests.urls"
STATIC_URL = "static/"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick; nobody's secret
