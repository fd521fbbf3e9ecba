"""Two histories of one number that only grows: who reads must never see less than was acknowledged or seen before.

In the first, writers add one side by side, some of them in transactions, some of which are rolled back. In the
second they take turns, and every fourth turn the number goes: it is removed, its scope is deleted, or cleaned away.
Readers read; somebody may flush the fast store now and then. Every process notes what it saw; a read that answers
less than what was acknowledged, or read by anybody, before it began is a fault.

The controls have a bug planted in the store, and must be found out.

python -m tests.prove.history --store layered-servers --writes 2000
"""

import argparse
import multiprocessing
import random
import sys
import time
from contextlib import contextmanager
from unittest import mock

from django.db import transaction

from statestore.backends import layered_front
from statestore.backends.layered_front import Front
from tests.prove.site import fork, set_up

SCOPE, KEY = "prove:history", "number"
WRITERS, READERS = 2, 3
ROUND = 4  # turns, the last of which ends the number
END = (
    lambda store: store.remove(SCOPE, KEY),
    lambda store: store.delete(SCOPE),
    lambda store: store.clean([], prefix=SCOPE),
)


class Board:
    """What all processes share: the highest number acknowledged or read so far, the faults, the reads."""

    def __init__(self):
        make = multiprocessing.get_context("fork").Value
        self.highest, self.begun, self.faults, self.reads, self.misses, self.writing = (
            make("q", 0) for _ in range(6)
        )

    def note(self, number):
        with self.highest.get_lock():
            self.highest.value = max(self.highest.value, number)

    def count(self, what, by=1):
        with what.get_lock():
            what.value += by


class Undo(Exception):
    """Rolls a transaction back."""


def pause():
    """Leave readers time to make copies between the writes."""
    time.sleep(random.uniform(0, 0.04))


def write(board, store, writes, number):
    for turn in range(writes):
        pause()
        if turn % 5 == 4:
            write_in_vain(store)
        elif turn % 3 == number:
            with transaction.atomic(using=database(store)):
                sum_ = store.increment(SCOPE, KEY)
                time.sleep(0.01)
            board.note(sum_)
        else:
            board.note(store.increment(SCOPE, KEY))
    board.count(board.writing, -1)


def write_in_vain(store):
    try:
        with transaction.atomic(using=database(store)):
            store.set(SCOPE, KEY, 10**9)
            raise Undo
    except Undo:
        store._front.unmark(store._own.forget(), store.now())  # its mark would keep all readers behind for minutes


def read(board, store):
    before = board.highest.value
    number = store.get(SCOPE, KEY, 0)
    if number < before or number == 10**9:
        board.count(board.faults)
    board.note(number)
    board.count(board.reads)


def come_and_go(board, store, writes, number):
    for _ in range(writes):
        pause()
        with board.begun.get_lock():  # one after the other, so that what is there is known
            turn = board.begun.value = board.begun.value + 1
            if turn % ROUND:
                store.set(SCOPE, KEY, turn)
            else:
                END[turn // ROUND % len(END)](store)
            board.note(turn)
    board.count(board.writing, -1)


def read_what_comes_and_goes(board, store):
    before = board.highest.value
    number = store.get(SCOPE, KEY)
    if number is None:
        number = -(-before // ROUND) * ROUND  # the first turn, from then on, at which it went
    if not before <= number <= board.begun.value:
        board.count(board.faults)
    board.note(number)
    board.count(board.reads)


def read_on(reader, board, store):
    store.ask_behind = lambda: board.count(board.misses)
    while board.writing.value > 0:
        reader(board, store)


def flush_often(board, flush):
    while board.writing.value > 0:
        time.sleep(0.05)
        flush()


def database(store):
    return store.siblings[store.options["durable"]].database


def faults(store, writes, *, history, flush=None):
    """Return the number of faults in a history of so many writes a writer, and of reads by the fast store."""
    board = Board()
    writer, reader = history
    store.delete(SCOPE)
    board.writing.value = WRITERS
    processes = [fork(writer, board, store, writes, number) for number in range(WRITERS)]
    processes += [fork(read_on, reader, board, store) for _ in range(READERS)]
    processes += [fork(flush_often, board, flush)] if flush else []
    for process in processes:
        process.join(120)
    if any(process.exitcode for process in processes):
        raise RuntimeError(f"exit codes: {[process.exitcode for process in processes]}")
    reader(board, store)  # what the last readers left behind has no writer after it to remove it
    return board.faults.value, board.reads.value - board.misses.value


@contextmanager
def tells_nothing():
    """A planted bug: a writer leaves the fast store as it is."""
    with mock.patch.multiple(Front, mark=mock.DEFAULT, unmark=mock.DEFAULT, drop=mock.DEFAULT):
        yield


@contextmanager
def overtaken():
    """A planted bug: a reader who was slow puts his copy though a writer has come between."""
    put = layered_front._filling

    def put_late(scope, key, record, epoch, lease, now):
        time.sleep(random.uniform(0, 0.06))
        return put(scope, key, record, epoch, None, now)

    with mock.patch.object(layered_front, "_filling", put_late):
        yield


BUGS = {"a writer tells the fast store nothing": tells_nothing, "a copy is put though overtaken": overtaken}


def found_out(store, bug, tries=5):
    """Return the number of faults in a short history of a store with this bug; another history if there is none."""
    for _ in range(tries):
        store.delete(SCOPE)  # a copy that stays because of the bug could be of a higher number, which is no fault
        with bug():
            found, _ = faults(store, 50, history=GROWING)
        if found:
            return found
    return 0


GROWING, COMING_AND_GOING = (write, read), (come_and_go, read_what_comes_and_goes)
HISTORIES = GROWING, COMING_AND_GOING


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", default="layered-servers")
    parser.add_argument("--writes", type=int, default=1000)
    options = parser.parse_args()
    set_up()
    from statestore import stores

    results = [faults(stores[options.store], options.writes, history=each) for each in HISTORIES]
    for found, reads in results:
        print(
            f"{options.store}: {WRITERS * options.writes} writes, {reads} reads from the fast store, {found} faults"
        )
    caught = {name: found_out(stores[options.store], bug) for name, bug in BUGS.items()}
    for name, found in caught.items():
        print(f"{options.store}, a planted bug, {name}: {found} faults")
    return int(any(found for found, _ in results) or not all(caught.values()))


if __name__ == "__main__":
    sys.exit(main())
