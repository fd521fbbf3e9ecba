"""A clean in many requests: only what its dry run named goes, whatever is loaded twice, closed or changed."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.core import signing
from django.urls import reverse

from statestore.admin import progress
from statestore.exceptions import StoreUnavailable

pytestmark = pytest.mark.django_db
DAY = 86400
FORM = {"by": "ids", "idle": "30d"}


@pytest.fixture
def small_parts(monkeypatch):
    """Let one request do one part of ten scopes."""
    monkeypatch.setattr(progress, "SECONDS", 0)
    monkeypatch.setattr(progress, "PART", 10)


@pytest.fixture(autouse=True)
def filled(store, clock, small_parts):
    """Put in 45 scopes, of which 30 are idle; of each ten in a row, some are."""
    now = clock.time
    for number in range(45):
        clock.time = now - (0 if number % 3 == 0 else 100 * DAY)
        store.set_many(f"user:{number:02d}", {"a": 1, "b": 2})
    clock.time = now


def names(store):
    return [info.name for info in store.scopes()]


def ask(client, alias, **form):
    return client.post(reverse("admin:statestore_clean", args=[alias]), {**FORM, **form})


def go_on(client, alias, page, **form):
    return ask(client, alias, going_on=page.context["going_on"], **form)


def finished(client, alias, page, **form):
    """Go on until a page is another one."""
    while is_under_way(page):
        page = go_on(client, alias, page, **form)
    return page


def is_under_way(page):
    return bool(page.context) and "going_on" in page.context


def dry_run(client, alias, **form):
    return finished(client, alias, ask(client, alias, **form), **form)


def begin(client, alias, **form):
    return ask(client, alias, confirmed=dry_run(client, alias, **form).context["confirmed"], **form)


def logged():
    return LogEntry.objects.get().change_message


def test_dry_run_of_many_scopes_counts_in_parts_and_removes_nothing(boss, alias, store):
    first = ask(boss, alias)
    assert (first.context["run"].total.examined, first.context["looked_at"]) == (10, 10)
    page = finished(boss, alias, first)
    total = page.context["total"]
    assert (total.examined, total.removed, total.kept, total.entries) == (45, 30, 15, 60)
    assert len(names(store)) == 45
    assert not LogEntry.objects.exists()


def test_clean_goes_on_request_by_request_and_says_how_far_it_is(boss, alias, store):
    page = begin(boss, alias)
    assert (page.context["removed"], page.context["looked_at"], page.context["run"].expected) == (6, 10, 45)
    assert 'max="45" value="10"' in page.content.decode()
    assert logged() == "Cleaning, not finished: 6 scopes with 12 entries removed, 4 kept so far."
    assert finished(boss, alias, page).status_code == 302
    assert names(store) == [f"user:{number:02d}" for number in range(0, 45, 3)]
    assert logged() == "Cleaned: 30 scopes with 60 entries removed, 15 kept."


def test_page_that_is_loaded_again_does_no_harm_and_counts_right(boss, alias, store):
    page = begin(boss, alias)
    second = go_on(boss, alias, page)
    again = go_on(boss, alias, page)
    assert second.context["removed"] == 13
    assert again.context["removed"] == 45 - len(names(store))
    finished(boss, alias, again)
    finished(boss, alias, second)
    assert len(names(store)) == 15
    assert logged() == "Cleaned: 30 scopes with 60 entries removed, 15 kept."


def test_two_tabs_remove_what_one_would(boss, alias, store):
    confirmed = dry_run(boss, alias).context["confirmed"]
    one, other = (ask(boss, alias, confirmed=confirmed) for _tab in "ab")
    while is_under_way(one) or is_under_way(other):
        one, other = (go_on(boss, alias, page) if is_under_way(page) else page for page in (one, other))
    assert len(names(store)) == 15
    counts = [[int(n) for n in re.findall(r"\d+", line.change_message)] for line in LogEntry.objects.all()]
    assert [sum(column) for column in zip(*counts, strict=True)] == [30, 60, 30]


def test_page_that_is_closed_half_way_leaves_a_true_line(boss, alias, store):
    go_on(boss, alias, begin(boss, alias))
    assert len(names(store)) == 45 - 13
    assert logged() == "Cleaning, not finished: 13 scopes with 26 entries removed, 7 kept so far."


def test_stop_removes_no_more(boss, alias, store):
    page = go_on(boss, alias, begin(boss, alias), stop="1")
    assert page["Location"] == reverse("admin:statestore_clean", args=[alias])
    assert len(names(store)) == 45 - 6


def test_what_is_used_while_it_cleans_stays(boss, alias, store, clock):
    page = begin(boss, alias)
    clock.tick(40 * DAY)
    store.touch("user:44")
    store.set("user:zz", "k", 1)
    clock.tick(40 * DAY)
    finished(boss, alias, page)
    assert names(store) == [*(f"user:{number:02d}" for number in range(0, 45, 3)), "user:44", "user:zz"]


def test_rules_that_change_half_way_stop_it(boss, alias, store, settings):
    settings.STATESTORE = {**settings.STATESTORE, "CLEAN": {"user": {"idle": "30d"}}}
    page = begin(boss, alias, by="rules")
    settings.STATESTORE = {**settings.STATESTORE, "CLEAN": {"user": {"idle": "1d"}}}
    answer = go_on(boss, alias, page, by="rules")
    assert answer.context["run"].dry_run
    assert len(names(store)) == 45 - 6


def test_permission_is_asked_for_at_every_step(boss, staff, alias, store):
    page = begin(boss, alias)
    staff("view", name="boss")
    assert go_on(boss, alias, page).status_code == 403
    assert len(names(store)) == 45 - 6


def test_nobody_goes_on_with_what_somebody_else_has_begun(boss, staff, alias, store):
    page = begin(boss, alias)
    other = staff("view", "clean", name="other")
    assert go_on(other, alias, page).context["run"].dry_run
    assert len(names(store)) == 45 - 6


def test_dry_run_can_not_be_made_a_clean_by_hand(boss, alias, store):
    page = ask(boss, alias)
    unfinished = page.context["going_on"]
    assert ask(boss, alias, confirmed=unfinished).context["run"].dry_run
    forged = signing.dumps({**signing.loads(unfinished, salt=progress.SALT), "dry_run": False}, salt="other")
    assert ask(boss, alias, going_on=forged).context["run"].dry_run
    assert len(names(store)) == 45


def test_store_that_fails_half_way_can_be_tried_again(boss, alias, store, monkeypatch):
    page = begin(boss, alias)
    with monkeypatch.context() as patch:
        patch.setattr(store, "_clean_next", _failing)
        failed = go_on(boss, alias, page)
    assert "is unavailable" in failed.context["problem"]
    assert "data-goes-on" not in failed.content.decode()
    finished(boss, alias, failed)
    assert logged() == "Cleaned: 30 scopes with 60 entries removed, 15 kept."


def _failing(*_args):
    raise StoreUnavailable("The store is unavailable.")


def test_parts_remove_together_what_one_clean_removes(store):
    """Below the pages: the parts of ``clean`` meet without a gap, and expired entries go with them."""
    store.set("user:07x", "k", 1, ttl=1)
    store.clock.tick(2)
    reports = [
        store.clean(["user:01"], prefix="user:", after=after, upto=upto, batch_size=4)
        for after, upto in (("", "user:09"), ("user:09", "user:30"), ("user:30", None))
    ]
    assert [(one.examined, one.removed) for one in reports] == [(10, 9), (21, 21), (14, 14)]
    assert names(store) == ["user:01"]
