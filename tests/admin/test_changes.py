"""What the pages change: only over what was seen, only by those who may, always noted and never the value."""

import json
import re

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from statestore import StoreUnavailable, entry_changed, stores

pytestmark = pytest.mark.django_db
SCOPE, KEY = "user:1", "theme"
SECRET = "s3cret-value"


def url(name, *names):
    return reverse(f"admin:statestore_{name}", args=names)


def history():
    return [(one.object_id, one.action_flag, one.user.username) for one in LogEntry.objects.order_by("pk")]


def edit(client, alias, *, value, version, scope=SCOPE, key=KEY, **more):
    sent = {"value": value, "version": version, "expiry": "keep", **more}
    return client.post(url("entry", alias, scope, key), sent)


# -- edit


def test_edit_writes_the_value_and_keeps_the_expiry(boss, alias, store, clock):
    version = store.set(SCOPE, KEY, "light", ttl=60)
    end = store.entry(SCOPE, KEY).expires_at
    clock.tick(10)
    response = edit(boss, alias, value='{"a": [1, 2.0]}', version=version)
    assert response["Location"] == url("scope", alias, SCOPE)
    assert store.records(SCOPE)[KEY].text == b'{"a":[1,2.0]}'
    assert store.entry(SCOPE, KEY).expires_at == end
    assert history() == [(f"{alias}|{SCOPE}|{KEY}", 2, "boss")]


@pytest.mark.parametrize(("expiry", "ttl", "left"), [("never", "", None), ("in", "2h", 7200), ("store", "", None)])
def test_expiry_is_set_and_cleared(boss, alias, store, clock, expiry, ttl, left):
    version = store.set(SCOPE, KEY, 1, ttl=60)
    edit(boss, alias, value="1", version=version, expiry=expiry, ttl=ttl)
    entry = store.entry(SCOPE, KEY)
    assert (entry.expires_at and (entry.expires_at - entry.updated_at).total_seconds()) == left


def test_save_and_continue_stays_on_the_page(boss, alias, store):
    version = store.set(SCOPE, KEY, 1)
    assert edit(boss, alias, value="2", version=version, _continue="1")["Location"] == url(
        "entry", alias, SCOPE, KEY
    )


@pytest.mark.parametrize(
    ("value", "line", "column"),
    [("{", 1, 2), ('{\n "a": 1e999\n}', 2, 7), ("[1,\r\n18446744073709551616]", 2, 1), ('["\\ud800"]', 1, 2)],
)
def test_what_the_store_refuses_is_shown_at_its_place(boss, alias, store, value, line, column):
    version = store.set(SCOPE, KEY, 1)
    response = edit(boss, alias, value=value, version=version)
    mistake = response.context["draft"].mistake
    assert (response.status_code, mistake.line, mistake.column) == (200, line, column)
    assert response.context["draft"].text == value
    assert store.entry(SCOPE, KEY).version == version
    assert history() == []


def test_too_large_a_value_is_refused_by_the_stores_own_limit(boss, alias, store):
    version = store.set(SCOPE, KEY, 1)
    response = edit(boss, alias, value=json.dumps("x" * 300_000), version=version)
    assert response.status_code == 200
    assert "262,144" in response.context["draft"].mistake.message


@pytest.mark.parametrize("sent", [{"expiry": "in", "ttl": "soon"}, {"expiry": "in", "ttl": ""}, {"expiry": "x"}])
def test_expiry_that_makes_no_sense_is_refused(boss, alias, store, sent):
    version = store.set(SCOPE, KEY, 1)
    assert edit(boss, alias, value="2", version=version, **sent).status_code == 200
    assert store.get(SCOPE, KEY) == 1


def test_value_of_the_largest_size_can_be_edited(boss, alias, store):
    value = [[["x"] * 10] * 10] * 500
    version = store.set(SCOPE, KEY, value)
    draft = boss.get(url("entry", alias, SCOPE, KEY)).context["draft"]
    assert edit(boss, alias, value=draft.text.replace("\n", "\r\n"), version=version).status_code == 302
    assert store.get(SCOPE, KEY) == value


# -- conflict


def test_value_changed_meanwhile_is_a_conflict_and_no_overwrite(boss, alias, store):
    version = store.set(SCOPE, KEY, {"a": 1})
    theirs = store.set(SCOPE, KEY, {"a": 2})
    response = edit(boss, alias, value='{"a": 3}', version=version)
    assert response.status_code == 200
    assert [(line.sign, line.text) for line in response.context["lines"] if line.sign in "+-"] == [
        ("-", '  "a": 2'),
        ("+", '  "a": 3'),
    ]
    assert response.context["draft"].version == theirs
    assert store.entry(SCOPE, KEY).version == theirs
    assert history() == []


