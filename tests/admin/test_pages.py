"""What the pages show, of every kind of store, and what they cost."""

import logging
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from statestore.admin import sampling, scopes, searching
from statestore.entries import Record
from statestore.testing import override_stores
from tests.admin.demo import fill, hostile

pytestmark = pytest.mark.django_db


def url(name, *names, **query):
    address = reverse(f"admin:statestore_{name}", args=names)
    return address if not query else f"{address}?{'&'.join(f'{k}={v}' for k, v in query.items())}"


def text(response):
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", response.content.decode()))


class HookCalls:
    """Notes the round trips to a store: the hooks that its verbs call."""

    def __init__(self, store, monkeypatch):
        self.names = []
        for way in ("_ask", "_tell"):
            monkeypatch.setattr(store, way, self._noting(getattr(store, way)))

    def _noting(self, way):
        def call(hook, *args):
            self.names.append(hook.__name__)
            return way(hook, *args)

        return call


# -- the section in the admin


def test_section_is_on_the_index_with_a_row_for_every_store(boss, two_stores):
    app = next(app for app in boss.get("/admin/").context["app_list"] if app["app_label"] == "statestore")
    assert app["name"] == "Scoped state"
    assert [row["name"] for row in app["models"]][:3] == ["default", "memory", "locmem"]
    assert app["app_url"] == "/admin/statestore/"


def test_section_has_the_address_that_every_section_has(boss, two_stores):
    address = reverse("admin:app_list", kwargs={"app_label": "statestore"})
    assert address == url("entry_changelist")
    assert reverse("admin:app_list", kwargs={"app_label": "auth"}) == "/admin/auth/"


def test_section_is_not_there_for_those_who_may_not_look(staff, two_stores):
    client = staff("delete", "clean")
    apps = client.get("/admin/").context["app_list"]
    assert [app["app_label"] for app in apps if app["app_label"] == "statestore"] == []
    assert client.get(url("entry_changelist")).status_code == 403


def test_index_touches_no_store(boss, two_stores, monkeypatch):
    calls = HookCalls(two_stores["memory"], monkeypatch)
    with CaptureQueriesContext(connection) as queries:
        boss.get("/admin/")
    assert calls.names == []
    assert not [
        one for one in queries.captured_queries if "statestore_entry" in one["sql"] and "auth_" not in one["sql"]
    ]


def test_any_admin_site_can_have_the_section():
    from django.contrib.admin import AdminSite

    from statestore.admin import attach

    site = AdminSite(name="other")
    attach(site)
    attach(site)
    names = [pattern.name for pattern in site.get_urls()]
    assert names.count("statestore_scopes") == 1


# -- stores


def test_stores_page_says_how_every_store_is(boss, two_stores):
    fill(two_stores["default"], two_stores.clock)
    response = boss.get(url("entry_changelist"))
    card = next(card for card in response.context["cards"] if card.alias == "default")
    assert (card.sample.scopes, card.sample.exact) == (99, True)
    assert [(bar.label, bar.count) for bar in card.sample.by_family] == [
        ("user", 40), ("flow", 24), ("node", 24), ("session", 10), ("global", 1),
    ]  # fmt: skip
    said = text(response)
    assert "ModelStore" in said
    assert "sqlite" in said
    assert "another name of memory" in said
    assert "The state is lost when this process ends" in said


def test_stores_page_calls_a_backend_as_the_setting_does(boss, two_stores):
    here = {"BACKEND": "statestore.backends.CacheStore", "OPTIONS": {"cache": "default"}}
    wrong = here | {"OPTIONS": {"cache": "nowhere"}}
    down = {"BACKEND": "tests.admin.stores.DownStore"}
    with override_stores(default="here", here=here, down=down, wrong=wrong, empty={}):
        cards = boss.get(url("entry_changelist")).context["cards"]
        told = {card.alias: card.backend for card in cards}
    assert told == {
        "default": "", "here": "CacheStore", "down": "DownStore", "wrong": "CacheStore", "empty": "",
        "memory": "MemoryStore", "locmem": "",
    }  # fmt: skip


