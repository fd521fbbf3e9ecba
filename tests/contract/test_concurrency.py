"""The contract over every store, among threads; databases are emptied after each test."""

import pytest

from statestore.testing import ConcurrencySuite
from tests.contract.conftest import each_store, fresh


@pytest.mark.parametrize("alias", each_store(transaction=True))
class TestConcurrency(ConcurrencySuite):
    @pytest.fixture
    def new_store(self, alias):
        return fresh(alias)
