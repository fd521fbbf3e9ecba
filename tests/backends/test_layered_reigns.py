"""``LayeredStore`` when its Redis comes back with what it knew some time ago, or another one takes its place."""

import logging
import threading
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from django.db import transaction
from redis.crc import key_slot

from statestore.backends.layered_epoch import Epoch
from tests.backends.layered_kit import SCOPE, copied, is_hit, layered_on, rested, until_it_serves_again
from tests.backends.redis_kit import CLUSTER
from tests.faults.proxy import Proxy
from tests.servers import Redis, RedisCluster, Valkey
from tests.servers.process import eventually

pytestmark = pytest.mark.django_db(transaction=True, databases=["default"])

WITHOUT_LOG = {"appendonly": "no"}


@pytest.fixture
def unguarded(monkeypatch):
    """The control: whoever answers is believed."""
    monkeypatch.setattr(Epoch, "welcomes", lambda epoch, server: True)


def back_with_what_it_knew(server, store, monkeypatch):
    """Kill a server that saved itself before the last write."""
    copied(store, "old", monkeypatch)
    with server.client() as client:
        client.save()
    copied(store, "new", monkeypatch)
    server.kill()
    server.start()


@pytest.mark.parametrize("kind", [Valkey, Redis])
class TestRestart:
    def test_old_copies_are_not_served_by_anybody(self, settings, monkeypatch, kind):
        with kind(**WITHOUT_LOG) as server, layered_on(settings, server.port) as (store, another):
            idle, late = another(), another()
            copied(store, "old", monkeypatch)
            assert idle.get(SCOPE, "a") == "old"  # it has a connection, and believes in the epoch
            back_with_what_it_knew(server, store, monkeypatch)
            for each in (store, idle, late):
                rested(each)
                assert each.get(SCOPE, "a") == each.get(SCOPE, ["a"])[0] == "new"
            until_it_serves_again([store, idle, late, another()], monkeypatch)

    def test_control_old_copies_are_served_where_nobody_asks_who_it_is(
        self, settings, monkeypatch, unguarded, kind
    ):
        with kind(**WITHOUT_LOG) as server, layered_on(settings, server.port) as (store, _):
            back_with_what_it_knew(server, store, monkeypatch)
            assert store.get(SCOPE, "a") == "old", "the restart no longer provokes the bug"

    def test_old_copies_are_not_served_after_a_second_restart(self, settings, monkeypatch, kind):
        with kind(**WITHOUT_LOG) as server, layered_on(settings, server.port) as (store, another):
            back_with_what_it_knew(server, store, monkeypatch)
            until_it_serves_again([store], monkeypatch)
            server.kill()
            server.start()
            idle = another()
            for each in (idle, store):
                assert each.get(SCOPE, "a") == "new"
            until_it_serves_again([store, idle], monkeypatch)

    def test_write_after_it_is_read_by_all(self, settings, monkeypatch, kind):
        with kind(**WITHOUT_LOG) as server, layered_on(settings, server.port) as (store, another):
            other = another()
            back_with_what_it_knew(server, store, monkeypatch)
            other.set(SCOPE, "a", "newer")
            with transaction.atomic():
                store.set(SCOPE, "a", "new")
            until_it_serves_again([store, other], monkeypatch)
            with transaction.atomic():
                other.set(SCOPE, "b", "new")
            assert store.get(SCOPE, ["a", "b"]) == ["new", "new"]


def test_it_is_said_once_that_it_is_not_believed_and_once_that_it_is_again(settings, monkeypatch, caplog):
    caplog.set_level(logging.INFO, "statestore")
    with Valkey(**WITHOUT_LOG) as server, layered_on(settings, server.port) as (store, _):
        back_with_what_it_knew(server, store, monkeypatch)
        until_it_serves_again([store], monkeypatch)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_who_uses_the_fast_store_by_its_own_alias_is_not_turned_away(settings, monkeypatch):
    with Valkey(**WITHOUT_LOG) as server, layered_on(settings, server.port) as (store, _):
        front = store.siblings["front"]
        front.set("mine", "a", 1)
        back_with_what_it_knew(server, store, monkeypatch)
        assert front.get("mine", "a") == 1