def test_store_that_is_down_says_so_while_the_others_answer(boss, monkeypatch):
    down = {"BACKEND": "tests.admin.stores.DownStore"}
    with override_stores(default={"BACKEND": "statestore.backends.MemoryStore"}, broken=down) as handler:
        handler["default"].set("user:1", "a", 1)
        response = boss.get(url("entry_changelist"))
        assert response.status_code == 200
        assert "does not answer" in text(response)
        assert [card.alias for card in response.context["cards"] if card.sample and card.sample.scopes] == [
            "default"
        ]
        page = boss.get(url("scopes", "broken"))
        assert page.status_code == 503
        assert "is unavailable" in text(page)
        assert boss.get(url("scope", "default", "user:1")).status_code == 200


def test_store_that_can_not_be_built_says_so_while_the_others_answer(boss):
    wrong = {"BACKEND": "statestore.backends.CacheStore", "OPTIONS": {"cache": "nowhere"}}
    with override_stores(default={"BACKEND": "statestore.backends.MemoryStore"}, wrong=wrong):
        page = boss.get(url("entry_changelist"))
        assert "CACHES has no cache" in text(page)
        assert boss.get(url("scopes", "wrong")).status_code == 503
        assert boss.get(url("scopes", "default")).status_code == 200


def test_look_is_bounded_and_says_more_than(store, monkeypatch):
    monkeypatch.setattr(sampling, "STRIDE", 5)
    for family in ("a", "b", "c"):
        for number in range(20):
            store.set(f"{family}:{number:02d}", "k", 1)
    store.set("d", "k", 1)
    calls = HookCalls(store, monkeypatch)
    sample = sampling.look(store)
    assert not sample.exact
    assert [(bar.label, bar.count) for bar in sample.by_family] == [("a", 5), ("b", 5), ("c", 5), ("d", 1)]
    assert len(calls.names) == 4


def test_look_at_a_small_store_is_exact(store):
    for number in range(7):
        store.set(f"user:{number}", "k", "xx")
    sample = sampling.look(store)
    assert (sample.scopes, sample.entries, sample.bytes, sample.exact) == (7, 7, 28, True)


def test_every_scope_is_in_the_picture_of_ages(store, clock):
    fill(store, clock)
    assert sum(bar.count for bar in sampling.look(store).by_age) == 99


# -- scopes


def names(response):
    return [info.name for info in response.context["found"].infos]


def test_scopes_page_pages_on_and_back(boss, alias, store):
    wanted = sorted(f"user:{number}" for number in range(350))
    for name in wanted:
        store.set(name, "k", 1)
    seen, address = [], url("scopes", alias)
    while address:
        response = boss.get(address)
        seen += names(response)
        last, address = (
            response,
            response.context["next_link"] and url("scopes", alias) + response.context["next_link"],
        )
    assert seen == wanted
    for expected in (200, 100, 0):
        last = boss.get(url("scopes", alias) + last.context["back_link"])
        assert names(last) == wanted[expected : expected + 100]
    assert last.context["back_link"] == ""


def test_way_back_is_forgotten_after_some_pages_but_never_the_first(boss, alias, store):
    for number in range(1000):
        store.set(f"user:{number:04d}", "k", 1)
    response = boss.get(url("scopes", alias))
    for _page in range(9):
        response = boss.get(url("scopes", alias) + response.context["next_link"])
    assert names(response)[-1] == "user:0999"
    assert len(response.wsgi_request.GET.getlist("back")) == 5
    assert names(boss.get(url("scopes", alias) + response.context["first_link"]))[0] == "user:0000"


def test_prefix_is_plain_text(boss, alias, store):
    for name in ("a%", "a_b", "ab", "A", "a:1", "a*"):
        store.set(name, "k", 1)
    assert names(boss.get(url("scopes", alias, q="a%25"))) == ["a%"]
    assert names(boss.get(url("scopes", alias, q="a_"))) == ["a_b"]
    assert names(boss.get(url("scopes", alias, q="a*"))) == ["a*"]


def test_idle_filter_shows_what_was_not_used_since(boss, alias, store, clock):
    now = clock.time
    for age in (1, 10, 100):
        clock.time = now - age * 86400
        store.set(f"user:{age}", "k", 1)
    clock.time = now
    assert names(boss.get(url("scopes", alias, idle="7d"))) == ["user:10", "user:100"]
    assert names(boss.get(url("scopes", alias, idle="7d", q="user:100"))) == ["user:100"]


