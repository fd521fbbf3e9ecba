"""What may go wrong between the two stores of a ``LayeredStore``, one claim each."""

import threading
import time
from types import SimpleNamespace

import pytest
from django.db import connection, connections, transaction

from statestore import StoreTimeout, StoreUnavailable, ValueTooLarge
from statestore.backends import layered_epoch, layered_own
from statestore.backends.layered_line import FrontDown
from statestore.backends.layered_marks import MOST
from statestore.handler import StoreHandler
from tests.backends.layered_kit import TRUST, Down, another_process, counted, rested, stores_of
from tests.servers import addresses

pytestmark = pytest.mark.django_db(transaction=True, databases=["default"])
on_postgres = [
    pytest.mark.django_db(transaction=True, databases=["default", "postgres"]),
    pytest.mark.skipif("postgres" not in addresses(), reason="NOT TESTED: there is no postgres server"),
]

SCOPE = "user:1"


@pytest.fixture
def site(settings):
    settings.STATESTORE = stores_of()
    return StoreHandler()


@pytest.fixture
def store(site):
    site["layered"].open()
    return site["layered"]


@pytest.fixture
def front(site):
    return site["front"]


@pytest.fixture
def back(site):
    return site["back"]


@pytest.fixture
def postgres(settings):
    options = {"OPTIONS": {"database": "postgres"}}
    settings.STATESTORE = stores_of(back={"BACKEND": "statestore.backends.ModelStore", **options})
    store = StoreHandler()["layered"]
    store.open()
    return store


@pytest.fixture
def sleeps(monkeypatch):
    """How long each call waited for others to learn of the suspended epoch, by a clock that only this moves."""
    waits, now = [], [0.0]

    def sleep(seconds):
        waits.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(layered_epoch, "time", SimpleNamespace(monotonic=lambda: now[0], sleep=sleep))
    return waits


def marked(store):
    return store._front.read(SCOPE, [], store.now()).marked


def failing(store, monkeypatch, error):
    def fail(*args):
        raise error

    monkeypatch.setattr(store._back, "_write", fail)


# -- snapshots


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
class TestSnapshots:
    pytestmark = on_postgres

    def test_reader_with_an_old_snapshot_leaves_no_copy(self, postgres, monkeypatch, level):
        postgres.set(SCOPE, "a", "old")
        here = connections["postgres"]
        here.ensure_connection()
        monkeypatch.setattr(here, "isolation_level", getattr(type(here.isolation_level), level.replace(" ", "_")))
        with transaction.atomic(using="postgres"):
            with here.cursor() as cursor:
                cursor.execute(f"SET TRANSACTION ISOLATION LEVEL {level}")
            assert postgres.get(SCOPE, "other") is None  # the snapshot is taken
            in_thread(lambda: postgres.set(SCOPE, "a", "new"), "postgres")
            assert postgres.get(SCOPE, "a") == "old"
        assert postgres.get(SCOPE, "a") == "new"


def in_thread(function, alias="default"):
    def run():
        try:
            found.append(function())
        finally:
            connections[alias].close()

    found = []
    thread = threading.Thread(target=run)
    thread.start()
    thread.join(20)
    assert found, "it did not end"
    return found[0]


@pytest.mark.skipif("postgres" not in addresses(), reason="NOT TESTED: there is no postgres server")
@pytest.mark.django_db(transaction=True, databases=["default", "postgres"])
def test_reader_that_sees_what_is_committed_leaves_copies_in_transactions_too(postgres, monkeypatch):
    postgres.set(SCOPE, "a", 1)
    with transaction.atomic(using="postgres"):
        assert postgres.get(SCOPE, "a") == 1
    with counted(postgres, monkeypatch) as trips:
        assert postgres.get(SCOPE, "a") == 1
    assert trips == ["_read_one"]


# -- outages


def test_first_write_of_an_outage_waits_until_all_know(store, front, monkeypatch, sleeps):
    with Down(front, monkeypatch):
        store.set(SCOPE, "a", 1)
        assert sum(sleeps) == TRUST
        sleeps.clear()
        store.set(SCOPE, "a", 2)
        assert sum(sleeps) == 0


def test_writer_waits_though_somebody_else_has_just_suspended(store, front, monkeypatch, sleeps):
    other = another_process(store)
    with Down(front, monkeypatch):
        store._epoch.put_suspended()
        other.set(SCOPE, "a", 1)
    assert sum(sleeps) == TRUST


