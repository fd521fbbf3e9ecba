"""The table of all proofs: what goes wrong is in it, and makes it fail."""

import pytest

from tests.prove import crash, kill, likeness, register, revive, soak, updates
from tests.prove.soak import Row, tried
from tests.servers import ServerUnavailable

GOOD = Row("a proof", "a", 3, 100, 0, 7, "ok")


def proof(size, name):
    if name == "a":
        return GOOD
    if name == "b":
        raise ServerUnavailable("no b here\nand a log")
    raise RuntimeError("exit codes")


def test_what_is_raised_is_a_row_and_the_others_go_on(monkeypatch):
    monkeypatch.setattr(soak, "PROOFS", {proof: lambda: ["a", "b", "c"]})
    found = list(soak.rows(soak.SHORT, []))
    assert [row[-1] for row in found] == ["ok", "NOT RUN: no b here", "FAILED: RuntimeError: exit codes"]
    assert all(len(row) == len(soak.HEADER) for row in found)


def test_words_choose(monkeypatch):
    monkeypatch.setattr(soak, "PROOFS", {proof: lambda: ["a", "b", "c"]})
    assert [row[1] for row in soak.rows(soak.SHORT, ["proof a", "c"])] == ["a", "c"]


@pytest.fixture
def figures(monkeypatch):
    """What the proofs find, made up: nothing wrong, and every control caught."""
    monkeypatch.setattr(likeness, "run", lambda *_: None)
    monkeypatch.setattr(likeness, "forgetting_is_found_out", lambda store: True)
    monkeypatch.setattr(updates, "lost", lambda store, way, *_: 7 if way == "naive" else 0)
    run = ("memory", "", 0, 3, 100, 50, 5, 0, 0, 0, "ok")
    monkeypatch.setattr(register, "prove", lambda *_: run)
    monkeypatch.setattr(register, "prove_controls", lambda *_: [(*run[:-2], 3, "ok"), (*run[:-2], 4, "ok")])
    safe, unsafe = ("s", "on", "writers", 3, 90, 0, 0, "ok"), ("s", "off", "writers", 3, 90, 5, 0, "ok")
    monkeypatch.setattr(crash, "prove", lambda *_, safe_=(safe, unsafe), safe=True: safe_[not safe])
    monkeypatch.setattr(kill, "prove", lambda *_: ("s", "on", 9, 3, "1 to 2", 0, 1, "x", "x", "ok"))
    monkeypatch.setattr(kill, "control", lambda *_: ("s", "off", 9, 3, "1 to 2", 4, "", "", "", "ok"))
    monkeypatch.setattr(revive, "lost", lambda *how: (9, 0) if revive.clean_by_hand in how else (0, 0))


@pytest.mark.parametrize(
    ("way", "wrong", "control"),
    [
        (soak.like_a_dict, 0, 1),
        (soak.counters, 0, 7),
        (soak.registers, 0, "3 and 4"),
        (soak.killed_writers, 0, 5),
        (soak.killed_cleaners, 0, 4),
        (soak.revived, 0, 9),
    ],
)
def test_a_row_has_the_losses_and_the_controls(figures, way, wrong, control):
    row = tried(way, soak.SHORT, "memory")
    assert (row.wrong, row.control, row.verdict) == (wrong, control, "ok")


def test_a_control_that_loses_nothing_is_no_proof(figures, monkeypatch):
    monkeypatch.setattr(updates, "lost", lambda *_: 0)
    monkeypatch.setattr(revive, "lost", lambda *_: (0, 0))
    monkeypatch.setattr(likeness, "forgetting_is_found_out", lambda store: False)
    ways = (soak.like_a_dict, soak.counters, soak.revived)
    verdicts = {tried(way, soak.SHORT, "memory").verdict for way in ways}
    assert verdicts == {"THE CONTROL LOST NOTHING"}


def test_a_loss_is_told(figures, monkeypatch):
    monkeypatch.setattr(updates, "lost", lambda *_: 1)
    monkeypatch.setattr(revive, "lost", lambda *_: (1, 0))
    assert [tried(way, soak.SHORT, "memory").verdict for way in (soak.counters, soak.revived)] == ["BROKEN"] * 2