@pytest.mark.parametrize("idle", ["0s", "99999999d", "739942d", "999999999999s"])
@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
def test_any_age_is_a_page(boss, alias, store, settings, idle, zone):
    settings.TIME_ZONE = zone
    store.set("user:1", "k", 1)
    for page in (url("scopes", alias, idle=idle), url("scopes", alias, idle=idle, sort="used")):
        assert boss.get(page).status_code == 200


def test_idle_filter_looks_at_a_bounded_number_and_goes_on_from_there(boss, alias, store, clock, monkeypatch):
    monkeypatch.setattr(searching, "STRIDE", 10)
    monkeypatch.setattr(searching, "IDLE_STEPS", 3)
    clock.time -= 86400 * 30
    store.set("z", "k", 1)
    clock.time += 86400 * 30
    for number in range(65):
        store.set(f"user:{number:02d}", "k", 1)
    calls = HookCalls(store, monkeypatch)
    response = boss.get(url("scopes", alias, idle="7d"))
    assert names(response) == []
    assert calls.names.count("_scan") == 3 + 3  # and the families: user, z, no more
    while not names(response):
        response = boss.get(url("scopes", alias) + response.context["next_link"])
    assert names(response) == ["z"]


def test_scopes_are_sorted_by_last_use_size_and_entries(boss, alias, store, clock):
    now = clock.time
    for number, age in enumerate((3, 1, 2)):
        clock.time = now - age
        store.set_many(f"user:{number}", dict.fromkeys("abc"[: number + 1], "x" * age))
    clock.time = now
    orders = {"used": "021", "-used": "120", "entries": "012", "-entries": "210", "bytes": "012", "-bytes": "210"}
    for sort, order in orders.items():
        assert "".join(name[-1] for name in names(boss.get(url("scopes", alias, o=sort)))) == order, sort
    assert names(boss.get(url("scopes", alias, o="used", idle="1h"))) == []


def test_sorted_scopes_are_paged_by_number(boss, alias, store, clock):
    for number in range(250):
        clock.tick(1)
        store.set(f"user:{249 - number:03d}", "k", 1)
    wanted = [f"user:{249 - number:03d}" for number in range(250)]
    response, seen = boss.get(url("scopes", alias, o="used")), []
    while True:
        seen += names(response)
        if not response.context["next_link"]:
            break
        response = boss.get(url("scopes", alias) + response.context["next_link"])
    assert seen == wanted
    assert names(boss.get(url("scopes", alias) + response.context["back_link"])) == wanted[100:200]
    assert names(boss.get(url("scopes", alias) + response.context["first_link"])) == wanted[:100]


def test_too_many_to_sort_are_shown_by_name_and_that_is_said(boss, alias, store, monkeypatch):
    monkeypatch.setattr(searching, "SORTED", 20)
    for number in range(30):
        store.set(f"user:{number:02d}", "k", 1)
    calls = HookCalls(store, monkeypatch)
    response = boss.get(url("scopes", alias, o="-used"))
    assert "More than 5000 scopes are too many to sort" in text(response)
    assert names(response)[0] == "user:00"
    assert calls.names == ["_scan", "_scan", "_stamps_of", "_scan", "_scan"]
    assert names(boss.get(url("scopes", alias, o="-used", q="user:0"))) != []


def test_list_tells_the_version_of_each_scope(boss, alias, store, monkeypatch):
    store.set_many("a", {"x": 1, "y": 2})
    store.set("b", "x", 1)
    rows = boss.get(url("scopes", alias)).context["rows"]
    assert [(info.name, version) for info, version in rows] == [(name, store.version(name)) for name in "ab"]
    monkeypatch.setattr(scopes, "READ", 1)
    rows = boss.get(url("scopes", alias)).context["rows"]
    assert [(info.name, version) for info, version in rows] == [("a", ""), ("b", store.version("b"))]


@pytest.mark.parametrize("query", [{"q": "a%00b"}, {"idle": "soon"}, {"after": "%0A"}, {"q": "x" * 201}])
def test_search_that_makes_no_sense_is_told_so(boss, two_stores, query):
    response = boss.get(url("scopes", "default", **query))
    assert response.status_code == 200
    assert response.context["query"].problem
    assert names(response) == []


# -- one scope


