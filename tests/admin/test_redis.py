"""The same pages over Redis: nothing in them knows what a store is made of."""

import json

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from statestore import stores
from statestore.admin import progress
from statestore.testing import Clock, override_stores
from tests.admin.demo import fill, hostile

SERVERS = [name for name in ("redis", "valkey") if name in settings.CACHES]
pytestmark = [pytest.mark.django_db, pytest.mark.skipif(not SERVERS, reason="no Redis here")]


@pytest.fixture(params=SERVERS)
def alias(request):
    return request.param


@pytest.fixture
def store(alias):
    store = stores[alias]
    for info in list(store.scopes()):
        store.delete(info.name)
    yield store
    for info in list(store.scopes()):
        store.delete(info.name)


def url(name, *names):
    return reverse(f"admin:statestore_{name}", args=names)


def test_stores_page_names_the_server(boss, alias, store):
    with override_stores(**{alias: settings.STATESTORE["STORES"][alias]}):
        cards = boss.get(url("entry_changelist")).context["cards"]
    health = next(card.health for card in cards if card.alias == alias)
    assert health.reachable
    assert health.version


def test_pages_of_hostile_names_open(boss, alias, store):
    scope = hostile(store)
    assert boss.get(url("scope", alias, scope)).status_code == 200
    for key in store.keys(scope):
        assert boss.get(url("entry", alias, scope, key)).status_code == 200
        raw = boss.get(url("raw", alias, scope, key)).content
        assert json.loads(raw) == store.get(scope, key)


def test_listing_pages_on(boss, alias, store):
    wanted = sorted(f"user:{number}" for number in range(150))
    for name in wanted:
        store.set(name, "k", 1)
    first = boss.get(url("scopes", alias))
    second = boss.get(url("scopes", alias) + first.context["next_link"])
    assert [info.name for page in (first, second) for info in page.context["found"].infos] == wanted


def test_edit_conflict_and_removal(boss, alias, store):
    version = store.set("s", "k", 1, ttl=1000)
    end = store.entry("s", "k").expires_at
    sent = {"value": "2", "version": version, "expiry": "keep"}
    assert boss.post(url("entry", alias, "s", "k"), sent).status_code == 302
    assert (store.get("s", "k"), store.entry("s", "k").expires_at) == (2, end)
    conflict = boss.post(url("entry", alias, "s", "k"), sent)
    assert conflict.context["draft"].version == store.entry("s", "k").version
    boss.post(url("remove_entry", alias, "s", "k"), {"version": store.entry("s", "k").version})
    assert store.keys("s") == []
    assert LogEntry.objects.count() == 2


def test_selected_scopes_go_and_the_changed_one_stays(boss, alias, store):
    for name in ("a", "b", "c"):
        store.set(name, "k", 1)
    sent = {"action": "delete_selected", "_selected_action": ["a", "b"]}
    versions = [one.version for one in boss.post(url("scopes", alias), sent).context["going"]]
    store.set("a", "k", 2)
    boss.post(url("scopes", alias), {**sent, "post": "yes", "version": versions})
    assert [info.name for info in store.scopes()] == ["a", "c"]


def test_clean_after_a_dry_run(boss, alias, store, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(store, "clock", clock)
    fill(store, clock)
    form = {"by": "ids", "idle": "30d"}
    page = boss.post(url("clean", alias), form)
    assert page.context["total"].removed == 17
    boss.post(url("clean", alias), {**form, "confirmed": page.context["confirmed"]})
    assert len(list(store.scopes())) == 82


def test_clean_goes_on_in_parts(boss, alias, store, monkeypatch):
    monkeypatch.setattr(progress, "SECONDS", 0)
    monkeypatch.setattr(progress, "PART", 10)
    for number in range(45):
        store.set(f"user:{number:02d}", "k", 1)
    form, sent = {"by": "ids", "active": "user:07"}, {}
    for name in ("confirmed", ""):
        page = boss.post(url("clean", alias), {**form, **sent})
        while page.context and "going_on" in page.context:
            page = boss.post(url("clean", alias), {**form, "going_on": page.context["going_on"]})
        sent = {name: page.context[name]} if name else {}
    assert [info.name for info in store.scopes()] == ["user:07"]
    assert LogEntry.objects.get().change_message == "Cleaned: 44 scopes with 44 entries removed, 1 kept."


def test_export_and_import(boss, alias, store):
    store.set_many("s", {"a": 1.0, "b": "é"})
    content = b"".join(boss.get(url("export", alias)))
    store.delete("s")
    file = SimpleUploadedFile("dump.jsonl", content)
    boss.post(url("import", alias), {"file": file, "if_exists": "fail"})
    assert {key: record.text for key, record in store.records("s").items()} == {"a": b"1.0", "b": '"é"'.encode()}
