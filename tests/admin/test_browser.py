"""The admin in a real browser, under the strictest Content-Security-Policy.

Every page opened here is watched (see ``visit``): nothing may be said on the console, and nobody else asked.
With ``STATESTORE_SCREENSHOTS`` set to a directory, pictures of the main pages are put there.
"""

import json
import os
import threading
from itertools import count
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from statestore.admin import progress
from statestore.admin.addresses import NameConverter
from tests.admin.conftest import by_one_clock
from tests.admin.demo import fill, hostile

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
DESK = {"viewport": {"width": 1280, "height": 860}}
segment = NameConverter().to_url


@pytest.fixture
def site(db):
    """Demo state in the database; something hostile in memory; one store that is down."""
    with by_one_clock(broken={"BACKEND": "tests.admin.stores.DownStore"}) as handler:
        fill(handler["default"], handler.clock)
        hostile(handler["memory"])
        yield handler


LOOKS = {
    "desk-light": (DESK, "light"),
    "phone-dark": (PHONE, "dark"),
    "desk-dark": (DESK, "dark"),
    "phone-light": (PHONE, "light"),
}
looks = pytest.mark.parametrize(  # each width and each scheme once; all four where pictures are wanted
    ("device", "scheme"),
    list(LOOKS.values())[: 4 if os.environ.get("STATESTORE_SCREENSHOTS") else 2],
    ids=list(LOOKS)[: 4 if os.environ.get("STATESTORE_SCREENSHOTS") else 2],
)


@pytest.fixture
def picture():
    """Keep a picture of a page, where pictures are wanted."""
    place = os.environ.get("STATESTORE_SCREENSHOTS")

    def take(page, name, **options):
        if place:
            page.screenshot(path=Path(place) / f"{name}.png", **options)

    return take


def press(page, what):
    """Click where a page comes of it, and wait for that: most of what is looked for is on the page before too."""
    with page.expect_navigation():
        page.click(what)


def said(page):
    return page.locator(".messagelist").inner_text()


def test_sign_in_and_find_the_section(site, visit, server):
    User.objects.create_superuser("admin", password="secret")
    page = visit(client=Client())
    page.fill("#id_username", "admin")
    page.fill("#id_password", "secret")
    press(page, "text=Log in")
    page.goto(f"{server.url}/admin/")
    press(page, "#content-main >> text=Scoped state")
    expect(page.locator("h1")).to_have_text("Stores")


def test_browse_from_the_stores_to_an_entry(site, visit):
    page = visit(**DESK)
    press(page, "#result_list >> text=default")
    page.fill("#searchbar", "user:1")
    page.press("#searchbar", "Enter")
    expect(page.locator("#result_list tbody tr")).to_have_count(11)
    names = page.locator("#result_list tbody th").all_inner_texts()
    assert names == sorted(names)
    press(page, "text=user:17")
    press(page, "#result_list >> text=profile")
    expect(page.locator("h1")).to_have_text("profile")
    crumbs = page.locator("nav .breadcrumbs").inner_text().split(" \u203a ")
    assert crumbs == ["Home", "Scoped state", "default", "user:17", "profile"]


def test_filters_and_paging(site, visit):
    for number in range(200):
        site["default"].set(f"visit:{number:03d}", "k", 1)
    page = visit("default/", **DESK)
    press(page, "#changelist-filter >> text=visit:")
    press(page, "text=More")
    expect(page.locator("#result_list tbody th").first).to_have_text("visit:100")
    press(page, "text=Back")
    expect(page.locator("#result_list tbody th").first).to_have_text("visit:000")
    press(page, "#changelist-filter >> text=All")
    press(page, "#changelist-filter >> text=Not for a year")
    expect(page.locator("#result_list tbody tr")).to_have_count(5)