def test_conflict_is_settled_over_the_version_that_was_shown_only(boss, alias, store):
    version = store.set(SCOPE, KEY, 1)
    store.set(SCOPE, KEY, 2)
    shown = edit(boss, alias, value="3", version=version).context["draft"].version
    store.set(SCOPE, KEY, 4)
    assert edit(boss, alias, value="3", version=shown).status_code == 200
    assert store.get(SCOPE, KEY) == 4
    assert edit(boss, alias, value="3", version=store.entry(SCOPE, KEY).version).status_code == 302
    assert store.get(SCOPE, KEY) == 3


def test_value_removed_meanwhile_is_a_conflict_and_can_be_added_again(boss, alias, store):
    version = store.set(SCOPE, KEY, 1)
    store.remove(SCOPE, KEY)
    response = edit(boss, alias, value="2", version=version)
    assert (response.status_code, response.context["is_gone"]) == (200, True)
    assert store.keys(SCOPE) == []
    sent = response.context["draft"]
    assert edit(boss, alias, value=sent.text, version=sent.version, expiry="store").status_code == 302
    assert store.get(SCOPE, KEY) == 2


# -- add


def test_entry_is_added_to_a_new_scope(boss, alias, store):
    sent = {"scope": "node:a/b %?#..", "key": "k\u00e9y", "value": "[null]", "expiry": "store"}
    response = boss.post(url("add_scope", alias), sent)
    assert response["Location"] == url("scope", alias, "node:a/b %?#..")
    assert store.get_many("node:a/b %?#..") == {"kéy": [None]}
    assert history() == [(f"{alias}|node:a/b %25?#..|kéy", 1, "boss")]


def test_who_may_only_add_finds_where_to_and_is_back_on_the_index_with_the_message(staff, alias, store):
    client = staff("add")
    section = client.get("/admin/").context["app_list"][0]
    row = next(row for row in section["models"] if row["name"] == alias)
    assert (row["admin_url"], row["add_url"]) == (None, url("add_scope", alias))
    assert section["app_url"] == url("entry_changelist")
    assert client.get(section["app_url"]).context["app_list"] == [section]
    shown = client.get(row["add_url"]).content.decode()
    assert f'href="{url("scopes", alias)}"' not in shown
    sent = {"scope": SCOPE, "key": KEY, "value": "1", "expiry": "store"}
    saved = client.post(row["add_url"], sent, follow=True)
    assert saved.redirect_chain == [("/admin/", 302)]
    assert [str(said) for said in saved.context["messages"]] == [
        f'The entry <bdi class="state-word">{KEY}</bdi> was added.'
    ]
    assert store.get_many(SCOPE) == {KEY: 1}
    assert history() == [(f"{alias}|{SCOPE}|{KEY}", 1, "staff")]


def test_no_link_on_the_form_leads_who_may_only_add_to_a_page_that_is_closed(staff, alias, store):
    store.set(SCOPE, KEY, 1)
    client = staff("add")
    for page, names in (("add_scope", ()), ("add_entry", (SCOPE,))):
        links = re.findall(
            r'href="(/admin/statestore/[^"]*)"', client.get(url(page, alias, *names)).content.decode()
        )
        assert links
        assert {client.get(link).status_code for link in links} == {200}


def test_adding_never_overwrites(boss, alias, store):
    store.set(SCOPE, KEY, 1)
    response = boss.post(url("add_entry", alias, SCOPE), {"key": KEY, "value": "2", "expiry": "store"})
    assert response.status_code == 200
    assert "already" in response.context["draft"].errors["key"]
    assert store.get(SCOPE, KEY) == 1


@pytest.mark.parametrize("name", ["", ".", "..", "a\nb", "x" * 201])
def test_names_are_checked_by_the_stores_own_rules(boss, alias, store, name):
    response = boss.post(url("add_scope", alias), {"scope": name, "key": name, "value": "1", "expiry": "store"})
    assert response.status_code == 200
    assert set(response.context["draft"].errors) == {"scope", "key"}
    assert list(store.scopes()) == []


# -- remove, delete


def test_entry_is_removed_in_the_version_that_was_shown(boss, alias, store):
    version = store.set(SCOPE, KEY, 1)
    store.set(SCOPE, KEY, 2)
    boss.post(url("remove_entry", alias, SCOPE, KEY), {"version": version})
    assert store.get(SCOPE, KEY) == 2
    version = boss.get(url("remove_entry", alias, SCOPE, KEY)).context["version"]
    boss.post(url("remove_entry", alias, SCOPE, KEY), {"version": version})
    assert store.keys(SCOPE) == []
    assert history() == [(f"{alias}|{SCOPE}|{KEY}", 3, "boss")]


