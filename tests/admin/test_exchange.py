"""Export and import on the pages."""

import json
from dataclasses import replace

import pytest
from asgiref.sync import async_to_sync
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import AsyncClient
from django.urls import reverse

from statestore import StoreUnavailable
from statestore.admin import exchange
from statestore.admin.tree import name_html

pytestmark = pytest.mark.django_db


def url(name, *names):
    return reverse(f"admin:statestore_{name}", args=names)


def lines(response):
    return [json.loads(line) for line in b"".join(response).splitlines()]


def send(client, alias, content, if_exists="skip"):
    file = SimpleUploadedFile("dump.jsonl", content)
    return client.post(url("import", alias), {"file": file, "if_exists": if_exists})


def line(scope="s", key="k", value=1):
    return json.dumps({"scope": scope, "key": key, "value": value}).encode() + b"\n"


def test_export_of_a_scope_goes_into_any_store(boss, two_stores, alias, store):
    store.set_many("user:1", {"a": 1.0, "b": "é", "c": {"z": 1, "a": 2}})
    response = boss.get(url("export_scope", alias, "user:1"))
    assert response["Content-Disposition"] == f'attachment; filename="{alias}-user:1.jsonl"'
    assert response["Content-Type"] == "application/x-ndjson"
    other = "memory" if alias == "default" else "default"
    assert send(boss, other, b"".join(response))["Location"] == url("scopes", other)
    before, after = (two_stores[one].records("user:1") for one in (alias, other))
    assert {key: record.text for key, record in after.items()} == {
        key: record.text for key, record in before.items()
    }
    assert [(one.object_id, one.change_message) for one in LogEntry.objects.all()] == [
        (f"{other}|user:1", "Imported entries.")
    ]


def test_export_by_prefix_and_of_selected_scopes(boss, alias, store):
    for scope in ("a:1", "a:2", "b:1"):
        store.set(scope, "k", 1)
    assert [one["scope"] for one in lines(boss.get(url("export", alias) + "?q=a:"))] == ["a:1", "a:2"]
    sent = {"action": "export_selected", "_selected_action": ["b:1", "a:2"]}
    assert [one["scope"] for one in lines(boss.post(url("scopes", alias), sent))] == ["b:1", "a:2"]


