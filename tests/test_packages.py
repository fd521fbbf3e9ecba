"""What is published: a wheel with which the tutorial can be done, and an sdist with the tests in it."""

import subprocess
import sys
import tarfile
import venv
import zipfile
from email import message_from_string
from pathlib import Path

import pytest

from tests.tutorial import follow

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.slow
SAID = [
    "Visit 1. 0 like this site.", "Visit 2. 0 like this site.", "Visit 1. 0 like this site.", "1 like this site.",
    "Visit 3. 1 like this site.",
]  # fmt: skip


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, (command, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    where = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-d", where, cwd=ROOT)
    return where


def test_tutorial_can_be_done_from_here(tmp_path):
    said = follow(sys.executable, tmp_path, {"PYTHONPATH": str(ROOT)})
    assert "\n".join(SAID) in "\n".join(said)


def test_tutorial_can_be_done_with_the_wheel_in_a_fresh_environment(built, tmp_path):
    wheel = next(built.glob("*.whl"))
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    run(python, "-m", "pip", "install", "-q", "--disable-pip-version-check", f"{wheel}[typed]")
    site = tmp_path / "site"
    site.mkdir()
    said = follow(str(python), site, {"PYTHONPATH": ""})
    assert "\n".join(SAID) in "\n".join(said)


def test_wheel_has_every_file_of_the_package(built):
    names = set(zipfile.ZipFile(next(built.glob("*.whl"))).namelist())
    here = {str(path.relative_to(ROOT)) for path in (ROOT / "statestore").rglob("*") if path.is_file()}
    assert {name for name in here if "__pycache__" not in name} - names == set()
    assert {"statestore/py.typed", "statestore/scope.pyi"} <= names


def test_wheel_says_what_it_needs_and_what_each_face_needs(built):
    wheel = zipfile.ZipFile(next(built.glob("*.whl")))
    said = message_from_string(wheel.read(next(n for n in wheel.namelist() if n.endswith("METADATA"))).decode())
    needed = [need for need in said.get_all("Requires-Dist") if "extra ==" not in need]
    assert (said["License-Expression"], said["Requires-Python"]) == ("BSD-3-Clause", ">=3.11")
    assert sorted(need.partition(">")[0].lower() for need in needed) == ["django", "orjson"]
    assert {"redis", "api", "openapi", "typed", "metrics", "tracing"} == set(said.get_all("Provides-Extra"))


def test_sdist_has_the_tests_the_documentation_and_the_examples(built):
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    wanted = ["tests/test_packages.py", "tests/settings.py", "docs/tutorial.md", "examples/file_store.py"]
    wanted += ["README.md", "LICENSE", "CHANGELOG.md", "Makefile", "requirements-dev.txt", "manage.py"]
    wanted += ["project/settings.py", "noxfile.py", "tests/foreign/purista.json"]
    assert [name for name in wanted if name not in names] == []
