"""What a verb of a store spends its time on, function by function."""

import cProfile
import pstats
from time import perf_counter, process_time

from .contenders.base import OurStore
from .work import VERBS

WORKS = {verb: verb for verb in VERBS} | {"get_list": "get 100", "set_many": "set 100"}


def profile_store(alias, verb, calls, lines):
    """Print the functions in which most of the time of ``calls`` calls was spent, their callees not counted."""
    contender = type("Profiled", (OurStore,), {"alias": alias})().open()
    work = VERBS[WORKS[verb]](contender, "100 B")
    work.prepare(calls)
    work.burst(100)
    plain = timed(perf_counter, work, calls), timed(process_time, work, calls)
    work.prepare(calls)
    profile = cProfile.Profile(process_time)  # waiting for the server, or for a turn on a busy machine, is left out
    profile.runcall(work.burst, calls)
    stats = pstats.Stats(profile)
    total = stats.total_tt
    print(f"\n{verb} on {alias}: {plain[0]:.1f} µs a call, of these {plain[1]:.1f} of our processor's")
    print(f"under the profiler {total / calls * 1e6:.1f}:")
    print(f"{'µs':>8} {'share':>6} {'calls':>6}  function")
    rows = sorted(stats.stats.items(), key=lambda item: -item[1][2])[:lines]
    for (file, line, function), (_, number, own, _, _) in rows:
        where = f"{_short(file)}:{line} {function}" if line else function
        print(f"{own / calls * 1e6:8.2f} {own / total:6.1%} {number / calls:6.1f}  {where}")


def timed(clock, work, calls):
    """Return what one call takes by this clock, in microseconds."""
    work.prepare(calls)
    began = clock()
    work.burst(calls)
    return (clock() - began) / calls * 1e6


def _short(file):
    parts = file.replace("\\", "/").split("/")
    return "/".join(parts[parts.index("site-packages") + 1 :]) if "site-packages" in parts else "/".join(parts[-3:])