def test_suspension_that_ended_meanwhile_is_begun_again(store, front, monkeypatch, sleeps):
    with Down(front, monkeypatch):
        store.set(SCOPE, "a", 1)
        another_process(store)._epoch.renew(None)
        sleeps.clear()
        store.set(SCOPE, "a", 2)
        assert sum(sleeps) == TRUST
        assert store._epoch.hold()


def test_scope_that_alone_cannot_be_marked_is_written_though_others_heal_meanwhile(store, monkeypatch, sleeps):
    """A slot of a cluster that nobody serves, a stranger's key in the scope's place: the probe goes well."""
    mark, wait = store._front.mark, layered_epoch.time.sleep
    other = another_process(store)

    def mark_others(places, *args):
        if SCOPE in places:
            raise FrontDown
        mark(places, *args)

    def heal_and_wait(seconds):
        wait(seconds)
        if not connection.in_atomic_block:  # else its row is held
            other._epoch.renew(None)

    monkeypatch.setattr(store._front, "mark", mark_others)
    monkeypatch.setattr(layered_epoch.time, "sleep", heal_and_wait)
    for number in range(3):
        store.set(SCOPE, "a", number)
        assert sum(sleeps) <= 2 * TRUST
        sleeps.clear()
        rested(store)
        rested(other)
        assert other.get(SCOPE, "a") == number


def test_transaction_of_an_outage_ends_when_all_know_of_it(store, front, monkeypatch, sleeps):
    with Down(front, monkeypatch):
        with transaction.atomic():
            store.set(SCOPE, "a", 1)
            assert store.get(SCOPE, "a") == 1
            assert sum(sleeps) == 0
        assert sum(sleeps) == TRUST


def test_transaction_rolled_back_in_an_outage_suspends_nothing(store, front, monkeypatch):
    with Down(front, monkeypatch):
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            store.set(SCOPE, "a", 1)
            raise ZeroDivisionError
        assert store._epoch.hold() is None


def test_write_whose_mark_could_not_be_taken_away_stops_belief(store, front, monkeypatch):
    """The fast store comes back empty before the commit, somebody makes a copy of the old value, it goes again."""
    store.set(SCOPE, "a", "old")
    other = another_process(store)

    def lost_and_copied():
        front.delete(SCOPE)
        assert other.get(SCOPE, "a") == "old"

    def down(*args):
        raise FrontDown

    with monkeypatch.context() as patch:
        writing = store._writing
        patch.setattr(writing, "_change_marked", between(writing._change_marked, lost_and_copied))
        patch.setattr(store._front, "unmark", down)
        store.set(SCOPE, "a", "new")
    assert store._epoch.hold()
    assert other.get(SCOPE, "a") == "new"


def between(step, do):
    def done_first(*args):
        do()
        return step(*args)

    return done_first


@pytest.mark.skipif("postgres" not in addresses(), reason="NOT TESTED: there is no postgres server")
@pytest.mark.django_db(transaction=True, databases=["default", "postgres"])
def test_store_heals_where_every_read_is_in_a_transaction(postgres, monkeypatch):
    """As with ATOMIC_REQUESTS."""
    with Down(postgres._front.store, monkeypatch):
        postgres.set(SCOPE, "a", 1)
    rested(postgres)
    with transaction.atomic(using="postgres"):
        assert postgres.get(SCOPE, "a") == 1
    assert postgres._epoch.hold() is None


def test_fast_store_that_takes_no_writes_is_not_believed_again(store, front, monkeypatch):
    with Down(front, monkeypatch):
        store.set(SCOPE, "a", 1)
    rested(store)
    with monkeypatch.context() as patch:
        patch.setattr(front, "_write", pytest.raises)
        assert store.get(SCOPE, "a") == 1
    assert store._epoch.hold()


def test_healing_that_fails_does_not_break_the_read(store, front, monkeypatch):
    with Down(front, monkeypatch):
        store.set(SCOPE, "a", 1)
    rested(store)

    def fail(servers):
        raise StoreUnavailable

    monkeypatch.setattr(store._epoch, "renew", fail)
    assert store.get(SCOPE, "a") == 1


def test_while_one_tries_whether_it_is_back_the_others_go_without(store, front, monkeypatch):
    with Down(front, monkeypatch):
        store.get(SCOPE, "a")
    store._front.insist()
    trying, go_on = threading.Event(), threading.Event()

    def slow(*args):
        trying.set()
        assert go_on.wait(10)
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(front, "_read_one", slow)
        thread = threading.Thread(target=in_thread, args=(lambda: store.get("user:2", "a", "none"),))
        thread.start()
        assert trying.wait(10)
        with pytest.raises(FrontDown):
            store._front.read(SCOPE, [], 0)
        go_on.set()
        thread.join(10)


