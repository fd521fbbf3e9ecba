"""What is special to ``LayeredStore``: copies in front are never older than what was committed behind."""

import logging
import threading
import time

import pytest
from django.core.checks import run_checks
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from statestore import ABSENT, StoreUnavailable, ValueTooLarge, VersionConflict
from statestore.backends.layered_front import Front
from statestore.backends.layered_marks import Mark
from statestore.handler import StoreHandler
from tests.backends.layered_kit import counted

pytestmark = pytest.mark.django_db(transaction=True, databases=["default"])

SCOPE = "user:1"
PARAMS = {
    "back": {"BACKEND": "statestore.backends.ModelStore"},
    "front": {"BACKEND": "statestore.backends.MemoryStore"},
    "layered": {
        "BACKEND": "statestore.backends.LayeredStore",
        "OPTIONS": {"durable": "back", "fast": "front", "trust": 0.05},
    },
}


@pytest.fixture
def site(settings):
    settings.STATESTORE = {"STORES": PARAMS}
    return StoreHandler()


@pytest.fixture
def store(site):
    return site["layered"]


@pytest.fixture
def front(site):
    return site["front"]


@pytest.fixture
def back(site):
    return site["back"]


@pytest.fixture
def no_statement(store):
    def exactly(number=0):
        store._epoch.trust = 60  # the look at the epoch, one a process and second, is not counted
        store._epoch._believed = store._epoch._believed._replace(until=0.0)
        store._epoch.current()
        return Exactly(number)

    return exactly


class Exactly(CaptureQueriesContext):
    def __init__(self, number):
        super().__init__(connection)
        self.number = number

    def __exit__(self, *exception):
        super().__exit__(*exception)
        assert len(self.captured_queries) == self.number, self.captured_queries


class Outage:
    """The fast store fails at every hook, as a server that is down does."""

    def __init__(self, store, monkeypatch):
        self.store, self.patch = store, monkeypatch

    def __enter__(self):
        def fail(*args):
            raise ConnectionError("down")

        for hook in ("_read", "_read_one", "_write", "_remove", "_delete", "_stamps", "_sweep", "_in_turn"):
            self.patch.setattr(self.store, hook, fail)

    def __exit__(self, *exception):
        self.patch.undo()


def rested(store):
    """Let the time pass for which a fast store that failed is left alone."""
    store._front._retry_at = 0


def waiting(hook, reached, go_on):
    """Make a hook wait at its end until it may go on."""

    def wait_then_answer(*args):
        answer = hook(*args)
        reached.set()
        assert go_on.wait(10)
        return answer

    return wait_then_answer


def in_thread(function, *args):
    def run():
        try:
            found.append(function(*args))
        finally:
            connection.close()

    found = []
    thread = threading.Thread(target=run)
    thread.start()
    return thread, found


def test_a_hit_costs_no_statement_and_one_trip_to_the_front(store, front, no_statement, monkeypatch):
    store.set_many(SCOPE, {"a": 1, "b": None})
    assert store.get(SCOPE, ["a", "b", "c"]) == [1, None, None]
    with no_statement(), counted(store, monkeypatch) as trips:
        assert store.get(SCOPE, "a") == 1
        assert store.get(SCOPE, ["a", "b", "c"], "none") == [1, None, "none"]
        assert store.entry(SCOPE, "c") is None
    assert trips == ["_read_one", "_texts_of", "_read_one"]


def test_a_miss_of_several_keys_costs_one_statement(store, no_statement):
    store.set_many(SCOPE, {f"k{n}": n for n in range(50)})
    with no_statement(1):
        assert store.get(SCOPE, [f"k{n}" for n in range(50)]) == list(range(50))


