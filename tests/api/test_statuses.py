"""The statuses, as a live server gives them: the page's table says no more and no less."""

from collections import defaultdict
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

import pytest

from statestore.api.schema import ALWAYS, CONDITIONAL, OPERATIONS
from tests.api.conftest import person
from tests.api.live import Cutting
from tests.api.statuses import LIMIT, answers, table
from tests.faults.kit import running
from tests.servers import Valkey

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
MODEL, CACHE = "statestore.backends.ModelStore", "statestore.backends.CacheStore"
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def proxy():
    with running(Valkey) as server, Cutting(server.port) as proxy:
        yield proxy


@pytest.fixture
def site(settings, proxy):
    """Stores in every condition, and two persons."""
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    servers = {"real": proxy.port, "gone": 1}
    for name, port in servers.items():
        cache = {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": f"redis://127.0.0.1:{port}/0"}
        settings.CACHES = settings.CACHES | {name: cache}
    settings.STATESTORE = {
        "STORES": {
            "default": "well",
            "well": {"BACKEND": MODEL},
            "strict": {"BACKEND": MODEL, "SCHEMAS": {"s": {"k": str}}},
            "off": {"BACKEND": MODEL} | {f"ENABLE_{verb}": False for verb in ("GET", "SET", "REMOVE", "CLEAN")},
            **{name: {"BACKEND": CACHE, "OPTIONS": {"cache": name, "timeout": 5}} for name in servers},
        },
        "API": {"MAX_BODY_BYTES": LIMIT},
    }
    person("ada", is_staff=True, is_superuser=True)
    person("eve")


@pytest.fixture
def around(settings, proxy):
    @contextmanager
    def too_often():
        rates = {f"statestore-{kind}": "0/min" for kind in ("read", "write", "clean")}
        settings.REST_FRAMEWORK = {"DEFAULT_THROTTLE_RATES": rates}
        yield
        settings.REST_FRAMEWORK = {}

    return {"too_often": too_often, "cut_after": proxy.cutting_after}


def test_the_page_tells_every_status_of_every_route_and_method(live_server, site, around):
    found = defaultdict(set)
    for name, method, case, answer in answers(live_server.thread.port, around):
        has_manners(method, answer)
        found[name, method].add(answer.status_code)
        print(f"{method} {name}, {case}: {answer.status_code}")
    for (view, method), operation in OPERATIONS.items():
        documented = {*operation.answers, *ALWAYS, *operation.also, *([CONDITIONAL] if operation.tagged else [])}
        assert found[view.removesuffix("View").lower(), method] <= documented, (view, method)
    assert table(found) in PAGE.read_text("utf-8"), table(found)


def has_manners(method, answer):
    """Every refusal is a problem, and says what its status has to say besides."""
    status = answer.status_code
    assert answer["Cache-Control"] == "private, no-cache"
    for needed, header in ((401, "WWW-Authenticate"), (405, "Allow"), (429, "Retry-After"), (503, "Retry-After")):
        assert status != needed or answer[header] is not None
    if status >= 400:
        assert answer["Content-Type"] == "application/problem+json"
        if method != "HEAD":
            said = answer.json()
            assert (said["status"], said["title"]) == (status, HTTPStatus(status).phrase)
            assert said["detail"].endswith((".", ")"))
    elif status in {201, 204, 304}:
        assert (answer.content == b"") == (answer["Content-Type"] is None)
