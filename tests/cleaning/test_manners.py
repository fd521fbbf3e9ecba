"""What clean_context says and asks, and how it ends."""

import io
import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from statestore import MemoryStore, cleanrules
from statestore.cleanrules import Rule
from tests.cleaning.command import clean, fill, flows_alive, left, rules


def test_json_is_one_object_and_nothing_else(store, clock):
    fill(store, "flow:1", "flow:2")
    clock.tick()
    with rules(flow={"active": flows_alive}):
        said = clean("--format", "json")
    counts = {"examined": 2, "removed": 1, "kept": 1, "entries": 2, "dry_run": False}
    step = {"store": "default", "family": "flow", "prefix": "flow:", **counts}
    assert json.loads(said) == {**counts, "complete": True, "error": None, "steps": [step]}
    assert said.count("\n") == 1


def test_quiet_when_told(store, clock):
    assert clean("--idle", "0s", verbosity=0) == ""


class Down(Exception):
    pass


def test_store_that_fails_midway_is_told_with_what_was_done(store, clock, monkeypatch):
    fill(store, "flow:1", "flow:2", "flow:3")
    clock.tick()
    monkeypatch.setattr(store, "vendor_errors", (Down,))
    whole, calls = store._clean, []

    def fail_at_the_second(*args):
        calls.append(args)
        if len(calls) == 2:
            raise Down("connection reset")
        return whole(*args)

    monkeypatch.setattr(store, "_clean", fail_at_the_second)
    out = io.StringIO()
    with pytest.raises(CommandError, match=r"'default' is unavailable.*Until then 1 scope went") as caught:
        call_command("clean_context", "--idle", "0s", "--batch-size", "1", "--format", "json", stdout=out)
    assert caught.value.returncode == 3
    record = json.loads(out.getvalue())
    assert (record["complete"], record["removed"]) == (False, 1)
    assert "unavailable" in record["error"]
    assert left(store) == ["flow:2", "flow:3"]


@pytest.mark.parametrize("end", [Down("reset"), KeyboardInterrupt()], ids=["fails", "interrupted"])
def test_first_batch_that_breaks_off_is_not_said_to_have_removed_nothing(store, clock, monkeypatch, end):
    fill(store, "flow:1", "flow:2")
    clock.tick()
    monkeypatch.setattr(store, "vendor_errors", (Down,))
    whole = store._clean

    def break_off(names, *args):
        whole(list(names)[:1], *args)
        raise end

    monkeypatch.setattr(store, "_clean", break_off)
    with pytest.raises(CommandError, match=r" No batch was finished\.$"):
        clean("--idle", "0s")
    assert left(store) == ["flow:2"]


@pytest.mark.parametrize(("dry", "done"), [([], "No batch was finished."), (["--dry-run"], "Nothing was removed.")])
def test_store_that_is_down_from_the_start_gets_one_sentence_and_no_summary(store, monkeypatch, dry, done):
    def fail(*args):
        raise Down("refused")

    monkeypatch.setattr(store, "vendor_errors", (Down,))
    monkeypatch.setattr(store, "_scan", fail)
    out = io.StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("clean_context", "--idle", "0s", *dry, stdout=out)
    assert (str(caught.value), caught.value.returncode, out.getvalue()) == (
        f"The store 'default' is unavailable (Down). {done}", 1, "",
    )  # fmt: skip


@pytest.mark.parametrize("size", [0, -5])
def test_batch_that_is_none_is_refused_before_anything_is_said(store, size):
    out = io.StringIO()
    with pytest.raises(CommandError, match=r"^--batch-size is a whole number above 0\.$"):
        call_command("clean_context", "--idle", "0s", "--batch-size", str(size), stdout=out)
    assert out.getvalue() == ""


def test_interrupt_is_told_with_what_was_done(store, clock, monkeypatch):
    fill(store, "flow:1", "flow:2")
    clock.tick()
    whole = store._clean

    def interrupted(names, *args):
        if "flow:2" in names:
            raise KeyboardInterrupt
        return whole(names, *args)

    monkeypatch.setattr(store, "_clean", interrupted)
    with pytest.raises(CommandError, match=r"^Interrupted\. Until then 1 scope went\.") as caught:
        clean("--idle", "0s", "--batch-size", "1")
    assert caught.value.returncode == 130
    clean("--idle", "0s", "--batch-size", "1", "--dry-run")
    assert left(store) == ["flow:2"]


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("answer", "goes"), [("yes\n", True), ("YES\n", True), ("y\n", False), ("", False)])
def test_a_person_is_asked(store, clock, monkeypatch, answer, goes):
    fill(store, "flow:1")
    clock.tick()
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    err = io.StringIO()
    if goes:
        call_command("clean_context", "--active", "a", "--idle", "0s", stdout=io.StringIO(), stderr=err)
    else:
        with pytest.raises(CommandError, match="Not confirmed"):
            call_command("clean_context", "--active", "a", "--idle", "0s", stderr=err)
    assert "from the store 'default' every scope but for what is covered by 1 active id" in err.getvalue()
    assert left(store) == ([] if goes else ["flow:1"])


@pytest.mark.parametrize("option", ["--noinput", "--no-input", "--dry-run"])
def test_nobody_is_asked_when_told_so(store, clock, monkeypatch, option):
    monkeypatch.setattr("sys.stdin", Terminal(""))
    assert "Examined 0 scopes" in clean("--idle", "0s", option)


def test_progress_is_for_terminals_and_wiped_at_the_end(store, clock):
    fill(store, "flow:1", "flow:2")
    clock.tick()
    err = Terminal()
    call_command("clean_context", "--idle", "0s", "--batch-size", "1", stdout=io.StringIO(), stderr=err)
    assert err.getvalue() == "\r\033[Kdefault: 1 examined, 1 removed (2 entries), 0 kept\r\033[K"


def test_rules_of_the_settings_are_read_when_needed():
    with rules(flow={"active": flows_alive, "idle": "2h", "store": "fast"}):
        assert cleanrules.configured_rules() == [Rule("flow", flows_alive, timedelta(hours=2), ("fast",))]
    assert cleanrules.configured_rules() == []


def test_the_first_steps_are_small_so_that_progress_shows_soon():
    store = MemoryStore()
    for number in range(800):
        store.set(f"s{number}", "k", 1)
    told = []
    store.clean([], progress=told.append)
    assert [one.examined for one in told] == [250, 750, 800]