def adopted_by(store):
    """Read something else, until the server that is there now is believed."""

    def adopt():
        rested(store)
        store.get("user:2", "a")
        return not store._epoch.is_in_doubt

    eventually(adopt)


def overtaken(server, store, another, monkeypatch, way, *, looks_again=True):
    """What is read by who learnt the epoch and then stood still, until others began the next on the new server."""
    fetch = getattr(store._front, way)

    def stand_still_and_fetch(*args):
        monkeypatch.setattr(store._front, way, fetch)
        begun = store._epoch.copies_begin()
        adopted_by(another())
        in_thread(lambda: adopted_by(store))
        if not looks_again:
            monkeypatch.setattr(store._epoch, "copies_begin", lambda: begun)
            monkeypatch.setattr(store._epoch, "is_still", lambda token: True)
        return fetch(*args)

    back_with_what_it_knew(server, store, monkeypatch)
    monkeypatch.setattr(store._front, way, stand_still_and_fetch)
    return store.get(SCOPE, "a") if way == "fetch_one" else store.get(SCOPE, ["a"])[0]


def in_thread(function):
    thread = threading.Thread(target=function)
    thread.start()
    thread.join(20)
    assert not thread.is_alive()


@pytest.mark.parametrize("way", ["fetch_one", "fetch_texts"])
def test_read_that_was_overtaken_by_a_new_epoch_believes_no_copy_of_the_old(settings, monkeypatch, way):
    with Valkey(**WITHOUT_LOG) as server, layered_on(settings, server.port) as (store, another):
        assert overtaken(server, store, another, monkeypatch, way) == "new"


@pytest.mark.parametrize("way", ["fetch_one", "fetch_texts"])
def test_control_it_does_where_it_does_not_look_again(settings, monkeypatch, way):
    with Valkey(**WITHOUT_LOG) as server, layered_on(settings, server.port) as (store, another):
        found = overtaken(server, store, another, monkeypatch, way, looks_again=False)
        assert found == "old", "the interleaving no longer provokes the bug"


# -- a replica takes over


@contextmanager
def with_replica(settings):
    """A primary, its replica, and an address that leads to the one or, for new connections, to the other."""
    with (
        Valkey() as primary,
        Valkey(replicaof=f"127.0.0.1 {primary.port}") as replica,
        Proxy(primary.port) as address,
        layered_on(settings, address.port) as (store, another),
    ):
        yield SimpleNamespace(primary=primary, replica=replica, address=address, store=store, another=another)


def copy_of_old_is_on_the_replica(pair, monkeypatch):
    copied(pair.store, "old", monkeypatch)
    with pair.primary.client() as client:
        assert client.wait(1, 10_000) == 1
    pair.primary.cut_replication()


def promote(pair):
    with pair.replica.client() as client:
        client.replicaof("NO", "ONE")
    pair.address.target = pair.replica.port


def test_replica_promoted_without_the_last_removals_is_not_believed(settings, monkeypatch):
    with with_replica(settings) as pair:
        copy_of_old_is_on_the_replica(pair, monkeypatch)
        copied(pair.store, "new", monkeypatch)
        pair.primary.kill()
        promote(pair)
        assert pair.store.get(SCOPE, "a") == "new"
        until_it_serves_again([pair.store, pair.another()], monkeypatch)


def test_control_it_is_believed_where_nobody_asks_who_it_is(settings, monkeypatch, unguarded):
    with with_replica(settings) as pair:
        copy_of_old_is_on_the_replica(pair, monkeypatch)
        copied(pair.store, "new", monkeypatch)
        pair.primary.kill()
        promote(pair)
        assert pair.store.get(SCOPE, "a") == "old", "the failover no longer provokes the bug"


def deposed_but_alive(pair, monkeypatch):
    """Somebody is connected to the old primary, which hung; somebody else writes by way of the new one."""
    copied(pair.store, "old", monkeypatch)
    promote(pair)
    writer = pair.another()
    writer.set(SCOPE, "a", "new")
    rested(pair.store)
    return writer


