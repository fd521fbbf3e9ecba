"""Who signs in, which stores they see, and the browser."""

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client, override_settings
from pytest_django.live_server_helper import LiveServer

from statestore import stores
from statestore.testing import Clock, override_stores

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PATIENCE = 60_000  # milliseconds that are waited for what is to come, on a machine that has much else to do
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip


@pytest.fixture
def two_stores(db):
    """Two stores of the same manners: the database, and memory; by a clock that stands still."""
    with by_one_clock() as handler:
        yield handler


@contextmanager
def by_one_clock(**more):
    """Put these two stores, and ``more``, in place of the site's."""
    model = {"BACKEND": "statestore.backends.ModelStore"}
    memory = {"BACKEND": "statestore.backends.MemoryStore"}
    with (
        override_settings(STATESTORE={"STORES": {}}),
        override_stores(default=model, memory=memory, locmem="memory", **more) as handler,
    ):
        clock = Clock()
        for alias in ("default", "memory"):
            handler[alias].clock = clock
        handler.clock = clock
        yield handler


@pytest.fixture(params=["default", "memory"])
def alias(request, two_stores):
    return request.param


@pytest.fixture
def store(alias):
    return stores[alias]


@pytest.fixture
def clock(store):
    return store.clock


@pytest.fixture
def staff(db):
    """Sign somebody in with these permissions and return the client."""

    def sign_in(*verbs, name="staff"):
        user, _new = User.objects.get_or_create(username=name, defaults={"is_staff": True})
        wanted = [f"{verb}_entry" for verb in verbs]
        user.user_permissions.set(
            Permission.objects.filter(codename__in=wanted, content_type__app_label="statestore")
        )
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def boss(staff):
    """Somebody who may do everything with state."""
    return staff("view", "add", "change", "delete", "clean", name="boss")


# -- the browser


def missing_in_ci(what):
    """Leave a test out for want of something; where CI is set, that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(f"CI is set, but {what} is missing")
    pytest.skip(f"{what} is MISSING: no test in a browser")


@pytest.fixture(scope="module")
def chromium():
    """The browser. Playwright keeps an event loop running in this thread: no longer than the module needs it."""
    if not CHROMIUM:
        missing_in_ci("chromium")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Django takes the tests for asynchronous
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            yield browser
            browser.close()
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def axe():
    """The source of axe-core, from npm: kept in the machine's scratch, never in the repository."""
    home = Path(tempfile.gettempdir()) / f"statestore-axe-{os.getuid()}"
    file = Path("node_modules") / "axe-core" / "axe.min.js"
    if not (home / file).exists():
        fetch_axe(home, file)
    return (home / file).read_text()


def fetch_axe(home, file):
    """Install it aside and move it into its place, so that two processes may do so at once."""
    if not shutil.which("npm"):
        missing_in_ci("npm")
    aside = Path(tempfile.mkdtemp(prefix="statestore-axe-"))
    command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--fetch-retries=5"]
    command += ["--prefix", str(aside), "axe-core@4"]
    if subprocess.run(command, check=False, capture_output=True).returncode or not (aside / file).exists():
        missing_in_ci("axe-core")
    try:
        aside.rename(home)
    except OSError:
        shutil.rmtree(aside)


@pytest.fixture
def strict(settings):
    """Serve every page under the strictest Content-Security-Policy."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.admin.csp.strict_csp"]
    settings.DEBUG = False
    settings.ALLOWED_HOSTS = ["localhost", "testserver"]


@contextmanager
def live_site():
    """The site on a port. ``live_server`` starts once for all tests, with the middleware of their settings."""
    running = LiveServer("localhost")
    yield running
    running.stop()


@pytest.fixture
def server(strict, transactional_db):
    with live_site() as running:
        yield running


@pytest.fixture
def visit(chromium, server, boss):
    """Open a page of the admin, signed in; afterwards, be sure that nothing was said or asked behind our back."""
    contexts, complaints = [], []

    def open_page(path="", *, client=boss, **options):
        context = chromium.new_context(locale="en-GB", **options)
        for cookie in client.cookies.values():
            context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": server.url}])
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        contexts.append(context)
        context.route("**/favicon.ico", lambda route: route.fulfill(status=204))
        page.on("console", lambda said: said.type in ("error", "warning") and complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda asked: _is_elsewhere(asked.url, server.url) and complaints.append(asked.url))
        answer = page.goto(f"{server.url}/admin/statestore/{path}")
        assert "content-security-policy" in answer.headers
        return page

    open_page.complaints = complaints
    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def _is_elsewhere(url, home):
    return not url.startswith((f"{home}/", "data:", "blob:"))
