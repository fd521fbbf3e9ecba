"""``manage.py clean_context``: what goes, what stays, what it says, and what it refuses."""

import io
import json
import re
import signal
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.test import override_settings

from statestore import cleaning, cleanrules, stores
from statestore.cleanrules import Rule
from statestore.testing import Clock, override_stores

MEMORY = "statestore.backends.MemoryStore"
DAY = 86400


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(autouse=True)
def store(clock):
    with override_stores(fast={"BACKEND": MEMORY}, main="default"):
        for one in stores.all():
            one.clock = clock
        yield stores["default"]


def fill(store, *scopes):
    for scope in scopes:
        store.set_many(scope, {"a": 1, "b": 2})


def left(store):
    return [info.name for info in store.scopes()]


def clean(*args, **kwargs):
    """Run the command as from a shell; return what it says."""
    out = io.StringIO()
    call_command("clean_context", *args, stdout=out, stderr=io.StringIO(), **kwargs)
    return out.getvalue()


def refused(*args, **kwargs):
    """Run a command that must not remove anything; return the reason it gives."""
    before = left(stores["default"])
    with pytest.raises(CommandError) as caught:
        clean(*args, **kwargs)
    assert left(stores["default"]) == before
    assert caught.value.returncode == 1
    return str(caught.value)


def rules(**given):
    return override_settings(STATESTORE={**django_settings.STATESTORE, "CLEAN": given})


def failing():
    raise RuntimeError("the flows' own database is down")


def flows_alive():
    return ["flow:1"]


# -- by options


def test_active_ids_cover_their_scopes_and_what_is_below(store, clock):
    fill(store, "n1", "n1:f7", "n12", "f7", "global", "user:1", "user:12", "user:1:tab")
    clock.tick()
    said = clean("--active", "n1", "--active", "user:1")
    assert left(store) == ["global", "n1", "n1:f7", "user:1", "user:1:tab"]
    assert said == (
        "default: 8 examined, 3 removed (6 entries), 5 kept\nExamined 8 scopes, removed 3 (6 entries), kept 5.\n"
    )


def test_dry_run_counts_and_removes_nothing(store, clock):
    fill(store, "flow:1", "flow:2")
    clock.tick()
    said = clean("--active", "flow:1", "--dry-run")
    assert left(store) == ["flow:1", "flow:2"]
    assert said == (
        "default: 2 examined, 1 would be removed (2 entries), 1 kept\n"
        "Examined 2 scopes, would remove 1 (2 entries), keep 1.\n"
    )


def test_idle_alone_removes_what_was_not_used_for_so_long(store, clock):
    fill(store, "flow:1", "flow:2", "flow:3", "global")
    clock.tick(20 * DAY)
    store.touch("flow:2")
    store.set("flow:3", "a", 2)
    clock.tick(10 * DAY)
    clean("--idle", "30d")
    assert left(store) == ["flow:1", "flow:2", "flow:3", "global"]
    clock.tick(1)
    clean("--idle", "30d")
    assert left(store) == ["flow:2", "flow:3", "global"]


def test_idle_and_active_must_both_allow_it(store, clock):
    fill(store, "flow:1", "flow:2")
    clock.tick(2 * DAY)
    fill(store, "flow:3")
    clock.tick(DAY)
    clean("--idle", "2d", "--active", "flow:1")
    assert left(store) == ["flow:1", "flow:3"]


def test_prefix_confines_it(store, clock):
    fill(store, "flow:1", "flow:2", "user:1", "flows:1")
    clock.tick()
    clean("--active", "flow:1", "--prefix", "flow:")
    assert left(store) == ["flow:1", "flows:1", "user:1"]


def test_store_is_the_default_one_unless_told(store, clock):
    fill(store, "flow:1")
    fill(stores["fast"], "flow:1")
    clock.tick()
    clean("--idle", "0s", "--store", "fast")
    assert (left(store), left(stores["fast"])) == (["flow:1"], [])
    fill(stores["fast"], "flow:1")
    clean("--idle", "0s")
    assert (left(store), left(stores["fast"])) == ([], ["flow:1"])


def test_several_stores_and_two_names_of_one(store, clock):
    fill(store, "flow:1")
    fill(stores["fast"], "flow:1")
    clock.tick()
    said = clean("--idle", "0s", "--store", "default", "--store", "main", "--store", "fast", "--format", "json")
    assert [step["store"] for step in json.loads(said)["steps"]] == ["default", "fast"]
    assert (left(store), left(stores["fast"])) == ([], [])