def test_primary_that_was_deposed_while_it_hung_is_not_read_from(settings, monkeypatch):
    with with_replica(settings) as pair:
        writer = deposed_but_alive(pair, monkeypatch)
        assert pair.store.get(SCOPE, "a") == "new"
        until_it_serves_again([writer, pair.store], monkeypatch)


def test_control_it_is_where_nobody_asks_who_it_is(settings, monkeypatch, unguarded):
    with with_replica(settings) as pair:
        deposed_but_alive(pair, monkeypatch)
        assert pair.store.get(SCOPE, "a") == "old", "the failover no longer provokes the bug"


def test_writer_who_is_connected_to_the_deposed_one_marks_where_the_others_read(settings, monkeypatch):
    with with_replica(settings) as pair:
        copied(pair.store, "old", monkeypatch)
        promote(pair)
        reader = pair.another()
        eventually(lambda: serves(reader, monkeypatch))
        assert reader.get(SCOPE, "a") == "old"
        rested(pair.store)
        monkeypatch.setattr(pair.store._writing, "_settle", lambda marks: None)  # it dies after its commit
        pair.store.set(SCOPE, "a", "new")
        assert reader.get(SCOPE, "a") == "new"


def test_writer_in_whose_midst_another_took_over_removes_the_copies_there(settings, monkeypatch):
    with with_replica(settings) as pair:
        copied(pair.store, "old", monkeypatch)
        pair.primary.cut_replication()  # the mark does not get there
        reader, write = pair.another(), pair.store._back._write

        def write_late(*args):
            monkeypatch.setattr(pair.store._back, "_write", write)
            promote(pair)
            eventually(lambda: serves(reader, monkeypatch))
            rested(pair.store)
            return write(*args)

        monkeypatch.setattr(pair.store._back, "_write", write_late)
        pair.store.set(SCOPE, "a", "new")
        assert reader.get(SCOPE, "a") == "new"


def serves(store, monkeypatch):
    rested(store)
    return is_hit(store, monkeypatch)


def test_replica_is_nobody_to_speak_to(settings, monkeypatch):
    with with_replica(settings) as pair:
        copied(pair.store, "old", monkeypatch)
        pair.primary.kill()
        pair.address.target = pair.replica.port
        for _ in range(3):
            rested(pair.store)
            assert pair.store.get(SCOPE, "a") == "old"
            assert not is_hit(pair.store, monkeypatch)


# -- a node of a cluster


@contextmanager
def failed_over(settings, monkeypatch):
    """A layered store on a cluster of which a replica has taken over, without the last removal."""
    with (
        RedisCluster(Valkey, replicas=True) as cluster,
        layered_on(settings, cluster.port, **CLUSTER) as (store, another),
    ):
        copied(store, "old", monkeypatch)
        slot = key_slot(store.siblings["front"]._layout.key(SCOPE))
        home = cluster.owner(slot)
        heir = cluster.replica_of(home)
        with heir.client() as client:
            eventually(lambda: client.execute_command("CLUSTER COUNTKEYSINSLOT", slot) == 2)
        home.cut_replication()
        copied(store, "new", monkeypatch)
        home.kill()
        with heir.client() as client:
            client.execute_command("CLUSTER FAILOVER TAKEOVER")
        yield store, another


@pytest.mark.slow
def test_node_promoted_without_the_last_removals_is_not_believed(settings, monkeypatch):
    with failed_over(settings, monkeypatch) as (store, another):
        assert store.get(SCOPE, "a") == "new"
        until_it_serves_again([store, another()], monkeypatch)


@pytest.mark.slow
def test_control_a_node_is_believed_where_nobody_asks_who_it_is(settings, monkeypatch, unguarded):
    with failed_over(settings, monkeypatch) as (store, _):
        eventually(lambda: rested(store) or is_hit(store, monkeypatch))
        assert store.get(SCOPE, "a") == "old", "the failover no longer provokes the bug"