def test_export_from_a_store_that_is_not_to_be_read_is_refused_before_it_begins(boss, alias, store):
    store.set("a", "k", 1)
    switched_off = replace(store.config, enabled=store.config.enabled - {"GET"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "config", switched_off)
        answers = [boss.get(url("export", alias)), boss.get(url("export_scope", alias, "a"))]
        sent = {"action": "export_selected", "_selected_action": ["a"]}
        answers.append(boss.post(url("scopes", alias), sent))
    assert [answer.status_code for answer in answers] == [403] * 3


def test_export_streams(boss, alias, store):
    for number in range(300):
        store.set(f"user:{number:03d}", "k", "x" * 1000)
    chunks = list(boss.get(url("export", alias)))
    assert len(chunks) > 4
    assert max(map(len, chunks)) < 70_000


@pytest.mark.django_db(transaction=True)
def test_export_streams_under_asgi_too(boss, two_stores):
    two_stores["default"].set("user:1", "k", 1)
    client = AsyncClient()
    client.cookies = boss.cookies

    @async_to_sync
    async def get():
        response = await client.get(url("export", "default"))
        assert response.is_async
        return b"".join([chunk async for chunk in response])

    assert json.loads(get())["scope"] == "user:1"


@pytest.mark.parametrize("name", [(), ("a",)], ids=["all", "one"])
def test_export_of_a_store_that_fails_is_a_page_that_says_so(boss, alias, store, monkeypatch, name):
    store.set("a", "k", 1)

    def fail(*args, **how):
        raise StoreUnavailable("nobody there", alias=alias)

    monkeypatch.setattr(store, "scopes", fail)
    monkeypatch.setattr(store, "records", lambda scope, keys=None: fail() if keys is None else {})
    page = boss.get(url("export_scope" if name else "export", alias, *name))
    assert (page.status_code, page.streaming) == (503, False)
    sent = boss.post(url("scopes", alias), {"action": "export_selected", "_selected_action": ["a"]})
    assert sent.status_code == 503


@pytest.fixture
def damaged(two_stores):
    """A store in which some entries of the scopes ``s`` and ``u`` can't be read."""
    store = two_stores["memory"]
    for scope in ("s", "t", "u"):
        store.set_many(scope, {"a": 1, "b": 2, "c": 3})
    for scope, key in (("s", "a"), ("u", "b"), ("u", "c")):
        store._scopes[scope][key] = store._scopes[scope][key]._replace(text=b"{s3cret")
    return store


def told(client):
    return [str(said) for said in client.get(url("scopes", "memory")).context["messages"]]


TWO = "Entries of 2 scopes that can't be read are left out of the export, the first is {}."
ONE = "Entries of {} that can't be read are left out of the export."


def test_export_leaves_out_what_is_corrupt_and_says_so(boss, damaged, caplog):
    found = [(one["scope"], one["key"]) for one in lines(boss.get(url("export", "memory")))]
    assert found == [("s", "b"), ("s", "c"), ("t", "a"), ("t", "b"), ("t", "c"), ("u", "a")]
    assert told(boss) == [TWO.format(name_html("s"))]
    assert [
        (record.statestore_event, record.levelname, record.statestore_store, record.statestore_scope)
        for record in caplog.records
        if record.name == "statestore"
    ] == [("export_incomplete", "WARNING", "memory", "s"), ("export_incomplete", "WARNING", "memory", "u")]
    assert "s3cret" not in caplog.text
    assert [(one.object_id, one.change_message) for one in LogEntry.objects.order_by("pk")] == [
        (f"memory|{scope}", "Exported without the entries that can't be read.") for scope in ("s", "u")
    ]


def test_export_of_some_scopes_says_so_of_those(boss, damaged):
    lines(boss.get(url("export_scope", "memory", "u")))
    assert told(boss) == [ONE.format(name_html("u"))]
    lines(boss.post(url("scopes", "memory"), {"action": "export_selected", "_selected_action": ["t", "s"]}))
    assert told(boss) == [ONE.format(name_html("s"))]
    lines(boss.get(url("export_scope", "memory", "t")))
    assert told(boss) == []


def test_what_is_found_corrupt_after_the_file_has_begun_is_in_the_history(boss, damaged, monkeypatch):
    monkeypatch.setattr(exchange, "CHUNK", 1)
    lines(boss.get(url("export", "memory")))
    assert told(boss) == [ONE.format(name_html("s"))]
    assert [one.object_id for one in LogEntry.objects.order_by("pk")] == ["memory|s", "memory|u"]


def test_bad_line_is_named_with_what_was_loaded_before_it(boss, alias, store):
    response = send(boss, alias, line(key="a") + b"rubbish\n" + line(key="b"))
    assert response.status_code == 200
    assert response.context["problem"].startswith("Line 2: ")
    assert store.keys("s") == ["a"]
    assert LogEntry.objects.count() == 1


@pytest.mark.parametrize(("if_exists", "value"), [("skip", "mine"), ("replace", 1), ("fail", "mine")])
def test_existing_entries_are_treated_as_chosen(boss, alias, store, if_exists, value):
    store.set("s", "k", "mine")
    assert send(boss, alias, line(), if_exists).status_code == (200 if if_exists == "fail" else 302)
    assert store.get("s", "k") == value


def test_overwriting_needs_the_permission_to_change(staff, alias, store):
    store.set("s", "k", "mine")
    client = staff("view", "add")
    assert send(client, alias, line(), "replace").status_code == 403
    assert "replace" not in client.get(url("import", alias)).content.decode()
    assert store.get("s", "k") == "mine"


def test_import_without_a_file_says_so(boss, alias):
    response = boss.post(url("import", alias), {"if_exists": "skip"})
    assert response.status_code == 200
    assert "Choose a file" in response.content.decode()