def test_options_by_keyword_as_call_command_takes_them(store, clock):
    fill(store, "flow:1", "flow:2")
    clock.tick()
    clean(active="flow:1", store="main", idle="0s", interactive=False)
    assert left(store) == ["flow:1"]


def test_what_expired_goes_too(store, clock):
    store.set("flow:1", "a", 1, ttl=5)
    clock.tick(5)
    assert clean("--active", "x").endswith("Examined 0 scopes, removed 0 (0 entries), kept 0.\n")
    assert store._scopes == {}


def test_written_while_the_list_was_being_read_stays(store, clock):
    fill(store, "flow:old")

    def slow():
        clock.tick()
        fill(store, "flow:new")
        clock.tick()
        return ["flow:other"]

    steps = cleaning.plan([Rule(active=slow)])
    assert [report.removed for _, report in cleaning.run(steps)] == [1]
    assert left(store) == ["flow:new"]


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_batches_of_any_size_come_to_the_same(store, clock, size):
    fill(store, *(f"flow:{number}" for number in range(7)))
    clock.tick()
    clean("--active", "flow:3", "--batch-size", str(size))
    assert left(store) == ["flow:3"]


# -- lists from files


@pytest.fixture
def listed(tmp_path):
    def write(content):
        path = tmp_path / "list"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


EXPORT = [
    {"id": "n1", "type": "inject", "z": "f1", "wires": [["n2"]]},
    {"id": "b1", "type": "mqtt-broker", "z": ""},
    {"id": "s1", "type": "subflow", "in": [{"id": "deep", "wires": [{"id": "n9"}]}], "x": 1},
]


@pytest.mark.parametrize(
    ("content", "ids"),
    [
        ("flow:1\nflow:2\n", {"flow:1", "flow:2"}),
        ("flow:1\r\n\r\nflow:2", {"flow:1", "flow:2"}),
        ("\ufeffflow:1\n", {"flow:1"}),
        (" flow:1 \n", {" flow:1 ", "flow:1"}),
        ("# note\n", {"# note"}),
        ("Zoë\nZoe\u0308\n", {"Zoë", "Zoe\u0308"}),
        ('["flow:1", "flow:2"]', {"flow:1", "flow:2"}),
        (json.dumps(EXPORT), {"n1", "f1", "b1", "s1", "deep", "n9"}),
        (f"\n {json.dumps({'flows': EXPORT, 'rev': 'x'}, indent=1)}", {"n1", "f1", "b1", "s1", "deep", "n9"}),
        ('{"id": "n1", "z": 5, "a": {"id": "", "b": [{"id": "a\\u0000"}]}}', {"n1"}),
    ],
)
def test_lists_of_active_ids(store, clock, listed, content, ids):
    fill(store, "gone", *ids)
    clock.tick()
    clean("--active-from", listed(content))
    assert left(store) == sorted(ids)


def test_a_node_red_export_keeps_its_nodes_and_flows(store, clock, listed):
    fill(store, "f1", "n1:f1", "b1:f1", "f2", "n2:f2", "n12:f1")
    clock.tick()
    clean("--active-from", listed(json.dumps(EXPORT)))
    assert left(store) == ["b1:f1", "f1", "n1:f1"]


def test_standard_input_and_several_lists_together(store, clock, listed, monkeypatch):
    fill(store, "a", "b", "c", "d")
    clock.tick()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"b\n")))
    clean("--active", "a", "--active-from", "-", "--active-from", listed("c\n"))
    assert left(store) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "has no id"),
        ("\n \n", "has no id"),
        ("[]", "has no id"),
        ('{"error": "no such flow"}', "has no id"),
        (json.dumps(EXPORT)[:-20], "begins like JSON"),
        ("[" * 100_000, "begins like JSON"),
        ('[{"id": ' + "1" * 5000 + "}]", "begins like JSON"),
        (b"flow:1\n\xff\xfe\n", "not text in UTF-8 \\(at byte 7\\)"),
        ("flow:1\n".encode("utf-16"), "not text in UTF-8"),
        ("flow:1\nflow:2\x00\n", "line 2.*control character"),
        ("x" * 201, "line 1.*200 characters"),
        ('["flow:1", ""]', "1 to 200 characters"),
    ],
)
def test_half_a_list_is_refused(store, clock, listed, content, reason):
    fill(store, "flow:1", "flow:2")
    clock.tick()
    for more in ([], ["--active", "flow:1"]):
        said = refused("--active-from", listed(content), *more)
        assert re.search(reason, said)
        assert said.count("Nothing was removed") == 1


