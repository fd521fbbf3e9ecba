"""A real hot standby of PostgreSQL as target: it reads, it refuses every write, and is well when it is promoted."""

import pytest

from tests.faults.kit import BEFORE, READS, WRITES, fails, model_store, put, running
from tests.faults.test_model_faults import ask, is_well
from tests.servers import Postgres
from tests.servers.process import eventually

pytestmark = pytest.mark.slow


class Standby(Postgres):
    """Copies another server's data, and follows it."""

    def __init__(self, primary):
        super().__init__(durable=True)
        self.primary = primary

    def prepare(self):
        self._programs = self._find_programs()
        where = ["--host", self.primary.host, "--port", self.primary.port, "--username", self.user]
        how = ["--pgdata", "data", "--write-recovery-conf", "--checkpoint=fast", "--no-sync"]
        self.run(self._programs / "pg_basebackup", *where, *how)


@pytest.fixture
def pair():
    with running(Postgres, durable=True) as primary:
        with model_store(primary) as store:
            put(store)
        with Standby(primary) as standby:
            yield primary, standby


def test_standby_reads_and_refuses_every_write_until_it_is_promoted(pair):
    primary, standby = pair
    assert ask(standby, "SELECT pg_is_in_recovery()") == [(True,)]
    with model_store(primary) as store:
        store.set("s:1", "later", 3)
    eventually(lambda: ask(standby, "SELECT 1 FROM statestore_entry WHERE key = 'later'"))
    with model_store(standby, migrated=True) as store:
        there = BEFORE | {"later": 3}
        for call in READS.values():
            call(store)
        assert store.get_many("s:1") == there
        assert store.health().reachable
        for verb, call in WRITES.items():
            fails(call, store)
            assert store.get_many("s:1") == there, verb
        ask(standby, "SELECT pg_promote()")
        is_well(store)
