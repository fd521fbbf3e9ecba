"""The clean page: nothing goes that the dry run did not name."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from statestore.admin import clean
from statestore.cleanrules import configured_rules
from statestore.testing import override_stores

pytestmark = pytest.mark.django_db
DAY = 86400


def active_flows():
    return ["flow:1"]


def no_flows():
    return []


@pytest.fixture
def rules(settings, store):
    def put(**families):
        settings.STATESTORE = {**settings.STATESTORE, "CLEAN": families}

    return put


def fill(store, clock):
    now = clock.time
    for name, age in {"user:1": 0, "user:2": 10, "user:3": 100, "flow:1": 100, "flow:2": 50, "global": 500}.items():
        clock.time = now - age * DAY - 1
        store.set(name, "k", name)
    clock.time = now


def names(store):
    return [info.name for info in store.scopes()]


def ask(client, alias, **form):
    return client.post(reverse("admin:statestore_clean", args=[alias]), {"by": "ids", **form})


def confirm(client, alias, page, **form):
    return ask(client, alias, confirmed=page.context["confirmed"], **form)


def test_dry_run_shows_numbers_sample_and_picture_and_removes_nothing(boss, alias, store, clock):
    fill(store, clock)
    page = ask(boss, alias, idle="30d")
    total = page.context["total"]
    assert (total.examined, total.removed, total.kept, total.entries) == (6, 3, 3, 3)
    assert [info.name for info in page.context["sample"]] == ["flow:1", "flow:2", "user:3"]
    assert [bar.count for bar in page.context["picture"]] == [0, 0, 0, 0, 1, 2, 0]
    assert len(names(store)) == 6


def test_confirmed_clean_removes_what_the_dry_run_named(boss, alias, store, clock):
    fill(store, clock)
    page = ask(boss, alias, active="user\nflow:1")
    confirm(boss, alias, page, active="user\nflow:1")
    assert names(store) == ["flow:1", "global", "user:1", "user:2", "user:3"]
    noted = LogEntry.objects.get()
    assert (noted.object_id, noted.change_message) == (
        alias,
        "Cleaned: 1 scopes with 1 entries removed, 5 kept.",
    )


def test_what_is_used_after_the_dry_run_stays(boss, alias, store, clock):
    fill(store, clock)
    page = ask(boss, alias, active="global")
    assert page.context["total"].removed == 5
    clock.tick(10)
    store.touch("user:3")
    store.set("new:1", "k", 1)
    clock.tick(10)
    confirm(boss, alias, page, active="global")
    assert names(store) == ["global", "new:1", "user:3"]


def test_what_grew_old_enough_after_the_dry_run_stays(boss, alias, store, clock):
    fill(store, clock)
    page = ask(boss, alias, idle="30d")
    clock.tick(25 * DAY)
    confirm(boss, alias, page, idle="30d")
    assert names(store) == ["global", "user:1", "user:2"]


@pytest.mark.parametrize("other", [{"idle": "1d"}, {"prefix": "user:"}, {"active": "user:3"}, {"by": "rules"}])
def test_confirmation_holds_for_no_other_form(boss, alias, store, clock, rules, other):
    rules(user={"idle": "30d"})
    fill(store, clock)
    page = ask(boss, alias, idle="30d")
    assert confirm(boss, alias, page, **{"idle": "30d", **other}).context["total"].dry_run
    assert len(names(store)) == 6


def test_forged_confirmation_is_none(boss, alias, store, clock):
    fill(store, clock)
    assert ask(boss, alias, idle="30d", confirmed="yes").context["total"].dry_run
    assert len(names(store)) == 6


def test_rules_of_the_site_are_followed(boss, alias, store, clock, rules):
    rules(user={"idle": "30d"}, flow={"active": "tests.admin.test_clean.active_flows"})
    fill(store, clock)
    page = ask(boss, alias, by="rules")
    assert [info.name for info in page.context["sample"]] == ["user:3", "flow:2"]
    confirm(boss, alias, page, by="rules")
    assert names(store) == ["flow:1", "global", "user:1", "user:2"]


def test_rules_of_the_site_are_told(boss, alias, rules):
    rules(user={"idle": 5400}, **{"": {"active": "tests.admin.test_clean.active_flows", "idle": "2d"}})
    page = boss.get(reverse("admin:statestore_clean", args=[alias])).content.decode()
    told = [" ".join(re.sub("<[^>]*>", "", line).split()) for line in re.findall("<li>(.*?)</li>", page)]
    assert told == ["user: not used for 90m", "every scope: what is not active, not used for 2d"]


@pytest.mark.parametrize("form", [{}, {"by": "rules"}, {"by": "ids", "idle": "30d"}])
def test_rules_are_read_once_a_request(boss, alias, store, clock, rules, form, monkeypatch):
    rules(user={"idle": "30d"})
    fill(store, clock)
    read = []
    monkeypatch.setattr(clean, "configured_rules", lambda: [read.append(1), *configured_rules()][1:])
    page = reverse("admin:statestore_clean", args=[alias])
    shown = boss.post(page, form) if form else boss.get(page)
    assert [rule.family for rule in shown.context["rules"]] == ["user"]
    assert read == [1]


def test_list_that_turns_out_empty_is_refused_in_words_of_the_page(boss, alias, store, clock, rules):
    rules(flow={"active": "tests.admin.test_clean.no_flows"})
    fill(store, clock)
    page = ask(boss, alias, by="rules")
    assert page.context["problem"] == "The list of active ids of 'flow' is empty. Nothing was removed."
    assert ask(boss, alias, by="rules", allow_empty="1").context["total"].removed == 2


def test_rules_of_other_stores_are_not_told(boss, alias, rules):
    rules(**{"": {"idle": "2d", "store": ["memory"]}})
    page = boss.get(reverse("admin:statestore_clean", args=[alias])).content.decode()
    assert ("every scope" in page) is (alias == "memory")
    assert "STATESTORE has no CLEAN" not in page


def test_rules_that_name_others_by_now_are_shown_again(boss, alias, store, clock, rules, monkeypatch):
    rules(flow={"active": "tests.admin.test_clean.active_flows"})
    fill(store, clock)
    page = ask(boss, alias, by="rules")
    monkeypatch.setattr("tests.admin.test_clean.active_flows", lambda: ["flow:2"])
    again = confirm(boss, alias, page, by="rules")
    assert again.context["total"].dry_run
    assert "flow:2" in names(store)


@pytest.mark.parametrize(
    "form", [{}, {"idle": "soon"}, {"active": "a\x00"}, {"active": '["a"'}, {"active": "", "allow_empty": ""}]
)
def test_form_that_says_nothing_sensible_removes_nothing(boss, alias, store, clock, form):
    fill(store, clock)
    page = ask(boss, alias, **form)
    assert page.status_code == 200
    assert page.context["problem"]
    assert len(names(store)) == 6


def test_empty_list_of_ids_must_be_meant(boss, alias, store, clock):
    fill(store, clock)
    page = ask(boss, alias, allow_empty="1")
    assert page.context["total"].removed == 5
    confirm(boss, alias, page, allow_empty="1")
    assert names(store) == ["global"]


def test_node_red_export_is_a_list_of_ids(boss, alias, store, clock):
    fill(store, clock)
    page = ask(boss, alias, active='[{"id": "flow:2", "z": "user"}]')
    assert [info.name for info in page.context["sample"]] == ["flow:1"]


def test_store_that_may_not_be_cleaned_says_so(boss):
    with override_stores(default={"BACKEND": "statestore.backends.MemoryStore", "ENABLE_CLEAN": False}) as handler:
        handler["default"].set("a", "k", 1)
        assert ask(boss, "default", active="b").status_code == 403
        assert handler["default"].keys("a") == ["k"]
