"""Rounds: every contender does every piece of work in turn, in another order each time."""

import sys
from collections import defaultdict
from time import perf_counter, process_time

from .contenders.base import check
from .families import contenders
from .work import CELLS, VERBS

CLOCKS = {"wall": perf_counter, "cpu": process_time}
BURSTS = 3  # a sample is the quickest of so many: what other programs took of the machine is no cost of ours
MOST = 2000  # calls a burst
MOST_TO_PREPARE = 20  # … where each needs a scope made for it


class Trial:
    """One contender at one piece of work: how often it is to be called for a sample, and the samples."""

    def __init__(self, contender, verb, size, seconds):
        self.work = VERBS[verb](contender, size)
        self.calls = 1
        took = min(self._burst()[0] for _ in range(2))
        self.calls = max(1, min(MOST_TO_PREPARE if verb == "delete" else MOST, int(seconds / took)))
        self.samples = {clock: [] for clock in CLOCKS}

    def sample(self):
        """Do the work and note the seconds that one call took, by every clock."""
        bursts = [self._burst() for _ in range(BURSTS if self.calls > 1 else 1)]
        for clock, seconds in zip(CLOCKS, zip(*bursts, strict=True), strict=True):
            self.samples[clock].append(min(seconds))

    def _burst(self):
        self.work.prepare(self.calls)
        began = [clock() for clock in CLOCKS.values()]
        self.work.burst(self.calls)
        return [(clock() - start) / self.calls for clock, start in zip(CLOCKS.values(), began, strict=True)]


def measure_families(names, rounds, only=None, *, quick=False):
    """Return clock -> family -> cell -> contender -> seconds by round.

    By the clock "cpu" only what this process takes of a processor counts, not the server's part and not the others'
    on a busy machine: what is left is the cost of our code and of the drivers.
    """
    families = {name: contenders(name, only) for name in names}
    for family in families.values():
        for contender in family:
            check(contender)
    trials = {
        name: {cell: _trials(family, *cell, 0.001 if quick else 0.003) for cell in CELLS}
        for name, family in families.items()
    }
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        for cells in trials.values():
            for turn, cell in enumerate(cells.values(), number):
                for trial in rotated(list(cell.values()), turn):
                    trial.sample()
    say("")
    return {clock: {name: _samples(cells, clock) for name, cells in trials.items()} for clock in CLOCKS}


def rotated(things, by):
    """Return the things in another order for every number: a new first one, and every other time backwards."""
    by, backwards = by % len(things), (by // len(things)) % 2
    return (things[by:] + things[:by])[:: -1 if backwards else 1]


def say(line):
    if sys.stderr.isatty():
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)


def _trials(family, verb, size, seconds):
    say(f"warming up: {verb}, {size}")
    work = VERBS[verb]
    needs = {work.method} | ({"set_many"} if verb == "delete" else set())
    able = [one for one in family if all(hasattr(one, method) for method in needs)]
    return {one.name: Trial(one, verb, size, seconds) for one in able}


def _samples(cells, clock):
    found = defaultdict(dict)
    for cell, trials in cells.items():
        for name, trial in trials.items():
            found[cell][name] = trial.samples[clock]
    return dict(found)
