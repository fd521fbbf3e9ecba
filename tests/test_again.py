"""What failed is heard again by `make again`: a fault fails, a test that wavers is named."""

import json

import pytest

from tests import again

ALWAYS = "def test_it(): assert 0\n"
NEVER = "def test_it(): pass\n"
AT_TIMES = """
from pathlib import Path

def test_it():
    runs = Path(__file__).with_name("runs")
    runs.write_text(runs.read_text() + "." if runs.exists() else ".")
    assert len(runs.read_text()) != 3
"""


@pytest.mark.slow
@pytest.mark.parametrize(("body", "passes"), [(ALWAYS, False), (AT_TIMES, False), (NEVER, True)])
def test_a_test_has_to_pass_each_time(tmp_path, monkeypatch, body, passes):
    (tmp_path / "test_it.py").write_text(body)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:cacheprovider -p no:django -p no:randomly -c /dev/null")
    assert again.passes_alone("test_it.py::test_it") is passes


@pytest.mark.parametrize("count", [0, 4])
def test_nothing_and_much_are_heard_no_more(monkeypatch, count):
    monkeypatch.setattr(again, "failed", lambda: ["test"] * count)
    monkeypatch.setattr(again, "passes_alone", None)
    with pytest.raises(SystemExit, match=f"{count} tests"):
        again.main()


@pytest.mark.parametrize("good", [True, False])
def test_each_is_named_and_one_fault_is_enough(monkeypatch, capsys, good):
    monkeypatch.setattr(again, "failed", lambda: ["tests/a.py::wavers", "tests/b.py::other"])
    monkeypatch.setattr(again, "passes_alone", lambda test: good or "wavers" in test)
    with pytest.raises(SystemExit) as ended:
        again.main()
    assert bool(ended.value.code) is not good
    assert "WAVERS, passed 5 times alone: tests/a.py::wavers" in capsys.readouterr().out


def test_a_run_that_never_began_left_nothing_to_hear(tmp_path):
    assert again.failed(tmp_path) == []


@pytest.mark.parametrize(
    ("ended", "failures", "heard"),
    [
        (1, ["tests/a.py::test_it"], ["tests/a.py::test_it"]),
        (2, ["tests/a.py::test_it"], []),  # broken off: nobody knows of the others
        (3, ["tests/a.py::test_it"], []),
        (1, ["tests/a.py::test_it", "tests/b.py"], []),  # a file that could not be read: its tests never ran
    ],
)
def test_only_a_run_that_came_to_its_end_is_heard_again(tmp_path, ended, failures, heard):
    for name, said in {"statestore/ended": ended, "cache/lastfailed": dict.fromkeys(failures, True)}.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(json.dumps(said))
    assert again.failed(tmp_path) == heard