def test_edit_with_line_numbers_and_a_mistake_at_its_place(site, visit):
    page = visit("default/scope/global/key/announcement/", **DESK)
    count = page.locator("#id_value").input_value().count("\n") + 1
    assert page.locator(".state-gutter > *").all_inner_texts() == [str(n) for n in range(1, count + 1)]
    page.fill("#id_value", '{\n  "text": "We stay.",\n  "at": 1,,\n}')
    press(page, "text=Save >> nth=0")
    assert "Line 3, column 11:" in page.locator(".errorlist").inner_text()
    assert page.locator(".state-gutter mark").inner_text() == "3"
    page.wait_for_function("document.activeElement.selectionStart === 34")
    page.fill("#id_value", '{"text": "We stay."}')
    page.select_option("#id_expiry", "in")
    page.fill("[name=ttl]", "2h")
    press(page, "text=Save >> nth=0")
    assert "was changed" in said(page)
    assert site["default"].get("global", "announcement") == {"text": "We stay."}


def test_numbers_follow_a_long_text(site, visit):
    page = visit("default/scope/global/key/announcement/", **DESK)
    page.evaluate("document.querySelector('#id_value').value = '[' + '1,\\n'.repeat(50000) + '1]'")
    page.type("#id_value", " ")
    page.evaluate("document.querySelector('#id_value').scrollTop = 1e9")
    expect(page.locator(".state-gutter > *").last).to_have_text("50001")
    assert page.locator(".state-gutter > *").count() < 60


def test_conflict_is_shown_and_settled(site, visit):
    store = site["default"]
    page = visit("default/scope/user:7/key/profile/", **DESK)
    store.set("user:7", "profile", {"name": "Someone else", "tags": ["a"], "visits": 8})
    page.fill("#id_value", '{\n  "name": "Person 7",\n  "tags": [\n    "a"\n  ],\n  "visits": 700\n}')
    press(page, "text=Save >> nth=0")
    page.wait_for_selector(".state-diff")
    assert page.locator(".state-diff del").all_inner_texts()[0].endswith('"name": "Someone else",')
    assert page.locator(".state-diff ins").all_inner_texts()[-1].endswith('"visits": 700')
    page.fill("#id_value", '{"name": "Someone else", "tags": ["a"], "visits": 700}')
    press(page, "text=Save this")
    assert store.get("user:7", "profile")["visits"] == 700


def test_add_and_remove_an_entry(site, visit):
    page = visit("default/add/", **DESK)
    page.fill("#id_scope", "tenant:a/b?#%")
    page.fill("#id_key", "../colour")
    page.fill("#id_value", '"red"')
    press(page, "text=Save")
    expect(page.locator("h1")).to_have_text("tenant:a/b?#%")
    press(page, "#result_list >> text=Remove")
    press(page, "#content input[type=submit]")
    assert site["default"].keys("tenant:a/b?#%") == []
    expect(page.locator("h1")).to_have_text("Scopes in default")  # there is no such scope any more


def test_selected_scopes_are_deleted_after_a_question(site, visit, picture):
    page = visit("default/?q=flow:", **DESK)
    page.check("[value='flow:0001']")
    page.check("[value='flow:0002']")
    assert page.locator(".action-counter").inner_text() == "2 of 24 selected"
    page.select_option("[name=action]", "delete_selected")
    press(page, ".actions button")
    picture(page, "delete")
    press(page, "#content input[type=submit]")
    assert "2 scopes were deleted." in said(page)
    assert len(list(site["default"].scopes("flow:"))) == 22


def test_clean_shows_what_would_go_and_does_it(site, visit):
    page = visit("default/clean/", **DESK)
    page.check("[name=by][value=ids]")
    page.fill("#id_idle", "30d")
    press(page, "text=Show what would go")
    heading = page.locator("#state-found").inner_text()
    page.click("text=for ever")
    assert heading == "17 scopes would go"
    assert "17 scopes were removed, 82 were kept." in said(page)


