"""What a verb of a store spends its time on, function by function."""

import cProfile
import pstats
from time import perf_counter, process_time
from typing import NamedTuple

from .contenders.base import OurStore
from .work import VERBS

WORKS = {verb: verb for verb in VERBS} | {"get_list": "get 100", "set_many": "set 100"}


class Row(NamedTuple):
    """A function: the share of the time that was spent in it, its callees not counted, and its calls a call."""

    share: float
    calls: float
    function: str


class Profile(NamedTuple):
    """Of a verb: the microseconds a call by the clock and of our processor, without the profiler; the functions."""

    wall: float
    processor: float
    rows: list[Row]


def profile_of(alias, verb, calls, lines, size="100 B"):
    """Return the functions in which most of the time of ``calls`` calls was spent."""
    contender = type("Profiled", (OurStore,), {"alias": alias})().open()
    work = VERBS[WORKS[verb]](contender, size)
    work.prepare(calls)
    work.burst(min(calls, 100))
    plain = timed(perf_counter, work, calls), timed(process_time, work, calls)
    work.prepare(calls)
    profile = cProfile.Profile()  # by the clock: a timer of Python's would cost more than what is measured
    profile.runcall(work.burst, calls)
    stats = pstats.Stats(profile)
    found = sorted(stats.stats.items(), key=lambda item: -item[1][2])
    rows = [Row(own / stats.total_tt, number / calls, _shown(*place)) for place, (_, number, own, _, _) in found]
    return Profile(*plain, rows[:lines])


def profile_store(alias, verb, calls, lines):
    """Print where the time goes."""
    found = profile_of(alias, verb, calls, lines)
    print(f"\n{verb} on {alias}: {found.wall:.1f} µs a call, of these {found.processor:.1f} of our processor's")
    print(f"{'µs':>8} {'share':>6} {'calls':>6}  function")
    for share, number, function in found.rows:
        print(f"{share * found.wall:8.2f} {share:6.1%} {number:6.1f}  {function}")


def timed(clock, work, calls):
    """Return what one call takes by this clock, in microseconds."""
    work.prepare(calls)
    began = clock()
    work.burst(calls)
    return (clock() - began) / calls * 1e6


def _shown(file, line, function):
    if not line:
        return function.strip("<>")
    parts = file.replace("\\", "/").split("/")
    if "site-packages" in parts:
        return f"{'/'.join(parts[parts.index('site-packages') + 1 :])} {function}"
    return f"{'/'.join(parts[-2:])} {function}"
