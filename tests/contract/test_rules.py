"""The contract over every store, one caller at a time; what goes to a database is rolled back after each test."""

import pytest

from statestore.testing import RulesSuite
from tests.contract.conftest import each_store, fresh

pytestmark = pytest.mark.usefixtures("quick_twins")


@pytest.mark.parametrize("alias", each_store())
class TestRules(RulesSuite):
    @pytest.fixture
    def new_store(self, alias):
        return fresh(alias)
