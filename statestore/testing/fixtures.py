"""Fixtures for pytest: ``pytest_plugins = ["statestore.testing.fixtures"]`` in the topmost ``conftest.py``."""

from collections.abc import Iterator

import pytest

from statestore.handler import StoreHandler, stores
from statestore.testing.clock import Clock
from statestore.testing.override import override_stores


@pytest.fixture
def state_stores() -> Iterator[StoreHandler]:
    """Every configured store on a fresh ``MemoryStore``; answers ``stores``."""
    with override_stores():
        yield stores


@pytest.fixture
def state_clock(state_stores: StoreHandler) -> Clock:
    """A clock that all of ``state_stores`` go by."""
    clock = Clock()
    for store in state_stores.all():
        store.clock = clock
    return clock
