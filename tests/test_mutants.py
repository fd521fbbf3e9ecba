"""The planted bugs still fit the code, and one that survives is told. `make mutants` plants them all."""

from pathlib import Path

import pytest

import statestore
from tests.mutants import __main__ as mutants
from tests.mutants.bugs import BUGS

HOUSE = Path(statestore.__file__).parent


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_planted_bug_fits_the_code(bug):
    sound = (HOUSE / bug.file).read_text("utf-8")
    assert sound.count(bug.right) == 1
    compile(sound.replace(bug.right, bug.wrong), bug.file, "exec")


@pytest.fixture
def tree(tmp_path):
    bug = BUGS[0]
    file = tmp_path / "statestore" / bug.file
    file.parent.mkdir(parents=True)
    file.write_text(bug.right, "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ([(0, "3 passed"), (1, "FAILED tests/x.py::test_it[a] - why\n")], "test_it[a]"),
        ([(0, "3 passed"), (None, "")], "the tests, which hang"),
        ([(0, "3 passed"), (0, "3 passed")], "NOTHING: IT SURVIVES"),
        ([(0, "3 passed"), (4, "no such file")], "NOTHING: IT SURVIVES"),
        ([(0, "3 skipped")], "THE TESTS DO NOT PASS WITHOUT IT EITHER"),
        ([(1, "FAILED tests/x.py::test_it")], "THE TESTS DO NOT PASS WITHOUT IT EITHER"),
    ],
)
def test_only_a_failing_test_catches_a_bug(tree, monkeypatch, answers, found):
    said = iter(answers)
    monkeypatch.setattr(mutants, "run", lambda bug, tree: next(said))
    assert mutants.look(BUGS[0], tree) == found
    assert (tree / "statestore" / BUGS[0].file).read_text("utf-8") == BUGS[0].right
    assert found.isupper() == (not found.startswith("t"))


def test_bug_that_no_longer_fits_is_told(tree):
    assert mutants.look(BUGS[0]._replace(right="something else"), tree).startswith("THE CODE HAS CHANGED")
