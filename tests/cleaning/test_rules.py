"""clean_context by ``STATESTORE["CLEAN"]``: its families and no other."""

import io
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.test import override_settings

from statestore import stores
from tests.cleaning.command import DAY, clean, failing, fill, flows_alive, left, refused, rules


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


@pytest.mark.parametrize(
    "active", [flows_alive, "tests.cleaning.command.flows_alive", lambda: (name for name in ["flow:1"])]
)
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


def test_bare_name_needs_no_other_switch_than_the_clean(store, clock):
    fill(store, "flow", "flow:1", "flows")
    clock.tick(DAY + 1)
    with pytest.MonkeyPatch.context() as patch, rules(flow={"idle": "1d"}):
        patch.setattr(store, "config", replace(store.config, enabled=store.config.enabled - {"REMOVE"}))
        clean()
    assert left(store) == ["flows"]


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


@pytest.mark.parametrize(
    ("given", "args"), [({}, []), ({}, ["--prefix", "flow:"]), ({"flow": {"idle": "1s"}}, ["--prefix", "u"])]
)
def test_without_a_rule_nothing_is_touched_and_the_reason_told(store, clock, given, args):
    fill(store, "flow:1", "user:1")
    clock.tick(DAY)
    news = io.StringIO()
    with rules(**given):
        assert clean(*args) == "Examined 0 scopes, removed 0 (0 entries), kept 0.\n"
        call_command("clean_context", *args, stdout=io.StringIO(), stderr=news)
    assert "STATESTORE['CLEAN']" in news.getvalue()
    assert left(store) == ["flow:1", "user:1"]


@pytest.mark.parametrize(
    ("active", "reason"),
    [
        (failing, "can't be had \\(RuntimeError: the flows' own database is down\\)"),
        (list, r"is empty\. Nothing was removed\. --allow-empty lets it pass\.$"),
        (lambda: ["1", "2"], "has no id that starts with 'flow:'"),
        (lambda: [1, 2], "an int"),
        (lambda: None, "it is None"),
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


def test_a_rule_for_no_family_is_for_the_whole_store(store, clock):
    fill(store, "n1", "n1:f7", "n2:f7", "user:1", "global")
    clock.tick()
    with rules(**{"": {"active": lambda: ["n1", "user"]}}):
        assert clean().startswith("default: 5 examined, 1 removed (2 entries), 4 kept\n")
    assert left(store) == ["global", "n1", "n1:f7", "user:1"]
    with rules(**{"": {"active": list}}):
        assert "empty" in refused()