def select(client, alias, names, **more):
    return client.post(url("scopes", alias), {"action": "delete_selected", "_selected_action": names, **more})


def test_selected_scopes_go_after_a_page_that_lists_them(boss, alias, store):
    for name in ("a", "b", "c"):
        store.set_many(name, {"k": 1, "l": 2})
    page = select(boss, alias, ["a", "c"])
    going = page.context["going"]
    assert [(one.info.name, one.info.entries, one.keys) for one in going] == [
        ("a", 2, ["k", "l"]),
        ("c", 2, ["k", "l"]),
    ]
    assert len(list(store.scopes())) == 3
    select(boss, alias, ["a", "c"], post="yes", version=[one.version for one in going])
    assert [info.name for info in store.scopes()] == ["b"]
    assert history() == [(f"{alias}|a", 3, "boss"), (f"{alias}|c", 3, "boss")]


def test_what_went_before_the_store_failed_is_in_the_history(boss, alias, store, monkeypatch):
    for name in ("a", "b"):
        store.set(name, "k", 1)
    versions = [one.version for one in select(boss, alias, ["a", "b"]).context["going"]]
    delete = store.delete

    def fails_at_b(name, **how):
        if name == "b":
            raise StoreUnavailable("down")
        return delete(name, **how)

    monkeypatch.setattr(store, "delete", fails_at_b)
    assert select(boss, alias, ["a", "b"], post="yes", version=versions).status_code == 503
    assert [info.name for info in store.scopes()] == ["b"]
    assert history() == [(f"{alias}|a", 3, "boss")]


def test_scope_that_changed_since_the_question_stays(boss, alias, store):
    for name in ("a", "b"):
        store.set(name, "k", 1)
    versions = [one.version for one in select(boss, alias, ["a", "b"]).context["going"]]
    store.set("a", "k", 2)
    response = boss.post(
        url("scopes", alias),
        {"action": "delete_selected", "_selected_action": ["a", "b"], "post": "yes", "version": versions},
        follow=True,
    )
    assert [info.name for info in store.scopes()] == ["a"]
    assert "1 scope was not deleted" in response.content.decode()
    assert history() == [(f"{alias}|b", 3, "boss")]


def test_confirmation_without_versions_deletes_nothing(boss, alias, store):
    store.set("a", "k", 1)
    select(boss, alias, ["a"], post="yes")
    assert store.keys("a") == ["k"]


def test_one_scope_is_deleted_from_its_page(boss, alias, store):
    store.set(SCOPE, KEY, 1)
    assert [one.info.name for one in boss.get(url("delete_scope", alias, SCOPE)).context["going"]] == [SCOPE]


def test_neighbours_of_what_goes_stay(boss, alias, store):
    for name in ("user:1", "user:12", "USER:1", "user:1:x"):
        store.set(name, "k", 1)
    version = select(boss, alias, ["user:1"]).context["going"][0].version
    select(boss, alias, ["user:1"], post="yes", version=[version])
    assert sorted(info.name for info in store.scopes()) == ["USER:1", "user:12", "user:1:x"]


# -- who may


WAYS = {
    "look at scopes": ("get", "scopes", "view"),
    "look at a scope": ("get", "scope", "view"),
    "look at an entry": ("get", "entry", "view"),
    "read an entry": ("get", "raw", "view"),
    "export": ("get", "export", "view"),
    "look at the history": ("get", "history", "view"),
    "begin to add": ("get", "add_entry", "add"),
    "add": ("post", "add_entry", "add"),
    "add a scope": ("post", "add_scope", "add"),
    "change": ("post", "entry", "view", "change"),
    "ask to remove": ("get", "remove_entry", "view", "delete"),
    "remove": ("post", "remove_entry", "view", "delete"),
    "ask to delete": ("get", "delete_scope", "view", "delete"),
    "clean": ("get", "clean", "view", "clean"),
    "dry run": ("post", "clean", "view", "clean"),
    "import": ("post", "import", "view", "add"),
}
ALL = ("view", "add", "change", "delete", "clean")
NAMES = {"entry": (SCOPE, KEY), "raw": (SCOPE, KEY), "remove_entry": (SCOPE, KEY)}
OF_A_STORE = ("scopes", "export", "add_scope", "clean", "import")


def go(client, alias, method, page):
    names = NAMES.get(page, () if page in OF_A_STORE else (SCOPE,))
    return getattr(client, method)(
        url(page, alias, *names), {"version": "x", "value": "9", "key": "k9", "scope": "s9", "expiry": "store"}
    )


