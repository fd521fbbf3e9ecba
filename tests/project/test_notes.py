"""The page that uses the API from JavaScript, as it is sent. What its script does: ``test_notes_browser``."""

import re

import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.test import Client

from project import settings as site
from tests.project.test_pages import INLINE_OR_FOREIGN, text

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not site.HAS_API, reason="the API is not installed"),
]


@pytest.fixture
def ada():
    return User.objects.create_user("ada")


@pytest.fixture
def page(client, ada):
    client.force_login(ada)
    return client.get("/notes/")


def test_the_notes_take_signing_in(client):
    assert client.get("/notes/").url == "/sign-in/?next=/notes/"


def test_the_page_holds_no_script_or_style_of_its_own(page):
    assert page.status_code == 200
    assert "default-src 'self'" in page["Content-Security-Policy"]
    assert "unsafe" not in page["Content-Security-Policy"]
    assert not INLINE_OR_FOREIGN.search(text(page))


def test_the_page_is_one_of_the_sites_pages(page):
    assert '<a href="/notes/" aria-current="page">Notes</a>' in text(page)


def test_without_javascript_a_sentence_that_says_so_is_all_there_is(page):
    assert "This page needs JavaScript" in re.search(r"<noscript>(.*?)</noscript>", text(page))[1]
    assert re.findall(r'<\w+ id="(\w+)"[^>]* hidden>', text(page)) == ["said", "note", "conflict"]


def test_the_script_is_there_with_all_that_it_imports(page):
    assert '<script type="module" src="/static/demo/notes.js"></script>' in text(page)
    assert all(finders.find(f"demo/{name}") for name in ("notes.js", "value.js", "words.js"))


def test_the_page_names_the_visitors_own_note(page, ada):
    address = f"/api/stores/default/scopes/user:{ada.pk}/values/note/"
    assert re.search(r'data-address="([^"]*)"', text(page))[1] == address


def test_a_save_with_the_pages_token_is_taken_and_without_it_refused(ada):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ada)
    shown = text(browser.get("/notes/"))
    address = re.search(r'data-address="([^"]*)"', shown)[1]
    token = re.search(r'id="note".*?name="csrfmiddlewaretoken" value="(\w+)"', shown, re.DOTALL)[1]
    save = {"data": '"mine"', "content_type": "application/json"}
    assert browser.put(address, **save).status_code == 403
    assert browser.put(address, **save, headers={"X-CSRFToken": token}).status_code == 201
    assert browser.get(address).json() == "mine"
