"""Stores in memory that go by one clock."""

import pytest

from statestore import stores
from statestore.testing import Clock, override_stores
from tests.cleaning.command import MEMORY


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(autouse=True)
def store(clock):
    with override_stores(fast={"BACKEND": MEMORY}, main="default"):
        for one in stores.all():
            one.clock = clock
        yield stores["default"]


@pytest.fixture
def listed(tmp_path):
    def write(content):
        path = tmp_path / "list"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write