def test_scope_page_shows_every_entry_with_its_facts(boss, alias, store, clock):
    store.set("user:1", "theme", "dark", ttl=60)
    version = store.set("user:1", "cart", {"items": [1, 2]})
    entries = {entry.key: entry for entry in boss.get(url("scope", alias, "user:1")).context["entries"]}
    assert list(entries) == ["cart", "theme"]
    assert (entries["cart"].kind, entries["cart"].size, entries["cart"].version) == ("object", 15, version)
    assert entries["theme"].expires_at - entries["theme"].updated_at == timedelta(seconds=60)


def test_scope_that_is_not_there_is_404_with_a_page(boss, alias):
    response = boss.get(url("scope", alias, "user:1"))
    assert response.status_code == 404
    assert "There is no such scope" in text(response)


def test_many_entries_come_page_by_page(boss, alias, store):
    wanted = sorted(f"k{number}" for number in range(120))
    store.set_many("s", dict.fromkeys(wanted, 1))
    seen, query = [], ""
    while True:
        response = boss.get(url("scope", alias, "s") + query)
        seen += [entry.key for entry in response.context["entries"]]
        query = response.context["next_link"]
        if not query:
            break
    assert seen == wanted
    assert [entry.key for entry in boss.get(url("scope", alias, "s", q="K11")).context["entries"]] == [
        "k11", *(f"k11{n}" for n in range(10)),
    ]  # fmt: skip


def test_looking_is_no_use_and_extends_nothing(boss, alias, store, clock):
    store.set("user:1", "a", {"b": ["x" * 1000]}, ttl=60)
    before = store.info("user:1"), store.records("user:1")
    clock.tick(30)
    for address in (
        url("entry_changelist"),
        url("scopes", alias),
        url("scope", alias, "user:1"),
        url("entry", alias, "user:1", "a"),
        url("entry", alias, "user:1", "a", at="/b/0"),
        url("raw", alias, "user:1", "a"),
        url("delete_scope", alias, "user:1"),
        url("remove_entry", alias, "user:1", "a"),
        url("history", alias, "user:1"),
        url("clean", alias),
        url("export_scope", alias, "user:1"),
        url("export", alias),
    ):
        response = boss.get(address)
        assert response.status_code == 200, address
        b"".join(response) if response.streaming else response.content
    assert (store.info("user:1"), store.records("user:1")) == before


def test_hostile_names_and_values_are_text_on_every_page(boss, alias, store):
    scope = hostile(store)
    addresses = [url("scopes", alias), url("scope", alias, scope), url("delete_scope", alias, scope)]
    addresses += [url("entry", alias, scope, key) for key in store.keys(scope)]
    addresses += [url("remove_entry", alias, scope, key) for key in store.keys(scope)]
    for address in addresses:
        page = boss.get(address).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert page.count("</textarea>") <= page.count("<textarea")
        assert "\u202e" not in re.sub("<input[^>]*>", "", page)


def test_big_value_makes_a_small_page(boss, alias, store):
    for value in (list(range(40_000)), {"a": "x" * 250_000}, [[[[1] * 20] * 20] * 20] * 6):
        store.set("user:1", "big", value)
        assert len(boss.get(url("scope", alias, "user:1")).content) < 60_000
        page = boss.get(url("entry", alias, "user:1", "big")).content
        assert len(page) < 1_200_000  # the editor has all of it


def test_part_of_a_value_has_a_page_of_its_own(boss, alias, store):
    store.set("s", "k", {"a/b": ["x" * 1000, {"deep": True}]})
    response = boss.get(url("entry", alias, "s", "k", at="/a~1b/0"))
    assert "x" * 1000 in text(response)
    assert "deep" in text(boss.get(url("entry", alias, "s", "k", at="/a~1b/1")))
    assert boss.get(url("entry", alias, "s", "k", at="/nothing")).status_code == 404
    assert boss.get(url("entry", alias, "s", "k", at="no-pointer")).status_code == 404


def test_value_of_many_children_is_paged_from_its_root(boss, alias, store):
    store.set("s", "k", list(range(5000)))
    drawn = boss.get(url("entry", alias, "s", "k")).context["entry"].tree
    more = re.search(r'href="([^"]*)">… 4800 more', drawn)[1].replace("&amp;", "&")
    page = text(boss.get(more))
    assert "200 : 200" in page
    assert "399 : 399" in page
    assert "… 4600 more" in page


