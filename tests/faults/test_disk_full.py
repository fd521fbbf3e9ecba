"""A disk that is full: the write is refused whole, what was acknowledged stays, and with room again all is well."""

import os
import random
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connections

from statestore import StoreTimeout, StoreUnavailable
from tests.backends.redis_kit import store_on
from tests.faults.kit import ALIAS, PATIENT, model_store, running, soon
from tests.faults.test_model_faults import ask
from tests.prove.crash import File
from tests.servers import MariaDB, Postgres, Valkey
from tests.servers.process import eventually

pytestmark = pytest.mark.slow
MEGABYTE = 2**20
ROOM = 32  # megabytes
MOST = 2_000  # writes that no small disk takes


@pytest.fixture
def small_disk():
    """A file system with little room, open to servers that do not run as root.

    Not below ``tmp_path``: every pytest that starts closes the directory of all of them to others.
    """
    with tempfile.TemporaryDirectory(prefix="statestore-disk-") as place:
        Path(place).chmod(0o777)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}m,mode=0777", "tmpfs", place]
        if os.name != "posix" or os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("NOT TESTED: nobody may mount a small file system here")
        yield Path(place)
        subprocess.run(["umount", "--lazy", place], check=True)


def leave(megabytes, disk):
    """Fill a disk but for so much; return what makes room again."""
    filler = disk / "filler"
    filler.write_bytes(bytes((ROOM - megabytes) * MEGABYTE))
    return filler.unlink


@contextmanager
def sqlite_of_few_pages(tmp_path):
    with model_store(File(tmp_path)) as store:
        limit = "PRAGMA max_page_count = {}".format
        store.set("s:0", "a", 0)
        connections[ALIAS].cursor().execute(limit(100))
        yield store, lambda: connections[ALIAS].cursor().execute(limit(100_000))


@contextmanager
def sqlite_on(disk):
    make_room = leave(2, disk)
    with model_store(File(disk)) as store:
        yield store, make_room


@contextmanager
def postgres_on(disk):
    """The table, not the log of the server, lies on the disk: without room for that PostgreSQL stops."""
    make_room, place = leave(2, disk), disk / "space"
    with running(Postgres) as server, model_store(server) as store:
        place.mkdir()
        place.chmod(0o777)
        os.chown(place, *owner_of(server))
        ask(
            server,
            f"CREATE TABLESPACE small LOCATION '{place}'",
            "ALTER TABLE statestore_entry SET TABLESPACE small",
        )
        yield store, make_room


def owner_of(server):
    found = server.directory.stat()
    return found.st_uid, found.st_gid


class PostgresWithItsLog(Postgres):
    """Its log of writes alone lies on the small disk, in files of a megabyte."""

    def __init__(self, *, on):
        super().__init__(durable=True)
        self.initdb = ("--wal-segsize=1", f"--waldir={on / 'log'}")


class SmallMariaDB(MariaDB):
    """All tables in one file that does not grow."""

    def command(self):
        return [*super().command(), "--innodb-file-per-table=0", "--innodb-data-file-path=ibdata1:12M;ibdata2:8M"]


@contextmanager
def small_mariadb(_):
    with running(SmallMariaDB) as server, model_store(server) as store:
        filler = "CREATE TABLE filler (a LONGBLOB) ENGINE=InnoDB"
        ask(server, filler, f"INSERT INTO filler VALUES (REPEAT('x', {2 * MEGABYTE}))")
        yield store, lambda: ask(server, "DROP TABLE filler")


def patient(server):
    return store_on(server.django, options={"timeout": PATIENT})


@contextmanager
def valkey_on(disk):
    make_room = leave(2, disk)
    with running(Valkey, dir=disk, appendonly="yes") as server, patient(server) as store:
        yield store, make_room


def text(number):
    """Nothing that a database could store in less."""
    return random.Random(number).randbytes(10_000).hex()


def write(store, number):
    return store.set_many(f"s:{number}", {"a": text(number), "b": number})


def fill(store):
    """Write until it is refused; return the number of the write that was."""
    with pytest.raises(StoreUnavailable) as caught:
        for number in range(1, MOST):
            with soon():
                write(store, number)
    assert type(caught.value) is StoreUnavailable
    assert caught.value.__cause__ is not None
    return number


def is_refused_and_recovers(store, make_room):
    store.set_many("s:0", {"a": 1, "b": 2})
    number = fill(store)
    assert number > 3
    for written in range(1, number):
        assert store.get(f"s:{written}", ["a", "b"]) == [text(written), written]
    assert store.get_many(f"s:{number}") == {}
    assert store.get_many("s:0") == {"a": 1, "b": 2}
    with pytest.raises(StoreUnavailable):
        store.set_many("s:0", {"a": "".join(map(text, range(10))), "b": 3})
    assert store.get_many("s:0") == {"a": 1, "b": 2}
    make_room()
    eventually(lambda: write(store, number))  # MariaDB takes a moment to use what is free
    assert store.get(f"s:{number}", "b") == number
    assert store.clean(["s:0"]).removed == number
    assert [info.name for info in store.scopes()] == ["s:0"]


def test_sqlite_that_may_not_grow(tmp_path):
    with sqlite_of_few_pages(tmp_path) as (store, make_room):
        is_refused_and_recovers(store, make_room)


@pytest.mark.parametrize("on", [sqlite_on, postgres_on], ids=["sqlite", "postgres"])
def test_database_on_a_full_disk(small_disk, on):
    with on(small_disk) as (store, make_room):
        is_refused_and_recovers(store, make_room)


def test_postgres_that_can_not_write_its_log(small_disk):
    """It panics, and the answer to the write under way is lost with it; all that it acknowledged is there."""
    make_room = leave(24, small_disk)
    with running(PostgresWithItsLog, on=small_disk) as server, model_store(server) as store:
        with pytest.raises(StoreUnavailable) as caught:
            for number in range(1, MOST):
                with soon():
                    write(store, number)
        assert caught.value.__cause__ is not None
        assert eventually(lambda: "No space left on device" in server.log(1000))
        make_room()
        eventually(lambda: server.start() and store.get("s:1", "b") == 1)
        assert number > 3
        for written in range(1, number):
            assert store.get(f"s:{written}", ["a", "b"]) == [text(written), written]
        there = store.get_many(f"s:{number}")
        assert there in ([{}, {"a": text(number), "b": number}] if isinstance(caught.value, StoreTimeout) else [{}])
        write(store, number)
        assert store.clean([]).removed == number


def test_mariadb_that_may_not_grow(tmp_path):
    with small_mariadb(tmp_path) as (store, make_room):
        is_refused_and_recovers(store, make_room)


def test_valkey_that_can_not_write_its_log(small_disk):
    """It refuses from the next write on; the one that found the disk full may have been acknowledged (everysec)."""
    with valkey_on(small_disk) as (store, make_room):
        number = fill(store)
        assert store.get_many(f"s:{number}") == {}
        assert store.get("s:1", "b") == 1
        with pytest.raises(StoreUnavailable):
            store.delete("s:1")
        assert store.get("s:1", "b") == 1
        make_room()
        eventually(lambda: store.set("s:0", "a", 1))
        assert store.clean(["s:0"]).removed == number - 1
