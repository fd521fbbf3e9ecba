"""What happens to a server on the way to it; ``running`` is each module's own."""

import pytest

from tests.faults.proxy import Proxy


@pytest.fixture(autouse=True)
def _database_access(django_db_blocker):
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def server(running):
    return running.start()


@pytest.fixture
def proxy(server):
    with Proxy(server.port) as proxy:
        yield proxy