@pytest.mark.parametrize(
    "write",
    [
        lambda store: store.set(SCOPE, "a", 2),
        lambda store: store.set_many(SCOPE, {"a": 2}),
        lambda store: store.increment(SCOPE, "a"),
        lambda store: store.update(SCOPE, "a", lambda a: a + 1),
        lambda store: store.set(SCOPE, "a", 2, at=""),
        lambda store: store.set(SCOPE, "a", 2, if_version=store.entry(SCOPE, "a").version),
    ],
)
def test_what_was_written_is_read_next(store, write):
    store.set(SCOPE, "a", 1)
    assert store.get(SCOPE, "a") == 1
    write(store)
    assert store.get(SCOPE, "a") == 2


@pytest.mark.parametrize(
    "remove",
    [
        lambda store: store.remove(SCOPE, "a"),
        lambda store: store.remove(SCOPE, ["a", "b"]),
        lambda store: store.delete(SCOPE),
        lambda store: store.delete(SCOPE, if_version=store.version(SCOPE)),
        lambda store: store.clean([]),
    ],
)
def test_what_was_removed_is_missing_next(store, remove):
    store.set(SCOPE, "a", 1)
    assert store.get(SCOPE, "a") == 1
    assert remove(store)
    assert store.get(SCOPE, "a") is None
    store.set(SCOPE, "a", 3)
    assert store.get(SCOPE, "a") == 3


def test_an_expired_copy_is_missing(store):
    now = [1_000_000.0]
    store.clock = lambda: now[0]
    store.set(SCOPE, "a", 1, ttl=60)
    assert store.get(SCOPE, "a") == 1
    now[0] += 60
    assert store.get(SCOPE, "a") is None


def test_a_writer_sees_its_own_uncommitted_write_and_others_do_not(store):
    store.set(SCOPE, "a", 1)
    assert store.get(SCOPE, "a") == 1
    with transaction.atomic():
        store.set(SCOPE, "a", 2)
        assert store.get(SCOPE, "a") == 2
        thread, seen = in_thread(store.get, SCOPE, "a")
        thread.join()
        assert seen == [1]
    assert store.get(SCOPE, "a") == 2


def test_what_is_rolled_back_was_never_there(store):
    store.set(SCOPE, "a", 1)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        store.set(SCOPE, "a", 2)
        assert store.get(SCOPE, "a") == 2
        raise ZeroDivisionError
    thread, seen = in_thread(store.get, SCOPE, "a")
    thread.join()
    assert seen == [1]
    assert store.get(SCOPE, "a") == 1
    with transaction.atomic():
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            store.set(SCOPE, "b", 2)
            raise ZeroDivisionError
        assert store.get(SCOPE, "b") is None
    assert store.get(SCOPE, "b") is None


def overtaken_fill(store, back, monkeypatch, write):
    """Let a reader fetch the old value, then write, then let the reader put its copy."""
    fetched, go_on = threading.Event(), threading.Event()
    with monkeypatch.context() as patch:
        patch.setattr(back, "_read", waiting(back._read, fetched, go_on))
        thread, seen = in_thread(store.get, SCOPE, "a")
        assert fetched.wait(10)
    write()
    go_on.set()
    thread.join()
    return seen


def test_a_fill_overtaken_by_a_write_puts_nothing(store, back, monkeypatch):
    back.set(SCOPE, "a", 1)
    seen = overtaken_fill(store, back, monkeypatch, lambda: store.set(SCOPE, "a", 2))
    assert seen == [1]
    assert store.get(SCOPE, "a") == 2


def test_a_fill_overtaken_by_a_delete_puts_nothing(store, back, monkeypatch):
    back.set(SCOPE, "a", 1)
    overtaken_fill(store, back, monkeypatch, lambda: store.delete(SCOPE))
    assert store.get(SCOPE, "a") is None


def test_control_without_the_lease_the_same_fill_is_stale(store, back, monkeypatch):
    """The planted bug: a copy that is put whatever happened meanwhile."""
    fill = Front.fill

    def careless(self, scope, records, epoch, lease, now):
        for key in records:
            version, _ = self.lease(scope, [key], None, now)
            fill(self, scope, {key: records[key]}, epoch, version, now)

    monkeypatch.setattr(Front, "fill", careless)
    back.set(SCOPE, "a", 1)
    overtaken_fill(store, back, monkeypatch, lambda: store.set(SCOPE, "a", 2))
    assert store.get(SCOPE, "a") == 1, "the interleaving no longer provokes the bug"


