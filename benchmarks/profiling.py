"""What a verb of a store spends its time on, function by function."""

import cProfile
import pstats

from .contenders.base import OurStore
from .work import VERBS

WORKS = {verb: verb for verb in VERBS} | {"get_list": "get 100", "set_many": "set 100"}


def profile_store(alias, verb, calls, lines):
    """Print the functions in which most of the time of ``calls`` calls was spent, their callees not counted."""
    contender = type("Profiled", (OurStore,), {"alias": alias})().open()
    work = VERBS[WORKS[verb]](contender, "100 B")
    work.prepare(calls)
    profile = cProfile.Profile()
    profile.runcall(work.burst, calls)
    stats = pstats.Stats(profile)
    total = stats.total_tt
    print(f"\n{verb} on {alias}: {total / calls * 1e6:.1f} µs a call under the profiler, {calls} calls")
    print(f"{'µs':>8} {'share':>6} {'calls':>6}  function")
    rows = sorted(stats.stats.items(), key=lambda item: -item[1][2])[:lines]
    for (file, line, function), (_, number, own, _, _) in rows:
        where = f"{_short(file)}:{line} {function}" if line else function
        print(f"{own / calls * 1e6:8.2f} {own / total:6.1%} {number / calls:6.1f}  {where}")


def _short(file):
    parts = file.replace("\\", "/").split("/")
    return "/".join(parts[parts.index("site-packages") + 1 :]) if "site-packages" in parts else "/".join(parts[-3:])
