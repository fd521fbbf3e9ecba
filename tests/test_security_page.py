"""The threat model names the tests that cover it; here they are looked for."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
NAMED = re.findall(r"^- `(test_\w+)`$", PAGE, re.MULTILINE)
WRITTEN = {
    name
    for folder in (ROOT / "tests", ROOT / "statestore" / "testing")
    for path in folder.rglob("*.py")
    for name in re.findall(r"^\s*(?:async )?def (test_\w+)\(", path.read_text("utf-8"), re.MULTILINE)
}


@pytest.mark.parametrize("name", NAMED)
def test_named_test_exists(name):
    assert name in WRITTEN


def test_every_threat_names_its_tests():
    threats = re.split(r"^### ", PAGE, flags=re.MULTILINE)[1:]
    assert len(threats) >= 9
    assert [threat.splitlines()[0] for threat in threats if "- `test_" not in threat] == []
    assert len(NAMED) > 40