def test_read_that_failed_does_not_make_the_next_write_suspend(store, front, monkeypatch):
    with Down(front, monkeypatch):
        store.get(SCOPE, "a")
    store.set(SCOPE, "a", 1)
    assert store._epoch.hold() is None


# -- the epoch's entry


def test_epoch_is_no_scope_of_the_store(store, front, monkeypatch):
    with Down(front, monkeypatch):
        store.set(SCOPE, "a", 1)
    assert [info.name for info in store.scopes()] == [SCOPE]
    assert store.info(layered_epoch.SCOPE) is None
    assert store.clean([]).examined == 1


def test_epoch_survives_a_clean_of_the_durable_store_and_the_end_of_global(store, front, back, monkeypatch):
    with Down(front, monkeypatch):
        store.set(SCOPE, "a", 1)
        back.clean([])
        store.delete("global")
        back.clean([], idle_since=layered_epoch.datetime.now(layered_epoch.UTC))
        assert store._epoch.hold()


# -- marks


@pytest.mark.parametrize("error", [StoreTimeout(), StoreUnavailable(), KeyboardInterrupt()], ids=repr)
def test_write_with_an_unknown_end_leaves_its_mark(store, monkeypatch, error):
    failing(store, monkeypatch, error)
    with pytest.raises(type(error)):
        store.set(SCOPE, "a", 1)
    assert marked(store)


def test_write_that_was_refused_takes_its_mark_away(store, monkeypatch):
    failing(store, monkeypatch, ValueTooLarge())
    with pytest.raises(ValueTooLarge):
        store.set(SCOPE, "a", 1)
    assert not marked(store)


def test_write_that_fails_in_a_transaction_leaves_the_transaction_usable(store, monkeypatch):
    with transaction.atomic():
        store.set(SCOPE, "a", 1)
        with monkeypatch.context() as patch:
            failing(store, patch, StoreUnavailable())
            with pytest.raises(StoreUnavailable):
                store.set(SCOPE, "b", 1)
        assert store.get(SCOPE, "a") == 1
    assert store.get(SCOPE, ["a", "b"]) == [1, None]
    assert not marked(store)


def test_hundred_writes_of_a_transaction_make_one_mark(store, monkeypatch):
    with counted(store, monkeypatch) as trips, transaction.atomic():
        for number in range(100):
            store.set(SCOPE, "a", number)
    assert trips == [["_write", "_remove"], ["_remove", "_remove"]]


def test_second_key_of_a_transaction_costs_a_removal(store, monkeypatch):
    with transaction.atomic():
        store.set(SCOPE, "a", 1)
        with counted(store, monkeypatch) as trips:
            store.set(SCOPE, "b", 1)
            store.set(SCOPE, "b", 2)
    assert trips == [["_remove"]]


def test_mark_of_a_savepoint_rolled_back_goes_with_a_later_write(store):
    with transaction.atomic():
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            store.set(SCOPE, "a", 1)
            raise ZeroDivisionError
        store.set(SCOPE, "b", 2)
    assert not marked(store)
    assert store.get(SCOPE, ["a", "b"]) == [None, 2]


def test_old_mark_of_a_rolled_back_transaction_is_not_relied_on(store, monkeypatch):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        store.set(SCOPE, "a", 1)
        raise ZeroDivisionError
    later = time.monotonic() + 151
    monkeypatch.setattr(layered_own, "time", SimpleNamespace(monotonic=lambda: later))
    with transaction.atomic(), counted(store, monkeypatch) as trips:
        store.set(SCOPE, "a", 2)
    assert trips[0][0] == "_write"


def test_writers_that_crash_do_not_make_a_mark_grow_without_end(store):
    for number in range(3 * MOST):
        store._front.mark({SCOPE: ["a"]}, str(number), store.now())
    tokens = store._front.live_tokens_of(SCOPE, store.now())
    assert len(tokens) <= MOST + 1
    store.set(SCOPE, "a", 1)
    assert marked(store)


def test_outage_in_the_midst_of_marking_several_scopes_leaves_nothing_stale(store, front, monkeypatch):
    for scope in ("s:1", "s:2"):
        store.set(scope, "a", 1)
        assert store.get(scope, "a") == 1
    calls, write = [], front._write

    def second_fails(*args):
        calls.append(args)
        if len(calls) > 1:
            raise ConnectionError
        return write(*args)

    with monkeypatch.context() as patch:
        patch.setattr(front, "_write", second_fails)
        assert store.clean([]).removed == 2
    rested(store)
    assert [store.get(scope, "a") for scope in ("s:1", "s:2")] == [None, None]
    rested(store)
    assert [another_process(store).get(scope, "a") for scope in ("s:1", "s:2")] == [None, None]


