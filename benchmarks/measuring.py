"""Rounds: every contender does every piece of work in turn, in another order each time."""

import sys
from collections import defaultdict
from time import perf_counter, process_time

from .contenders.base import check
from .families import contenders
from .work import CELLS, VERBS

CLOCKS = {"wall": perf_counter, "cpu": process_time}
MOST = 2000  # calls a sample
MOST_TO_PREPARE = 20  # … where each needs a scope made for it


class Trial:
    """One contender at one piece of work: how often it is to be called for a sample, and the samples."""

    def __init__(self, contender, verb, size, seconds, clock):
        self.work = VERBS[verb](contender, size)
        self.clock = clock
        self.seconds = []
        self.calls = 1
        self.sample(), self.sample()
        took = min(self.seconds)
        self.calls = max(1, min(MOST_TO_PREPARE if verb == "delete" else MOST, int(seconds / took)))
        self.seconds.clear()

    def sample(self):
        """Do the work and note the seconds that one call took."""
        self.work.prepare(self.calls)
        began = self.clock()
        self.work.burst(self.calls)
        self.seconds.append((self.clock() - began) / self.calls)


def measure_families(names, rounds, only=None, *, quick=False, clock="wall"):
    """Return family -> cell -> contender -> seconds by round.

    By the clock "cpu" only what this process takes of a processor counts, not the server's part and not the others'
    on a busy machine: what is left is the cost of our code and of the drivers.
    """
    families = {name: contenders(name, only) for name in names}
    for family in families.values():
        for contender in family:
            check(contender)
    trials = {
        name: {cell: _trials(family, *cell, 0.002 if quick else 0.006, CLOCKS[clock]) for cell in CELLS}
        for name, family in families.items()
    }
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        for cells in trials.values():
            for turn, cell in enumerate(cells.values(), number):
                for trial in rotated(list(cell.values()), turn):
                    trial.sample()
    say("")
    return {name: _samples(cells) for name, cells in trials.items()}


def rotated(things, by):
    """Return the things in another order for every number: a new first one, and every other time backwards."""
    by, backwards = by % len(things), (by // len(things)) % 2
    return (things[by:] + things[:by])[:: -1 if backwards else 1]


def say(line):
    if sys.stderr.isatty():
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)


def _trials(family, verb, size, seconds, clock):
    say(f"warming up: {verb}, {size}")
    work = VERBS[verb]
    needs = {work.method} | ({"set_many"} if verb == "delete" else set())
    able = [one for one in family if all(hasattr(one, method) for method in needs)]
    return {one.name: Trial(one, verb, size, seconds, clock) for one in able}


def _samples(cells):
    found = defaultdict(dict)
    for cell, trials in cells.items():
        for name, trial in trials.items():
            found[cell][name] = trial.seconds
    return dict(found)
