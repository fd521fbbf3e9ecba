"""Known vulnerabilities of what is installed, where pip-audit reaches a database of them."""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow
KNOWN = "jinja2==2.4.1"  # its flaws are in every such database: without them there is none


def audit(*what):
    """Return what pip-audit has looked up, as (name, its flaws); nothing where it found no database."""
    how = ["--format", "json", "--progress-spinner", "off", "--timeout", "20"]
    command = [sys.executable, "-m", "pip_audit", *how, *map(str, what)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)["dependencies"] if done.stdout else []
    return [(one["name"], one["vulns"]) for one in found if "vulns" in one]


@pytest.fixture
def _database(tmp_path):
    planted = tmp_path / "requirements.txt"
    planted.write_text(KNOWN)
    if not any(flaws for _, flaws in audit("--requirement", planted, "--no-deps", "--disable-pip")):
        pytest.skip(f"NOT TESTED: pip-audit reaches no database here that knows the flaws of {KNOWN}")


@pytest.mark.usefixtures("_database")
def test_nothing_installed_has_a_known_vulnerability():
    found = audit()
    if not found:
        pytest.skip("NOT TESTED: pip-audit's database could not be reached a second time")
    assert "django" in {name.lower() for name, _ in found}
    assert [(name, flaw["id"], flaw["fix_versions"]) for name, flaws in found for flaw in flaws] == []
