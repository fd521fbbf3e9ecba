"""Two histories of one number that only grows: who reads must never see less than was acknowledged or seen before.

In the first, writers add one side by side, some of them in transactions, some of which are rolled back. In the
second they take turns, and every fourth turn the number goes: it is removed, its scope is deleted, or cleaned away.
Readers read; somebody may flush the fast store now and then. Every process notes what it saw; a read that answers
less than what was acknowledged, or read by anybody, before it began is a fault.

python -m tests.prove.history --store layered-servers --writes 2000
"""

import argparse
import multiprocessing
import random
import sys
import time

from django.db import transaction

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
        self.highest, self.begun, self.faults, self.reads, self.writing = (make("q", 0) for _ in range(5))

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
        pass


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
    while board.writing.value > 0:
        reader(board, store)


def flush_often(board, flush):
    while board.writing.value > 0:
        time.sleep(0.05)
        flush()


def database(store):
    return store.siblings[store.options["durable"]].database


def faults(store, writes, *, history, flush=None):
    """Return the number of faults and of reads in a history of so many writes a writer."""
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
    return board.faults.value, board.reads.value


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
        print(f"{options.store}: {WRITERS * options.writes} writes, {reads} reads, {found} faults")
    return int(any(found for found, _ in results))


if __name__ == "__main__":
    sys.exit(main())
