"""The documentation as it is read: built without a warning, asking nobody, and with a search that finds."""

import re
import subprocess
import sys

import pytest

from tests.admin import conftest as in_the_admin
from tests.docs import DOCS

pytest.importorskip("sphinx")
expect = pytest.importorskip("playwright.sync_api").expect
chromium = in_the_admin.chromium

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    where = tmp_path_factory.mktemp("docs")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", DOCS, where]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stderr, done.returncode) == ("", 0)
    return where


@pytest.fixture
def page(chromium):
    """A window of a browser that is not on any network, and what it asked for beside files."""
    context = chromium.new_context(offline=True)
    page = context.new_page()
    page.set_default_timeout(in_the_admin.PATIENCE)
    page.asked = []
    page.on("request", lambda asked: asked.url.startswith(("file:", "data:")) or page.asked.append(asked.url))
    yield page
    context.close()


def test_pages_ask_nobody_else(built):
    pages = "\n".join(page.read_text("utf-8") for page in built.rglob("*.html"))
    assert re.findall(r"<(?:script|img|link)[^>]*(?:src|href)=\"https?://", pages) == []


def test_every_page_is_built(built):
    pages = {page.relative_to(DOCS).with_suffix(".html") for page in DOCS.rglob("*.md")}
    assert pages <= {page.relative_to(built) for page in built.rglob("*.html")}


@pytest.mark.parametrize(
    ("asked", "found"), [("increment", "Counting, and a limit"), ("Node-RED", "State from Node-RED")]
)
def test_search_finds_without_a_network(built, page, asked, found):
    page.goto((built / "index.html").as_uri())
    page.fill("input[name=q]", asked)
    page.press("input[name=q]", "Enter")
    page.click(f"#search-results li a:has-text('{found}')")
    expect(page.locator("h1")).to_contain_text(found)
    assert page.asked == []