def test_a_lease_taken_after_the_mark_is_given_up(store, front, monkeypatch):
    """The reader saw no mark; the writer marks; the reader takes its lease: the second look finds the mark."""
    store.set(SCOPE, "a", 1)
    looked, go_on = threading.Event(), threading.Event()
    with monkeypatch.context() as patch:
        patch.setattr(front, "_read_one", waiting(front._read_one, looked, go_on))
        thread, seen = in_thread(store.get, SCOPE, "a")
        assert looked.wait(10)
    with transaction.atomic():
        store.set(SCOPE, "b", 1)  # any key: the mark is the scope's
        store.set(SCOPE, "a", 2)
        go_on.set()
        thread.join()
    assert seen == [1]
    assert store.get(SCOPE, "a") == 2


def seen_around_a_commit(store, monkeypatch, early=lambda: None):
    """Return what others read while a write is not committed, when it is but its marks stand, and afterwards."""
    store.open()
    seen, settle = [], store._writing._settle

    def look():
        thread, found = in_thread(store.get, SCOPE, "a")
        thread.join()
        seen.extend(found)

    def look_and_settle(marks):
        look()
        settle(marks)

    store.set(SCOPE, "a", 1)
    with monkeypatch.context() as patch:
        patch.setattr(store._writing, "_settle", look_and_settle)
        with transaction.atomic():
            store.set(SCOPE, "a", 2)
            early()
            look()
    look()
    return seen


def test_a_value_is_read_by_others_from_its_commit_on(store, monkeypatch):
    assert seen_around_a_commit(store, monkeypatch) == [1, 2, 2]


def test_control_without_marks_it_is_not_read_until_the_copies_are_gone(store, monkeypatch):
    monkeypatch.setattr(Front, "mark", lambda self, places, token, now: self.drop(places, now))
    assert seen_around_a_commit(store, monkeypatch) == [1, 1, 2]


def test_control_with_marks_taken_away_before_the_commit_it_is_never_read(store, monkeypatch):
    store.open()
    settle = store._writing._settle
    early = seen_around_a_commit(store, monkeypatch, lambda: settle(store._own.forget()))
    assert early == [1, 1, 1]


def test_of_two_writers_whose_marks_overlap_the_later_commit_is_read(store, front):
    store.set(SCOPE, "a", 1)
    store._front.mark({SCOPE: ["a"]}, "token", store.now())  # a writer that is still under way
    store.set(SCOPE, "a", 2)
    assert store.get(SCOPE, "a") == 2
    store._back.set(SCOPE, "a", 3)  # … and commits only now
    assert store.get(SCOPE, "a") == 3
    store._front.unmark({SCOPE: Mark("token", ["a"])}, store.now())
    assert store.get(SCOPE, "a") == 3
    assert front.keys(SCOPE) == ["=a"]


def test_a_mark_whose_writer_died_ends(store):
    now = [1_000_000.0]
    store.clock = lambda: now[0]
    store.set(SCOPE, "a", 1)
    store._front.mark({SCOPE: ["a"]}, "token", store.now())
    assert store._front.read(SCOPE, [], store.now()).marked
    assert store.get(SCOPE, "a") == 1
    now[0] += 450
    assert not store._front.read(SCOPE, [], store.now()).marked


@pytest.mark.parametrize("missing", [["b"], ["b", "c"]])
def test_a_write_between_the_look_and_the_fetch_is_not_seen_half(store, front, monkeypatch, missing):
    """The reader finds a copy of "a" and none of the others; all are written; then it fetches what it misses."""
    keys = ["a", "b", "c"]
    store.set_many(SCOPE, dict.fromkeys(keys, 1))
    store.get(SCOPE, keys)
    store._front.drop({SCOPE: missing}, store.now())
    looked, go_on = threading.Event(), threading.Event()
    with monkeypatch.context() as patch:
        patch.setattr(front, "_read", waiting(front._read, looked, go_on))
        thread, seen = in_thread(lambda: list(store.get_many(SCOPE, keys).values()))
        assert looked.wait(10)
    store.set_many(SCOPE, dict.fromkeys(keys, 2))
    go_on.set()
    thread.join()
    assert seen == [[2, 2, 2]]