def test_raw_text_is_byte_for_byte_and_no_page(boss, alias, store):
    store.set("s", "k", {"b": 1.0, "a": "<script>é"})
    response = boss.get(url("raw", alias, "s", "k"))
    assert response.content == store.records("s")["k"].text
    assert response["Content-Type"].startswith("text/plain")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert boss.get(url("raw", alias, "s", "k", at="/a")).content == '"<script>é"'.encode()


# -- corrupt


def corrupt(alias, store, scope, key, stored=b'{"a": <broken>'):
    if alias == "memory":
        store._scopes[scope][key] = store._scopes[scope][key]._replace(text=stored)
    else:
        from statestore.models import Entry

        Entry.objects.filter(scope=scope, key=key).update(value=stored.decode())


def test_corrupt_entry_is_shown_as_corrupt_beside_the_others(boss, alias, store):
    store.set_many("s", {"bad": 1, "good": "fine"})
    corrupt(alias, store, "s", "bad")
    response = boss.get(url("scope", alias, "s"))
    assert [bool(entry.problem) for entry in response.context["entries"]] == [True, False]
    assert "&lt;broken&gt;" in response.content.decode()
    assert boss.get(url("entry", alias, "s", "bad")).status_code == 200
    assert boss.get(url("raw", alias, "s", "bad")).content == b'{"a": <broken>'


def test_corrupt_entry_can_be_removed_and_written_anew(boss, alias, store):
    store.set_many("s", {"bad": 1, "worse": 1})
    for key in ("bad", "worse"):
        corrupt(alias, store, "s", key)
    version = store.records("s")["bad"].version
    boss.post(url("remove_entry", alias, "s", "bad"), {"version": version})
    boss.post(url("entry", alias, "s", "worse"), {"version": version, "value": "[1]", "expiry": "store"})
    assert store.get_many("s") == {"worse": [1]}


def test_bytes_that_are_no_text_are_shown(boss, two_stores):
    store = two_stores["memory"]
    store.set("s", "k", 1)
    corrupt("memory", store, "s", "k", b"\xff\x00<b>")
    assert "\\xff" in boss.get(url("scope", "memory", "s")).content.decode()


# -- what is switched off


def test_store_that_may_not_be_read_shows_names_only(boss):
    params = {"BACKEND": "statestore.backends.MemoryStore", "ENABLE_GET": False}
    with override_stores(default=params) as handler:
        handler["default"].set("s", "k", "secret")
        page = text(boss.get(url("scope", "default", "s")))
        assert "Reading is switched off" in page
        assert "secret" not in page
        assert boss.get(url("entry", "default", "s", "k")).status_code == 403
        boss.post(url("remove_entry", "default", "s", "k"))
        assert handler["default"].keys("s") == []


def test_store_that_may_not_be_written_offers_no_writing(boss):
    params = {"BACKEND": "statestore.backends.MemoryStore"}
    off = {"ENABLE_SET": False, "ENABLE_REMOVE": False, "ENABLE_CLEAN": False}
    with override_stores(default={**params, **off}) as handler:
        handler["default"].open()
        handler["default"]._scopes["s"] = {"k": Record(b"1", "v", 1, None)}
        page = boss.get(url("scope", "default", "s")).content.decode()
        assert "/delete/" not in page
        assert "#editor" not in page
        logging.disable(logging.WARNING)
        try:
            sent = {"version": "v", "value": "2", "expiry": "store"}
            assert boss.post(url("entry", "default", "s", "k"), sent).status_code == 403
        finally:
            logging.disable(logging.NOTSET)


@pytest.mark.parametrize(
    ("switch", "names"),
    [
        ("SET", [("add_scope",), ("add_entry", "s"), ("import",)]),
        ("REMOVE", [("delete_scope", "s"), ("remove_entry", "s", "k")]),
        ("CLEAN", [("clean",)]),
    ],
)
def test_page_for_what_is_switched_off_is_not_offered_and_says_so(boss, switch, names):
    params = {"BACKEND": "statestore.backends.MemoryStore", f"ENABLE_{switch}": False}
    with override_stores(default=params, other={**params, f"ENABLE_{switch}": True}) as handler:
        handler["default"].open()
        handler["default"]._scopes["s"] = {"k": Record(b"1", "v", 1, None)}
        offers = boss.get("/admin/").content.decode()
        for name, *rest in names:
            page = boss.get(url(name, "default", *rest))
            assert (page.status_code, "is switched off for the store" in text(page)) == (403, True)
        assert (url("add_scope", "default") in offers) == (switch != "SET")
        assert url("add_scope", "other") in offers


