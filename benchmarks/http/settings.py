"""A site with the API and its contenders. BENCH_DIRECTORY has its database; BENCH_SITE says which of two it is.

`open`: no middleware and nobody signs in. `closed`: the middleware of `startproject`, and staff with a session.
"""

import os
from pathlib import Path

from tests.servers import addresses

CLOSED = os.environ.get("BENCH_SITE") == "closed"
REDIS_URL = addresses()["valkey"]["url"]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": Path(os.environ["BENCH_DIRECTORY"]) / "site.sqlite3",
        "CONN_MAX_AGE": None,
    }
}
CACHES = {"default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": REDIS_URL}}
STATESTORE = {
    "STORES": {"default": {"BACKEND": "statestore.backends.CacheStore"}},
    "API": {} if CLOSED else {"POLICY": "benchmarks.http.views.Anybody"},
}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"] if CLOSED else [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
] * CLOSED

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "rest_framework",
    "statestore",
]
SESSION_ENGINE = "django.contrib.sessions.backends.cache"
ROOT_URLCONF = "benchmarks.http.views"
ALLOWED_HOSTS = ["127.0.0.1"]
SECRET_KEY = "only for measuring"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