def test_file_that_is_not_there_is_refused(store, clock, tmp_path):
    fill(store, "flow:1")
    clock.tick()
    assert "No such file" in refused("--active-from", str(tmp_path / "nowhere"))
    assert "Is a directory" in refused("--active-from", str(tmp_path))


def test_empty_list_passes_when_allowed(store, clock, listed):
    fill(store, "flow:1", "global", "user:1")
    clock.tick()
    clean("--active-from", listed(""), "--allow-empty", "--prefix", "flow:")
    assert left(store) == ["global", "user:1"]


# -- by rules


def test_rules_touch_their_families_and_no_other(store, clock):
    fill(store, "flow", "flow:1", "flow:2", "flow:2:tab", "flows:1", "flow-x", "user:1", "wizard:1", "global")
    clock.tick(2 * DAY)
    fill(store, "wizard:2")
    with rules(flow={"active": flows_alive}, wizard={"idle": "1d"}):
        said = clean()
    assert left(store) == ["flow-x", "flow:1", "flows:1", "global", "user:1", "wizard:2"]
    assert said == (
        "default / flow: 4 examined, 3 removed (6 entries), 1 kept\n"
        "default / wizard: 2 examined, 1 removed (2 entries), 1 kept\n"
        "Examined 6 scopes, removed 4 (8 entries), kept 2.\n"
    )


@pytest.mark.parametrize("active", [flows_alive, f"{__name__}.flows_alive", lambda: (n for n in ["flow:1"])])
def test_active_is_a_callable_or_its_path(store, clock, active):
    fill(store, "flow:1", "flow:2")
    clock.tick()
    with rules(flow={"active": active}):
        clean()
    assert left(store) == ["flow:1"]


@pytest.mark.parametrize("idle", ["1d", timedelta(days=1), DAY, float(DAY)])
def test_idle_is_text_a_timedelta_or_seconds(store, clock, idle):
    fill(store, "flow:1", "flow:2")
    clock.tick(DAY)
    store.touch("flow:2")
    clock.tick(1)
    with rules(flow={"idle": idle, "active": lambda: ["flow:9"]}):
        clean()
    assert left(store) == ["flow:2"]


@pytest.mark.parametrize("idle", [timedelta.max, "140000w", 8e13])
def test_an_age_beyond_the_calendar_removes_nothing(store, clock, idle):
    fill(store, "flow:1")
    clock.tick()
    with rules(flow={"idle": idle}):
        clean()
    assert left(store) == ["flow:1"]


def test_bare_name_of_a_family_follows_the_rule(store, clock):
    fill(store, "flow")
    with rules(flow={"idle": "1d"}):
        assert clean("--dry-run").startswith("default / flow: 1 examined, 0 would be removed")
        clock.tick(DAY + 1)
        assert clean("--dry-run").startswith("default / flow: 1 examined, 1 would be removed")
        assert left(store) == ["flow"]
        with rules(flow={"active": lambda: ["flow"]}):
            clean()
        assert left(store) == ["flow"]
        clean()
    assert left(store) == []


def test_rule_for_the_family_global_never_takes_the_scope_global(store, clock):
    fill(store, "global", "global:x")
    clock.tick(DAY)
    with rules(**{"global": {"idle": "1h"}}):
        clean()
    assert left(store) == ["global"]


def test_rule_names_its_store(store, clock):
    for one in (store, stores["fast"]):
        fill(one, "flow:1", "flow:2", "wizard:1")
    clock.tick(DAY)
    with rules(flow={"active": flows_alive, "store": "fast"}, wizard={"idle": "1h", "store": ["main", "fast"]}):
        clean("--store", "default")
        assert (left(store), left(stores["fast"])) == (["flow:1", "flow:2"], ["flow:1", "flow:2", "wizard:1"])
        clean()
        assert (left(store), left(stores["fast"])) == (["flow:1", "flow:2"], ["flow:1"])


def test_store_says_where_rules_without_one_apply(store, clock):
    for one in (store, stores["fast"]):
        fill(one, "flow:1", "flow:2")
    clock.tick()
    with rules(flow={"active": flows_alive}):
        clean("--store", "fast")
    assert (left(store), left(stores["fast"])) == (["flow:1", "flow:2"], ["flow:1"])