class Halfway:
    """A clean whose eighth part takes as long as it is told to."""

    def __init__(self, store, monkeypatch):
        self.parts, self.clean = count(1), store.clean
        self.go_on, self.gone_on = threading.Event(), threading.Event()
        monkeypatch.setattr(store, "clean", self)

    def __call__(self, *args, **how):
        number = next(self.parts)
        if number == 8:
            self.go_on.wait(60)
        try:
            return self.clean(*args, **how)
        finally:
            if number == 8:
                self.gone_on.set()


def test_clean_shows_how_far_it_is_and_goes_on_by_itself(site, visit, picture, monkeypatch):
    monkeypatch.setattr(progress, "SECONDS", 0)
    monkeypatch.setattr(progress, "PART", 5)
    store = site["default"]
    page = visit("default/clean/", **DESK)
    page.check("[name=by][value=ids]")
    page.fill("#id_idle", "30d")
    press(page, "text=Show what would go")
    page.wait_for_selector("text=for ever")
    halfway = Halfway(store, monkeypatch)
    page.click("text=for ever", no_wait_after=True)
    expect(page.locator("[role=status]")).to_contain_text("35 scopes looked at")
    picture(page, "progress")
    halfway.go_on.set()
    page.wait_for_selector(".messagelist")
    assert "17 scopes were removed, 82 were kept." in said(page)
    assert len(list(store.scopes())) == 82


def test_clean_stops_when_it_is_told_to(site, visit, monkeypatch):
    monkeypatch.setattr(progress, "SECONDS", 0)
    page = visit("default/clean/", **DESK)
    page.check("[name=by][value=ids]")
    page.fill("#id_active", "flow")
    press(page, "text=Show what would go")
    page.wait_for_selector("text=for ever")
    monkeypatch.setattr(progress, "PART", 1)
    halfway = Halfway(site["default"], monkeypatch)
    page.click("text=for ever", no_wait_after=True)
    expect(page.locator("[role=status]")).to_contain_text("7 scopes looked at")
    page.click("text=Stop here")
    assert "Stopped." in said(page)
    halfway.go_on.set()
    assert halfway.gone_on.wait(60)
    left = len(list(site["default"].scopes()))
    assert left > 24
    page.wait_for_timeout(500)
    assert len(list(site["default"].scopes())) == left


def test_clean_works_without_javascript(site, visit, monkeypatch):
    monkeypatch.setattr(progress, "SECONDS", 0)
    monkeypatch.setattr(progress, "PART", 30)
    page = visit("default/clean/", java_script_enabled=False, **DESK)
    page.check("[name=by][value=ids]")
    page.fill("#id_idle", "30d")
    press(page, "text=Show what would go")
    for _part in range(3):
        press(page, "text=Go on")
    press(page, "text=for ever")
    while page.locator("text=Go on").count():
        press(page, "text=Go on")
    assert "17 scopes were removed, 82 were kept." in said(page)


def test_export_and_import(site, visit, tmp_path):
    page = visit("default/scope/user:7/", **DESK)
    with page.expect_download() as downloading:
        page.click("text=Export")
    file = tmp_path / "dump.jsonl"
    downloading.value.save_as(file)
    assert [json.loads(line)["key"] for line in file.read_text().splitlines()] == ["profile", "theme"]
    page.goto(page.url.replace("default/scope/user:7/", "memory/import/"))
    page.set_input_files("#id_file", file)
    press(page, "input[value=Import]")
    assert "2 entries were imported." in said(page)
    assert site["memory"].get_many("user:7") == site["default"].get_many("user:7")


def test_value_and_pointer_are_copied(site, visit):
    page = visit("default/scope/global/key/announcement/", **DESK)
    page.click(".state-copy")
    page.wait_for_selector(".state-copy:has-text('✓')")
    assert json.loads(page.evaluate("navigator.clipboard.readText()"))["text"] == "We move on Sunday."
    page.hover("[data-token='/at'] summary")
    page.click("[data-token='/1'] .state-pointer")
    page.wait_for_selector(".state-pointer:has-text('✓')")
    assert page.evaluate("navigator.clipboard.readText()") == "/at/1"


