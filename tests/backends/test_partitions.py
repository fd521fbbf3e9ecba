"""A table partitioned by its scopes, as docs/scaling.md has it: every verb works, and goes to one partition."""

import re

import pytest
from django.db import connections

from statestore import ABSENT, VersionConflict
from tests.faults.kit import ALIAS, model_store
from tests.faults.test_model_faults import ask
from tests.servers import Postgres, ServerUnavailable

pytestmark = pytest.mark.slow
PARTS = 4


@pytest.fixture
def store(django_db_blocker):
    try:
        server = Postgres().start()
    except ServerUnavailable as reason:
        pytest.skip(f"NOT TESTED: {reason}")
    with server, django_db_blocker.unblock(), model_store(server) as store:
        ask(server, "ALTER TABLE statestore_entry RENAME TO old")
        ask(server, "CREATE TABLE statestore_entry (LIKE old INCLUDING ALL) PARTITION BY HASH (scope)")
        for part in range(PARTS):
            values = f"FOR VALUES WITH (MODULUS {PARTS}, REMAINDER {part})"
            ask(server, f"CREATE TABLE part_{part} PARTITION OF statestore_entry {values}")
        yield store


def test_every_verb_works_on_partitions(store):
    names = [f"s:{number:02}" for number in range(40)]
    for name in names:
        store.set_many(name, {"a": 1, "b": [name]})
        assert store.increment(name, "a") == 2
    version = store.set("s:00", "c", 1, if_version=ABSENT)
    with pytest.raises(VersionConflict):
        store.set("s:00", "c", 2, if_version=ABSENT)
    assert store.set("s:00", "c", 2, if_version=version) != version
    assert store.update("s:01", "b", lambda value: [*value, 1]) == ["s:01", 1]
    assert [info.name for info in store.scopes("s:", limit=7, after="s:03")] == names[4:11]
    assert store.touch("s:02")
    assert store.remove("s:02", ["a", "b"]) == 2
    assert store.delete("s:03") == 2
    assert store.clean(["s:00", "s:39"], prefix="s:").removed == 36
    assert [info.name for info in store.scopes()] == ["s:00", "s:39"]
    assert store.get_many("s:00") == {"a": 2, "b": ["s:00"], "c": 2}


def test_a_verb_of_one_scope_goes_to_one_partition(store):
    store.set("s:1", "a", 1)
    with connections[ALIAS].cursor() as cursor:
        statement, params = store._sql.read_some("s:1", ["a"])
        cursor.execute(f"EXPLAIN {statement}", params)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert len(set(re.findall(r"part_\d", plan))) == 1