@pytest.mark.parametrize(
    "write",
    [lambda store: store.delete(SCOPE), lambda store: store.remove(SCOPE, ["a", "b"])],
    ids=["delete", "remove"],
)
def test_a_removal_between_the_look_and_the_fetch_is_not_seen_half(store, front, monkeypatch, write):
    """The reader finds a copy of "a" and none of "b"; both are removed; then it fetches what it misses."""
    store.set_many(SCOPE, {"a": 1, "b": 1})
    store.get(SCOPE, "a")
    looked, go_on = threading.Event(), threading.Event()
    with monkeypatch.context() as patch:
        patch.setattr(front, "_read", waiting(front._read, looked, go_on))
        thread, seen = in_thread(lambda: store.get_many(SCOPE, ["a", "b"]))
        assert looked.wait(10)
    write(store)
    go_on.set()
    thread.join()
    assert seen == [{}]


def test_a_lease_taken_while_room_is_made_for_a_mark_is_removed(store, front, monkeypatch):
    """A reader comes between the removal of a scope that was full in front and the mark, and read the old value."""
    store.set(SCOPE, "a", 1)
    old, epoch = store._through.behind(SCOPE, ["a"]), store._epoch.current()[0]
    in_turn, settle, leases, seen = front._in_turn, store._writing._settle, [], []

    def full_at_first(steps):
        if [name for name, _ in steps] == ["_write", "_remove"]:
            raise ValueTooLarge("full")
        if steps[0][0] != "_delete":
            return in_turn(steps)
        monkeypatch.setattr(front, "_in_turn", in_turn)
        gone = in_turn(steps[:1])
        leases.append(store._front.lease(SCOPE, ["a"], ABSENT, store.now()))
        return gone + in_turn(steps[1:])

    def read_then_settle(marks):
        version, is_marked = leases.pop()
        assert not is_marked
        store._front.fill(SCOPE, old, epoch, version, store.now())
        seen.append(store.get(SCOPE, "a"))
        settle(marks)

    monkeypatch.setattr(front, "_in_turn", full_at_first)
    monkeypatch.setattr(store._writing, "_settle", read_then_settle)
    store.set(SCOPE, "a", 2)
    assert seen == [2]


def test_a_copy_that_is_waited_for_comes_with_the_others_of_its_moment(store, front, monkeypatch):
    store.set_many(SCOPE, {"a": 1, "b": 1})
    store.get(SCOPE, "a")
    store._front.lease(SCOPE, ["b"], None, store.now())
    pauses = []

    def sleep(seconds):
        pauses.append(seconds)
        if len(pauses) == 1:
            store.set_many(SCOPE, {"a": 2, "b": 2})
            store.get(SCOPE, "b")

    monkeypatch.setattr("statestore.backends.layered_reading.time.sleep", sleep)
    assert store.get_many(SCOPE, ["a", "b"]) == {"a": 2, "b": 2}


def test_a_read_beside_a_writer_at_work_takes_its_lease_back(store, monkeypatch):
    store.set(SCOPE, "a", 1)
    store._front.mark({SCOPE: ["a"]}, "token", store.now())
    with counted(store, monkeypatch) as trips:
        assert store.get(SCOPE, "a") == 1
    assert trips == ["_read_one", ["_write", "_read_one"], ["_remove"]]
    assert store._front.fetch_one(SCOPE, "a") is None


def test_a_copy_is_gone_as_soon_as_its_writer_may_write(store, monkeypatch):
    """So who finds one need not ask for a mark."""
    store.set(SCOPE, "a", 1)
    assert store.get(SCOPE, "a") == 1
    seen, write = [], store._back._write

    def look_and_write(*args):
        seen.append(store._front.fetch_one(SCOPE, "a"))
        return write(*args)

    monkeypatch.setattr(store._back, "_write", look_and_write)
    store.set(SCOPE, "a", 2)
    with transaction.atomic():
        store.set(SCOPE, "a", 3)
    assert seen == [None, None]