@pytest.mark.parametrize(
    ("prefix", "gone"),
    [
        ("flow:1", ["flow:1", "flow:12"]),
        ("flow:", ["flow:1", "flow:12", "flow:2"]),
        ("fl", ["flow", "flow:1", "flow:12", "flow:2"]),
        ("flow", ["flow", "flow:1", "flow:12", "flow:2"]),
    ],
)
def test_prefix_confines_the_rules(store, clock, prefix, gone):
    scopes = ["flow", "flow:1", "flow:12", "flow:2", "user:1"]
    fill(store, *scopes)
    clock.tick(DAY)
    with rules(flow={"idle": "1h"}, user={"idle": "1h"}):
        clean("--prefix", prefix)
    assert left(store) == [scope for scope in scopes if scope not in gone]


def test_nothing_to_go_by_is_told(store):
    assert "STATESTORE['CLEAN']" in refused()
    assert "STATESTORE['CLEAN']" in refused("--prefix", "flow:")
    with rules(flow={"idle": "1d"}):
        assert "STATESTORE['CLEAN']" in refused("--prefix", "flows")


@pytest.mark.parametrize(
    ("active", "reason"),
    [
        (failing, "can't be had \\(RuntimeError: the flows' own database is down\\)"),
        (list, "is empty"),
        (lambda: ["1", "2"], "has no id that starts with 'flow:'"),
        (lambda: [1, 2], "not a int"),
        (lambda: None, "it is a NoneType"),
        (lambda: "flow:1", "it is a str"),
        (lambda: (failing() for _ in range(1)), "RuntimeError"),
        (lambda: ["flow:1", "flow:\n"], "control character"),
    ],
)
def test_rule_whose_list_can_not_be_trusted_stops_everything(store, clock, active, reason):
    fill(store, "wizard:1", "flow:1", "flow:2")
    clock.tick(DAY)
    with rules(wizard={"idle": "1h"}, flow={"active": active}):
        said = refused()
    assert re.search(reason, said)


def test_empty_list_of_a_rule_passes_when_allowed(store, clock):
    fill(store, "flow:1", "user:1")
    clock.tick()
    with rules(flow={"active": list}):
        clean("--allow-empty")
    assert left(store) == ["user:1"]


@pytest.mark.parametrize(
    "rule",
    [
        5,
        {},
        {"idle": None},
        {"idle": "30"},
        {"idle": -1},
        {"idle": float("nan")},
        {"idle": True},
        {"idle": timedelta(-1)},
        {"active": "no.such.thing"},
        {"active": ["flow:1"]},
        {"idle": "1d", "stroe": "fast"},
        {"idle": "1d", "store": "nowhere"},
        {"idle": 1e300},
    ],
)
def test_wrong_rule_is_refused(store, clock, rule):
    fill(store, "flow:1")
    clock.tick(DAY)
    with rules(flow=rule, wizard={"idle": "1h"}):
        assert "STATESTORE['CLEAN']['flow']" in refused()


def test_wrong_rules_are_refused(store):
    with override_settings(STATESTORE={**django_settings.STATESTORE, "CLEAN": ["flow"]}):
        assert "is a dict" in refused()
    with rules(**{"flow:": {"idle": "1d"}}):
        assert "without a colon" in refused()


# -- wrong options


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (["--idle", "30"], "An age is"),
        (["--idle", ""], "An age is"),
        (["--idle=-1d"], "An age is"),
        (["--active", ""], "1 to 200 characters"),
        (["--active", "a\nb"], "control character"),
        (["--active", "a", "--prefix", "a\n"], "control character"),
        (["--active", "a", "--store", "nowhere"], "has no store 'nowhere'"),
        (["--active", "a", "--batch-size", "0"], "batch_size"),
    ],
)
def test_wrong_options_are_refused(store, clock, args, reason):
    fill(store, "flow:1")
    clock.tick()
    assert reason in refused(*args)


def test_store_with_clean_switched_off_is_refused(clock):
    with override_stores(default={"BACKEND": MEMORY, "ENABLE_CLEAN": False}):
        fill(stores["default"], "flow:1")
        assert "switched off" in refused("--idle", "0s")


# -- what it says, and how it ends


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


def test_store_that_is_down_from_the_start(store, monkeypatch):
    def fail(*args):
        raise Down("refused")

    monkeypatch.setattr(store, "_scan", fail)
    with pytest.raises(CommandError, match="unavailable") as caught:
        clean("--idle", "0s")
    assert caught.value.returncode == 1


def test_interrupt_is_told_with_what_was_done(store, clock, monkeypatch):
    fill(store, "flow:1", "flow:2")
    clock.tick()
    whole = store._clean

    def interrupted(names, *args):
        if "flow:2" in names:
            signal.raise_signal(signal.SIGINT)
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
