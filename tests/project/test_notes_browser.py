"""The notes in a real browser, under the site's own Content-Security-Policy: one person, two tabs.

With ``STATESTORE_SCREENSHOTS`` set to a directory, pictures of the conflict are put there.
"""

import os
from functools import partial
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from project import settings as site
from statestore import stores
from tests.admin import conftest as in_the_admin

playwright = pytest.importorskip("playwright.sync_api")
expect, Route = playwright.expect, playwright.Route
chromium = in_the_admin.chromium  # the same browser, and the same words where there is none

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not site.HAS_API, reason="the API is not installed"),
]

# A page gives up after some seconds, which may be too few for a machine that has much else to do.
PATIENT = """
const wait = AbortSignal.timeout;
globalThis.giveUpAfter = (seconds) => { AbortSignal.timeout = () => wait.call(AbortSignal, 1000 * seconds); };
giveUpAfter(120);
"""
LOOKS = {
    "light": {"viewport": {"width": 1280, "height": 900}},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}},
}


@pytest.fixture
def ada():
    return User.objects.create_user("ada")


@pytest.fixture
def server(_the_site, transactional_db):
    with in_the_admin.live_site() as running:
        yield running


@pytest.fixture
def browser(chromium, server, ada):
    """Open a window of the browser in which Ada is signed in."""
    client, windows = Client(), []
    client.force_login(ada)

    def window(**options):
        windows.append(chromium.new_context(**options))
        windows[-1].add_init_script(PATIENT)
        session = client.cookies["sessionid"].value
        windows[-1].add_cookies([{"name": "sessionid", "value": session, "url": server.url}])
        return windows[-1]

    yield window
    for each in windows:
        each.close()


@pytest.fixture
def tab(server):
    """Open the notes in a tab, and keep what its console says."""

    def open_tab(window):
        page = window.new_page()
        page.set_default_timeout(in_the_admin.PATIENCE)
        page.said = []
        page.on("console", lambda line: page.said.append(line.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.goto(f"{server.url}/notes/")
        expect(page.get_by_label("Note", exact=True)).to_be_visible()
        return page

    return open_tab


def save(page, text):
    page.get_by_label("Note", exact=True).fill(text)
    page.get_by_role("button", name="Save", exact=True).click()


def status(page):
    return page.get_by_role("status")


def sides(page):
    return [page.locator(f"#{side}").inner_text() for side in ("mine", "theirs")]


def in_conflict(window, tab):
    """Return two tabs that read the same note, the first about to choose and the second saved."""
    first, second = tab(window), tab(window)
    save(second, "Buy bread.\nAnd tea.")
    expect(status(second)).to_have_text("Saved.")
    save(first, 'Buy <b>"milk"</b> 🥛')
    expect(first.get_by_role("heading", name="This note was changed elsewhere")).to_be_visible()
    return first, second


def browsers_own(*statuses):
    """What the browser itself notes on the console of each answer of 400 and more."""
    words = {404: "Not Found", 412: "Precondition Failed"}
    failed = "Failed to load resource: the server responded with a status of"
    return [f"{failed} {status} ({words[status]})" for status in statuses]


@pytest.mark.parametrize("look", LOOKS)
def test_who_saves_second_sees_both_versions_and_keeps_their_own(browser, tab, ada, look):
    first, second = in_conflict(browser(**LOOKS[look]), tab)
    assert sides(first) == ['Buy <b>"milk"</b> 🥛', "Buy bread.\nAnd tea."]
    assert stores["default"].get(f"user:{ada.pk}", "note") == "Buy bread.\nAnd tea."
    if place := os.environ.get("STATESTORE_SCREENSHOTS"):
        first.screenshot(path=Path(place) / f"notes-{look}.png", full_page=True)
    assert first.evaluate("document.documentElement.scrollWidth <= innerWidth")
    first.keyboard.press("Tab")
    first.keyboard.press("Tab")
    first.keyboard.press("Enter")
    expect(status(first)).to_have_text("Saved.")
    assert stores["default"].get(f"user:{ada.pk}", "note") == 'Buy <b>"milk"</b> 🥛'
    assert first.said == browsers_own(404, 412)
    assert second.said == browsers_own(404)


def test_who_takes_theirs_can_save_over_it(browser, tab, ada):
    first, _second = in_conflict(browser(), tab)
    first.get_by_role("button", name="Take theirs").click()
    expect(first.get_by_label("Note", exact=True)).to_have_value("Buy bread.\nAnd tea.")
    save(first, "Both.")
    expect(status(first)).to_have_text("Saved.")
    assert stores["default"].get(f"user:{ada.pk}", "note") == "Both."


def test_a_note_that_changes_again_before_the_choice_is_a_conflict_again(browser, tab, ada):
    first, second = in_conflict(browser(), tab)
    save(second, "Third.")
    expect(status(second)).to_have_text("Saved.")
    first.get_by_role("button", name="Keep mine").click()
    expect(first.locator("#theirs")).to_have_text("Third.")
    stores["default"].remove(f"user:{ada.pk}", "note")
    first.get_by_role("button", name="Keep mine").click()
    expect(first.locator("#theirs")).to_have_text("There is no note any more.")
    first.get_by_role("button", name="Keep mine").click()
    expect(status(first)).to_have_text("Saved.")
    assert stores["default"].get(f"user:{ada.pk}", "note") == 'Buy <b>"milk"</b> 🥛'


def test_json_is_kept_as_json_and_what_is_none_is_said(browser, tab, ada):
    stores["default"].set(f"user:{ada.pk}", "note", {"big": 2**60})
    page = tab(browser())
    expect(page.get_by_label("JSON")).to_be_checked()
    expect(page.get_by_label("Note", exact=True)).to_have_value(f'{{"big":{2**60}}}')
    save(page, "[1, 2")
    expect(status(page)).to_contain_text("The body is not JSON")
    save(page, "[1, 2]")
    expect(status(page)).to_have_text("Saved.")
    assert stores["default"].get(f"user:{ada.pk}", "note") == [1, 2]


TROUBLE = {
    401: "You are not signed in any more.",
    403: "This was refused",
    413: "This is too long to be stored.",
    422: "The site does not take this as a note. Why not.",
    429: "That was too often.",
    503: "The store is not well just now. Try again in 7 seconds.",
    504: "this may or may not have been saved",
}


def test_an_answer_that_never_comes_is_not_waited_for(browser, tab):
    window = browser()
    page = tab(window)
    page.route("**/values/note/", lambda _route: None)
    page.evaluate("giveUpAfter(0.5)")
    save(page, "typed")
    expect(status(page)).to_contain_text(TROUBLE[504])
    page.unroute_all()
    page.evaluate("giveUpAfter(120)")
    save(page, "typed")
    expect(status(page)).to_have_text("Saved.")


def test_every_refusal_is_told_in_words_and_nothing_typed_is_lost(browser, tab):
    page = tab(browser())
    for number, words in TROUBLE.items():
        answer = partial(Route.fulfill, status=number, json={"detail": "Why not."}, headers={"Retry-After": "7"})
        page.route("**/values/note/", lambda route, _request, answer=answer: answer(route))
        save(page, "typed")
        expect(status(page)).to_contain_text(words)
        expect(page.get_by_label("Note", exact=True)).to_have_value("typed")
    page.route("**/values/note/", lambda route: route.abort())
    save(page, "typed")
    expect(status(page)).to_contain_text("The site can't be reached.")