def test_many_simultaneous_misses_cost_a_handful_of_reads(store, back, monkeypatch):
    store.set(SCOPE, "a", 1)
    reads, read = [], back._read

    def slow_read(*args):
        reads.append(args)
        time.sleep(0.01)  # a database that takes its time
        return read(*args)

    monkeypatch.setattr(back, "_read", slow_read)
    monkeypatch.setattr(back, "_read_one", lambda *args: reads.append(args))
    threads = [in_thread(store.get, SCOPE, "a") for _ in range(50)]
    for thread, _ in threads:
        thread.join()
    assert {tuple(seen) for _, seen in threads} == {(1,)}
    assert len(reads) <= 5


def test_without_the_front_everything_works_and_is_said_once(store, front, monkeypatch, caplog):
    store.set(SCOPE, "a", 1)
    assert store.get(SCOPE, "a") == 1
    with Outage(front, monkeypatch), caplog.at_level(logging.INFO, "statestore"):
        for number in range(2, 6):
            rested(store)
            store.set(SCOPE, "a", number)
            assert store.get(SCOPE, "a") == number
        with pytest.raises(VersionConflict):
            store.set(SCOPE, "a", 0, if_version=ABSENT)
    rested(store)
    assert store.get(SCOPE, "a") == 5
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    caplog.clear()


def test_nothing_stale_is_served_when_the_front_is_back(store, front, site, monkeypatch, no_statement):
    """Neither by the process that noticed, nor by another one that believes its own copy of the epoch."""
    store.set(SCOPE, "a", "old")
    other = StoreHandler()["layered"]
    other.open()
    other._back, other._front.store = store._back, front
    assert store.get(SCOPE, "a") == other.get(SCOPE, "a") == "old"
    with Outage(front, monkeypatch):
        store.set(SCOPE, "a", "new")
    assert other.get(SCOPE, "a") == "new"
    rested(store)
    assert store.get(SCOPE, "a") == "new"
    rested(store)
    store.get(SCOPE, "a")
    with no_statement():
        assert store.get(SCOPE, "a") == "new"
    assert store.keys("global") == []
    assert store.get_many("global") == {}


def test_a_write_in_a_transaction_without_the_front_is_read_afterwards(store, front, monkeypatch):
    store.set(SCOPE, "a", "old")
    assert store.get(SCOPE, "a") == "old"
    with Outage(front, monkeypatch), transaction.atomic():
        store.set(SCOPE, "a", "new")
    rested(store)
    assert store.get(SCOPE, "a") == "new"


def test_a_front_that_forgets_only_costs_time(store, front):
    store.set(SCOPE, "a", 1)
    assert store.get(SCOPE, "a") == 1
    front.delete(SCOPE)
    assert store.get(SCOPE, "a") == 1


def test_a_durable_store_that_is_down_is_an_error(store, back, monkeypatch):
    store.set(SCOPE, "a", 1)

    def fail(*args):
        raise StoreUnavailable

    for hook in ("_read", "_read_one", "_write"):
        monkeypatch.setattr(back, hook, fail)
    with pytest.raises(StoreUnavailable):
        store.get(SCOPE, "a")
    with pytest.raises(StoreUnavailable):
        store.set(SCOPE, "a", 2)


@pytest.mark.parametrize(
    "options", [{"durable": "nowhere"}, {"fast": None}, {"fast": ["front"]}, {"durable": "layered"}]
)
def test_a_store_that_is_not_there_is_a_check(settings, options):
    params = PARAMS["layered"] | {"OPTIONS": PARAMS["layered"]["OPTIONS"] | options}
    settings.STATESTORE = {"STORES": {"default": "back", **PARAMS, "layered": params}}
    assert [message.id for message in run_checks(tags=["statestore"])] == ["statestore.E011"]