@pytest.mark.parametrize("way", WAYS)
def test_every_way_is_closed_to_who_lacks_one_permission(staff, alias, store, way):
    method, page, *needed = WAYS[way]
    store.set(SCOPE, KEY, 1)
    for lacking in needed:
        others = [verb for verb in ALL if verb != lacking and not (lacking == "view" and verb == "change")]
        assert go(staff(*others), alias, method, page).status_code == 403
    assert store.get_many(SCOPE) == {KEY: 1}
    assert [info.name for info in store.scopes()] == [SCOPE]
    assert history() == []
    assert go(staff(*needed), alias, method, page).status_code != 403


def test_deleting_needs_its_permission_when_it_is_confirmed_too(staff, alias, store):
    store.set("a", "k", 1)
    client = staff("view", "add", "change", "clean")
    sent = {"action": "delete_selected", "_selected_action": "a", "post": "yes", "version": store.version("a")}
    assert client.post(url("scopes", alias), sent).status_code == 403
    assert store.keys("a") == ["k"]


def test_adding_again_what_was_removed_needs_the_permission_to_add(staff, alias, store):
    assert edit(staff("view", "change"), alias, value="1", version="", expiry="store").status_code == 403
    assert store.keys(SCOPE) == []


def test_who_may_only_look_is_offered_nothing_else(staff, alias, store):
    store.set(SCOPE, KEY, 1)
    client = staff("view")
    for page, names in (("scopes", ()), ("scope", (SCOPE,)), ("entry", (SCOPE, KEY))):
        shown = client.get(url(page, alias, *names)).content.decode()
        for word in ("/add/", "/delete/", "/clean/", "/import/", "delete_selected", "<textarea"):
            assert word not in shown


def test_every_post_needs_its_token(boss, alias, store):
    boss.handler.enforce_csrf_checks = True
    version = store.set(SCOPE, KEY, 1)
    assert edit(boss, alias, value="2", version=version).status_code == 403
    assert store.get(SCOPE, KEY) == 1


# -- the history


def test_history_holds_no_value(boss, alias, store):
    sent = {"scope": SCOPE, "key": KEY, "value": json.dumps(SECRET), "expiry": "store"}
    boss.post(url("add_scope", alias), sent)
    edit(boss, alias, value=json.dumps([SECRET]), version=store.entry(SCOPE, KEY).version)
    boss.post(url("remove_entry", alias, SCOPE, KEY), {"version": store.entry(SCOPE, KEY).version})
    assert [flag for _id, flag, _user in history()] == [1, 2, 3]
    for one in LogEntry.objects.all():
        assert SECRET not in f"{one.object_id} {one.object_repr} {one.change_message}"


def test_history_page_shows_what_was_done_to_this_scope_alone(boss, alias, store):
    for scope in ("user:1", "user:12", "USER:1", "user:1|x"):
        boss.post(url("add_scope", alias), {"scope": scope, "key": KEY, "value": "1", "expiry": "store"})
    shown = boss.get(url("history", alias, "user:1")).context["action_list"]
    assert [(one.key, one.user.username, one.get_change_message()) for one in shown] == [(KEY, "boss", "Added.")]


def test_recent_actions_lead_to_the_entry(boss, alias, store):
    boss.post(url("add_scope", alias), {"scope": "a|b/%..", "key": "x/../y", "value": "1", "expiry": "store"})
    link = LogEntry.objects.get().get_admin_url()
    assert boss.get(link)["Location"] == url("entry", alias, "a|b/%..", "x/../y")
    assert LogEntry.objects.get().object_repr == f"{alias} / a|b/%.. / x/../y"


def test_longest_names_fit_into_the_history(boss, alias, store):
    longest = "\U0001d4b3" * 200
    boss.post(url("add_scope", alias), {"scope": longest, "key": longest, "value": "1", "expiry": "store"})
    assert LogEntry.objects.get().object_id == f"{alias}|{longest}|{longest}"


def test_change_and_history_are_final_together(boss, two_stores, monkeypatch):
    store = two_stores["default"]
    version = store.set(SCOPE, KEY, 1)

    def fails(*_args, **_kwargs):
        raise RuntimeError("the history is full")

    monkeypatch.setattr("statestore.admin.history.note", fails)
    with pytest.raises(RuntimeError):
        edit(boss, "default", value="2", version=version)
    assert store.get(SCOPE, KEY) == 1


def test_change_sends_the_signals_of_the_store(boss, two_stores):
    heard = []

    def hear(**said):
        heard.append((said["alias"], said["scope"], said["key"]))

    entry_changed.connect(hear)
    try:
        version = stores["memory"].set(SCOPE, KEY, 1)
        edit(boss, "memory", value="2", version=version)
    finally:
        entry_changed.disconnect(hear)
    assert heard == [("memory", SCOPE, KEY)] * 2
