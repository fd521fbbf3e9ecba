"""The site's settings. It runs with none of its variables set: on SQLite and local memory, for this machine alone.

DATABASE_URL   postgres://…, mysql://…, sqlite:///…   where the durable state lives
REDIS_URL      redis://…                              where the cache and the store ``fast`` live
FLOWS_STORE    default, fast, memory                  the store that keeps the flows' state
DEBUG          1 or 0                                 without it the site needs SECRET_KEY
SECRET_KEY, ALLOWED_HOSTS (by commas)                 as Django has them
"""

import os
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from uuid import getnode

from django.core.exceptions import ImproperlyConfigured

from project import services

BASE_DIR = Path(__file__).resolve().parent.parent
DEBUG = os.environ.get("DEBUG", "1").lower() in ("1", "true", "yes", "on")
SECRET_KEY = os.environ.get("SECRET_KEY", "")
if not SECRET_KEY and not DEBUG:
    raise ImproperlyConfigured("Without DEBUG the site needs a SECRET_KEY in the environment.")
if not SECRET_KEY:  # another on every machine, the same after every start: sign-ins last, and no file is needed
    SECRET_KEY = sha256(f"{getnode()} {BASE_DIR}".encode()).hexdigest()

ALLOWED_HOSTS = [host for host in os.environ.get("ALLOWED_HOSTS", "").split(",") if host] or [
    "127.0.0.1",
    "[::1]",
    ".localhost",
]

# -- where things live

DATABASES = {"default": services.database(os.environ.get("DATABASE_URL"), BASE_DIR / "demo.sqlite3")}
CACHES = {"default": services.cache(os.environ.get("REDIS_URL"))}

STATESTORE = {
    "STORES": {
        "default": {"BACKEND": "statestore.backends.ModelStore"},
        "fast": {"BACKEND": "statestore.backends.CacheStore", "OPTIONS": {"cache": "default"}},
        "memory": {"BACKEND": "statestore.backends.MemoryStore"},
        "flows": os.environ.get("FLOWS_STORE", "default"),
    },
    "SCOPES": {"tenant": "project.demo.tenants.tenant_scope"},
    "CLEAN": {
        "session": {"idle": "30d"},
        "user": {"idle": "365d"},
        # A node's scope begins with the node's id: flows are no family, but all that no other family claims.
        "": {"active": "project.demo.flows.active_scopes", "store": "flows"},
    },
    "API": {"POLICY": "project.demo.policy.StaffAndOwners"},
}
# That the store `fast` lives in one process while there is no Redis, is said in docs/demo.md, not at every start.
SILENCED_SYSTEM_CHECKS = [] if os.environ.get("REDIS_URL") else ["statestore.W002"]

# -- the site

HAS_API = find_spec("statestore.api") is not None and find_spec("statestore.api.urls") is not None

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "statestore",
    "project.demo",
    *(["rest_framework", "drf_spectacular", "drf_spectacular_sidecar"] if HAS_API else []),
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "project.demo.middleware.ContentSecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "statestore.middleware.StateMiddleware",
    "project.demo.middleware.StoreTrouble",
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
                "statestore.context_processors.state",
                "project.demo.theme.theme",
            ],
        },
    },
]

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.SessionAuthentication",
        "project.demo.signing_in.BasicForPrograms",
    ],
}
SPECTACULAR_SETTINGS = {
    "TITLE": "statestore",
    "VERSION": "1",
    "DESCRIPTION": "Scoped state over HTTP.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",  # from the package: the site fetches nothing from elsewhere
}

ROOT_URLCONF = "project.urls"
WSGI_APPLICATION = "project.wsgi.application"
ASGI_APPLICATION = "project.asgi.application"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "home"
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SECURE_REFERRER_POLICY = "same-origin"
