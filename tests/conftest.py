"""Says which servers are in play, and refuses to pass without them where CI is set; empties the databases."""

import os

import pytest
from django.test import TransactionTestCase
from hypothesis import HealthCheck, settings

from tests.flush import flush
from tests.loop import one_loop
from tests.servers import VARIABLE, addresses, missing

settings.register_profile(
    "patient",
    deadline=None,  # a busy machine is no fault,
    suppress_health_check=[HealthCheck.too_slow],  # … whatever it is busy with
    derandomize=True,  # what fails does so in every run; other examples are those of `make soak`
)
settings.load_profile("patient")


def pytest_report_header():
    running = ", ".join(f"{name} {address['version']}" for name, address in addresses().items())
    lines = [f"servers: {running or 'none'}"]
    if missing():
        lines.append(f"servers that are MISSING, with all their tests: {', '.join(missing())}")
    return lines


def pytest_configure():
    if os.environ.get("CI") and missing():
        pytest.exit(f"CI is set, but {VARIABLE} lacks {', '.join(missing())}", returncode=1)


def pytest_sessionfinish(session, exitstatus):
    """Leave a word for tests/again.py: a run that was broken off is not one with a few failures."""
    if session.config.pluginmanager.hasplugin("cacheprovider") and not hasattr(session.config, "workerinput"):
        session.config.cache.set("statestore/ended", int(exitstatus))


@pytest.fixture(scope="session", autouse=True)
def _quick_flush():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", flush)
        yield


@pytest.fixture(scope="module")
def quick_twins():
    """For modules that walk thousands of async verbs."""
    with one_loop():
        yield
