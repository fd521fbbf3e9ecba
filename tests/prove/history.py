"""A history of one number that only grows: who reads must never see less than was acknowledged or seen before.

Writers add one, some of them in transactions, some of which are rolled back; readers read; somebody may flush the
fast store now and then. Every process notes what it saw; a read that answers less than what was acknowledged, or read by
anybody, before it began is a fault.

python -m tests.prove.history --store layered-servers --writes 2000
"""

import argparse
import multiprocessing
import sys
import time

from django.db import transaction

from tests.prove.site import fork, set_up

SCOPE, KEY = "prove:history", "number"
WRITERS, READERS = 2, 3


class Board:
    """What all processes share: the highest number acknowledged or read so far, the faults, the reads."""

    def __init__(self):
        make = multiprocessing.get_context("fork").Value
        self.highest, self.faults, self.reads, self.writing = (make("q", 0) for _ in range(4))

    def note(self, number):
        with self.highest.get_lock():
            self.highest.value = max(self.highest.value, number)

    def count(self, what):
        with what.get_lock():
            what.value += 1


class Undo(Exception):
    """Rolls a transaction back."""


def write(board, store, writes, number):
    for turn in range(writes):
        if turn % 5 == 4:
            write_in_vain(store)
        elif turn % 3 == number:
            with transaction.atomic(using=database(store)):
                sum_ = store.increment(SCOPE, KEY)
            board.note(sum_)
        else:
            board.note(store.increment(SCOPE, KEY))
    with board.writing.get_lock():
        board.writing.value -= 1


def write_in_vain(store):
    try:
        with transaction.atomic(using=database(store)):
            store.set(SCOPE, KEY, 10**9)
            raise Undo
    except Undo:
        pass


def read(board, store):
    while board.writing.value > 0:
        before = board.highest.value
        number = store.get(SCOPE, KEY, 0)
        if number < before or number == 10**9:
            board.count(board.faults)
        board.note(number)
        board.count(board.reads)


def flush(board, store):
    while board.writing.value > 0:
        time.sleep(0.05)
        store.siblings[store.options["fast"]].delete(SCOPE)


def database(store):
    return store.siblings[store.options["durable"]].database


def faults(store, writes, *, flushing=False):
    """Return the number of faults and of reads in a history of so many writes a writer."""
    board = Board()
    store.delete(SCOPE)
    board.writing.value = WRITERS
    processes = [fork(write, board, store, writes, number) for number in range(WRITERS)]
    processes += [fork(read, board, store) for _ in range(READERS)]
    processes += [fork(flush, board, store)] if flushing else []
    for process in processes:
        process.join(120)
    if any(process.exitcode for process in processes):
        raise RuntimeError(f"exit codes: {[process.exitcode for process in processes]}")
    return board.faults.value, board.reads.value


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", default="layered-servers")
    parser.add_argument("--writes", type=int, default=1000)
    options = parser.parse_args()
    set_up()
    from statestore import stores

    found, reads = faults(stores[options.store], options.writes)
    print(f"{options.store}: {WRITERS * options.writes} writes, {reads} reads, {found} faults")
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
