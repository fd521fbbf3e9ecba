"""Which stores the contract is run over. What is left out is told once, and loudly."""

import pytest

from tests.contract.conftest import STORES, databases_of
from tests.servers import missing

ALWAYS = ["default", "memory", "locmem", "dbcache", "filecache"]
ON_SERVERS = ["postgres", "mariadb", "redis", "valkey", "memcached"]


@pytest.mark.parametrize("alias", [*ALWAYS, *ON_SERVERS])
def test_contract_is_run_over(alias):
    if alias in missing():
        pytest.skip(f"NOT TESTED: the contract on {alias}, for there is no such server here")
    assert alias in STORES


def test_databases_are_known():
    assert [sorted(databases_of(alias)) for alias in ALWAYS] == [["default"], [], [], ["default"], []]