# -- costs


AROUND = 3  # the session, the user, the permissions
MORE = {"history": 1}  # the lines are counted, then read
PAGES = {
    "scopes": (
        lambda alias: url("scopes", alias),
        ["_scan", "_stamps_of", *["_scan"] * 3],
    ),  # the page, its versions; the families: session, user, end
    "scope": (lambda alias: url("scope", alias, "user:1"), ["_keys", "_scan", "_read"]),
    "entry": (lambda alias: url("entry", alias, "user:1", "a"), ["_read"]),
    "part": (lambda alias: url("entry", alias, "user:1", "a", at="/x"), ["_read"]),
    "sorted": (lambda alias: url("scopes", alias, o="used"), ["_scan", "_stamps_of", *["_scan"] * 3]),
    "idle": (lambda alias: url("scopes", alias, idle="1h"), ["_scan"] * (1 + 3)),
    "history": (lambda alias: url("history", alias, "user:1"), []),
    "raw": (lambda alias: url("raw", alias, "user:1", "a"), ["_read"]),
    "add": (lambda alias: url("add_entry", alias, "user:1"), []),
    "clean": (lambda alias: url("clean", alias), []),
    "import": (lambda alias: url("import", alias), []),
    "delete": (lambda alias: url("delete_scope", alias, "user:1"), ["_stamps_of", "_scan", "_keys"]),
    "remove": (lambda alias: url("remove_entry", alias, "user:1", "a"), ["_read"]),
}


@pytest.mark.parametrize("page", PAGES)
def test_page_costs_so_many_round_trips_and_queries(boss, alias, store, monkeypatch, page):
    for number in range(60):
        store.set_many(f"user:{number}", {"a": {"x": 1}, "b": 2})
    store.set("session:1", "a", 1)
    address, hooks = PAGES[page]
    boss.get(address(alias))
    calls = HookCalls(store, monkeypatch)
    with CaptureQueriesContext(connection) as queries:
        assert boss.get(address(alias)).status_code == 200
    assert calls.names == hooks
    on_the_store = len(hooks) if alias == "default" else 0
    assert len(queries) - on_the_store <= AROUND + 1 + MORE.get(page, 0), "\n".join(
        one["sql"] for one in queries.captured_queries
    )


def test_stores_page_costs_so_many_round_trips(boss, alias, store, monkeypatch):
    for number in range(60):
        store.set(f"user:{number}", "a", 1)
    calls = HookCalls(store, monkeypatch)
    boss.get(url("entry_changelist"))
    another_name = ["_health"] if alias == "memory" else []  # locmem is that
    assert calls.names == ["_health", "_scan", *another_name]


def test_forms_that_are_sent_cost_so_many_round_trips(boss, alias, store, clock, monkeypatch):
    for number in range(60):
        store.set(f"user:{number:02d}", "a", 1)
    clock.tick(60)
    sent = {"action": "delete_selected", "_selected_action": [f"user:{number:02d}" for number in range(20)]}
    calls = HookCalls(store, monkeypatch)
    page = boss.post(url("scopes", alias), sent)
    assert calls.names == ["_stamps_of", *["_scan"] * 20]  # the versions of all, then the facts of each
    calls.names.clear()
    versions = [one.version for one in page.context["going"]]
    boss.post(url("scopes", alias), {**sent, "post": "yes", "version": versions})
    assert calls.names == ["_stamps", "_delete"] * 20
    form = {"by": "ids", "idle": "30s"}
    calls.names.clear()
    page = boss.post(url("clean", alias), form)
    assert calls.names == ["_scan"] * 3  # what the part is, the part, the sample
    calls.names.clear()
    boss.post(url("clean", alias), {**form, "confirmed": page.context["confirmed"]})
    assert calls.names == ["_scan", "_clean_next"]
    assert list(store.scopes()) == []


def test_stranger_is_asked_to_sign_in(two_stores):
    assert Client().get(url("entry_changelist")).status_code == 302
    assert "/login/" in Client().get(url("scopes", "default"))["Location"]


def test_unknown_store_is_404(boss):
    assert boss.get(url("scopes", "nowhere")).status_code == 404