def test_tree_opens_and_closes_by_keyboard(site, visit):
    page = visit("default/scope/global/key/announcement/", **DESK)
    page.focus("[data-token='/at'] summary")
    page.keyboard.press("Enter")
    expect(page.locator("[data-token='/at/0'], [data-token='/0']").first).not_to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("[data-token='/0']").first).to_be_visible()


def test_hostile_names_and_values_do_no_harm(site, visit):
    scope = next(info.name for info in site["memory"].scopes())
    page = visit("memory/", **DESK)
    page.click("#result_list tbody a")
    expect(page.locator("h1")).to_have_text(scope)
    assert page.locator("#content script, #content img[onerror]").count() == 0
    for key in site["memory"].keys(scope):
        page = visit(f"memory/scope/{segment(scope)}/key/{segment(key)}/", **DESK)
        assert json.loads(page.locator("#id_value").input_value()) == site["memory"].get(scope, key)


def findings(page, visit, axe):
    """What axe-core finds serious on a page: rule, impact and where."""
    assert visit.complaints == [], page.url
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    visit.complaints.clear()  # axe puts styles into the page to measure, which the policy forbids and reports
    return [
        (one["id"], one["impact"], [node["target"] for node in one["nodes"]][:3])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def main_pages(site):
    """The address of every page that is there to be looked at."""
    hostile_scope = segment(next(info.name for info in site["memory"].scopes()))
    return {
        "stores": "",
        "scopes": "default/?q=user:",
        "sorted": "default/?o=used",
        "scope": "default/scope/user:7/",
        "hostile": f"memory/scope/{hostile_scope}/",
        "entry": "default/scope/global/key/announcement/",
        "part": "default/scope/global/key/announcement/?at=/at",
        "add": "default/add/",
        "rules": "default/clean/",
        "import": "default/import/",
        "delete": "default/scope/user:7/delete/",
        "remove": "default/scope/user:7/key/theme/delete/",
        "history": "default/scope/user:7/history/",
        "unwell": "broken/",
    }


def each_page(page, site):
    """Open every page and yield its name: those with an address, then those that a form leads to."""
    home = page.url.partition("/statestore/")[0]
    for name, path in main_pages(site).items():
        page.goto(f"{home}/statestore/{path}")
        yield name
    page.goto(f"{home}/statestore/default/clean/")
    page.fill("#id_idle", "30d")
    press(page, "text=Show what would go")
    page.wait_for_selector("#state-found")
    yield "clean"
    page.goto(f"{home}/statestore/default/scope/user:7/key/profile/")
    page.fill("#id_value", "[1,,]")
    press(page, "text=Save >> nth=0")
    page.wait_for_selector(".state-gutter mark")
    yield "mistake"
    page.fill("#id_value", '{"name": "Mine", "tags": []}')
    site["default"].set("user:7", "profile", {"name": "Theirs", "tags": []})
    press(page, "text=Save >> nth=0")
    page.wait_for_selector(".state-diff")
    yield "conflict"


@looks
def test_pages_are_accessible_and_fit(site, visit, picture, axe, device, scheme):
    page, found = visit(color_scheme=scheme, **device), {}
    for name in each_page(page, site):
        visit.complaints[:] = [said for said in visit.complaints if "503" not in said]  # the store that is down
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= device["viewport"]["width"], f"{name} is {width} wide"
        kind = [name] + ["dark"] * (scheme == "dark") + ["phone"] * (device is PHONE)
        picture(page, "-".join(kind), full_page=name in ("clean", "conflict", "hostile"))
        found[name] = findings(page, visit, axe)
    assert {name: serious for name, serious in found.items() if serious} == {}