@pytest.mark.parametrize("keys", [["a"], ["a", "b"]])
def test_what_is_missing_is_missing_when_a_writer_comes_before_the_lease(store, monkeypatch, keys):
    lease = store._front.lease

    def overtaken(scope, *args):
        store._front.mark({scope: ["c"]}, "token", store.now())
        return lease(scope, *args)

    monkeypatch.setattr(store._front, "lease", overtaken)
    assert store.get(SCOPE, keys) == [None] * len(keys)
    assert store.entry(SCOPE, "a") is None
    assert store._front.read(SCOPE, keys, store.now()).found == {}


def test_copy_of_a_writer_that_died_after_its_commit_is_not_older(store, front, monkeypatch):
    """The reader saw no mark; the writer marks; the reader takes its lease, so it looks again."""
    assert died_after_commit(store, monkeypatch) == "new"


def test_control_without_the_second_look_it_is(store, front, monkeypatch):
    lease = store._front.lease
    monkeypatch.setattr(store._front, "lease", lambda *args: (lease(*args)[0], False))
    assert died_after_commit(store, monkeypatch) == "old", "the interleaving no longer provokes the bug"


def died_after_commit(store, monkeypatch):
    """What is read when the mark of a writer has ended that died; a reader came between its mark and its write."""
    now = [1_000_000.0]
    store.clock = lambda: now[0]
    store.set(SCOPE, "a", "old")
    fetch = store._front.fetch_one

    def look_and_be_overtaken(scope, key):
        found = fetch(scope, key)
        store._front.mark({SCOPE: ["a"]}, "token", store.now())
        return found

    with monkeypatch.context() as patch:
        patch.setattr(store._front, "fetch_one", look_and_be_overtaken)
        assert store.get(SCOPE, "a") == "old"
    store._back.set(SCOPE, "a", "new")
    now[0] += 450
    return store.get(SCOPE, "a")


# -- a fast store with limits


@pytest.fixture
def narrow(settings):
    options = {"cache": "default", "max_scope_bytes": 1000}
    settings.STATESTORE = stores_of(front={"BACKEND": "statestore.backends.CacheStore", "OPTIONS": options})
    store = StoreHandler()["layered"]
    store._sibling("fast").delete(SCOPE)
    store.open()
    return store


def test_scope_too_large_for_the_fast_store_is_read_and_written(narrow):
    narrow.set_many(SCOPE, {f"k{n}": "x" * 90 for n in range(30)})
    for _ in range(2):
        assert [narrow.get(SCOPE, f"k{n}") for n in range(30)] == ["x" * 90] * 30
    narrow.set(SCOPE, "k1", 2)
    assert narrow.get(SCOPE, "k1") == 2
    assert narrow._epoch.hold() is None


def test_scope_that_is_corrupt_in_the_fast_store_is_read_and_written(store, front, monkeypatch):
    store.set(SCOPE, "a", 1)
    assert store.get(SCOPE, "a") == 1
    read = front._read

    def corrupt(scope, keys):
        raise front_error(scope)

    with monkeypatch.context() as patch:
        patch.setattr(front, "_read", corrupt)
        assert store.get(SCOPE, "a") == 1
    assert read
    assert not store._front.is_resting


def front_error(scope):
    from statestore import CorruptState

    return CorruptState(scope=scope)


def test_expired_entry_is_remembered_as_missing(store, monkeypatch):
    now = [1_000_000.0]
    store.clock = lambda: now[0]
    store.set(SCOPE, "a", 1, ttl=60)
    now[0] += 60
    assert store.get(SCOPE, "a") is None
    with counted(store, monkeypatch) as trips:
        assert store.get(SCOPE, "a") is None
    assert trips == ["_read_one"]


def test_only_copies_are_dropped_from_a_scope_of_the_fast_store(store, front):
    front.set(SCOPE, "somebody's", 1)
    store.set(SCOPE, "a", 1)
    store.delete(SCOPE)
    assert front.keys(SCOPE) == ["somebody's"]


def test_connection_is_only_asked_for_in_a_transaction(store):
    assert connection.in_atomic_block is False
    assert store._sees_a_snapshot() is False
