"""The whole contract on a Redis Cluster and behind Sentinel; that on single servers is in tests/contract."""

import pytest
from django.conf import settings
from django.test import override_settings

from statestore.handler import StoreHandler
from statestore.testing import ConcurrencySuite, RulesSuite
from tests.backends.redis_kit import cache_on, each_server, wipe
from tests.servers import addresses

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick_twins")]
NAMES = ("cluster", "sentinel")


@pytest.fixture(scope="module", autouse=True)
def stores():
    caches = {
        name: cache_on(name) | {"KEY_PREFIX": f"contract-{settings.RUN}"} for name in NAMES if name in addresses()
    }
    stores = {name: {"BACKEND": "statestore.backends.CacheStore", "OPTIONS": {"cache": name}} for name in caches}
    with override_settings(CACHES=caches, STATESTORE={"STORES": stores}):
        yield


def empty_store(alias):
    handler = StoreHandler()
    wipe(handler[alias])
    handler.close_all()
    return handler[alias]


@pytest.mark.parametrize("server", each_server(*NAMES))
class TestRules(RulesSuite):
    @pytest.fixture
    def new_store(self, server):
        return empty_store(server)


@pytest.mark.parametrize("server", each_server(*NAMES))
class TestConcurrency(ConcurrencySuite):
    @pytest.fixture
    def new_store(self, server):
        return empty_store(server)
