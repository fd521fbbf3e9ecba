"""Clients at work on a Redis Cluster and behind Sentinel while a primary dies, stands still, is replaced, comes
back, while slots move, and while a range of slots is nowhere: what each call is told, beside what is kept.

python -m tests.prove.failover [--server valkey|redis] [--group cluster|sentinel] [--only kill]…

Starts its own servers. What replicas had not got when they took over is lost: a figure. A wrong value, a loss where
none may be, a call that takes too long, a connection that leaks, a client that does not come back: a failure.
Controls run beside it: a client that lies, and a fault that must lose something.
"""

import argparse
import os
import sys
from typing import NamedTuple

from tests.prove import failover_faults as faults
from tests.prove.failover_check import FAILED, believe
from tests.prove.failover_groups import Cluster, Sentinel
from tests.prove.failover_run import figures, observe, verdict

HEADER = (
    "servers", "what happens", "calls", "gap", "elsewhere", "longest call", "unavailable", "unknown", "lost",
    "wrong", "works again", "leaked", "",
)  # fmt: skip
GROUPS = {"cluster": Cluster, "sentinel": Sentinel}


class Scenario(NamedTuple):
    """Something that happens, and whether acknowledged writes may be lost by it, or must."""

    name: str
    fault: object
    groups: tuple = (Cluster, Sentinel)
    may_lose: bool = True
    must_lose: bool = False


SCENARIOS = {
    "kill": Scenario("kill -9", faults.kill),
    "hiccup": Scenario("stands still for 1.5 s, stays primary", faults.hiccup, (Cluster,), may_lose=False),
    "stop": Scenario("stands still", faults.stop),
    "back": Scenario("stands still, comes back deposed", faults.come_back),
    "late": Scenario("stands still, comes back after all know", faults.come_back_late, (Sentinel,), may_lose=False),
    "plan": Scenario("CLUSTER FAILOVER", faults.plan, (Cluster,), may_lose=False),
    "order": Scenario("SENTINEL FAILOVER", faults.plan, (Sentinel,)),
    "agree": Scenario("SENTINEL FAILOVER … COORDINATED", faults.plan_together, (Sentinel,), may_lose=False),
    "move": Scenario("slots move", faults.move_slots, (Cluster,), may_lose=False),
    "down": Scenario("a range of slots is down", faults.lose_range, (Cluster,), may_lose=False),
    "cut": Scenario("replication cut, then kill -9", faults.cut_and_kill, must_lose=True),
}


class Safety(NamedTuple):
    """Something that a site may do against losses: options of the servers, and of the store."""

    name: str
    servers: dict
    store: dict
    groups: tuple
    may_lose: bool = True


NONE = Safety("", {}, {}, (Cluster, Sentinel))
LOSSY = "back", "order", "cut"
FEW = {"min_replicas_to_write": 1, "min_replicas_max_lag": 2}
SAFETIES = [
    Safety("min-replicas-to-write 1", FEW, {}, (Sentinel,)),
    Safety("replicas 1", {}, {"replicas": 1}, (Cluster,), may_lose=False),
    Safety("replicas 1", {}, {"replicas": 1}, (Sentinel,)),
    Safety("replicas 2", {}, {"replicas": 2}, (Sentinel,), may_lose=False),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", choices=["valkey", "redis"], default="valkey")
    parser.add_argument("--group", choices=GROUPS, action="append")
    parser.add_argument("--only", choices=SCENARIOS, action="append")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from tests.prove.site import table

    rows = list(prove_all(options.server, options.group or GROUPS, options.only or SCENARIOS))
    table(HEADER, rows)
    return int(any(row[-1] != "ok" for row in rows))


def prove_all(server, groups, names):
    """Yield the rows of the table."""
    from tests import servers

    kind = {"valkey": servers.Valkey, "redis": servers.Redis}[server]
    for make in (GROUPS[name] for name in groups):
        chosen = [SCENARIOS[name] for name in names if make in SCENARIOS[name].groups]
        if kind is servers.Redis:
            chosen = [each for each in chosen if each is not SCENARIOS["agree"]]  # Valkey's own, since 9.0
        for safety in [NONE, *SAFETIES]:
            for scenario in chosen if make in safety.groups else ():
                if safety is NONE or scenario in map(SCENARIOS.get, LOSSY):
                    yield from tried(make, kind, scenario, safety)


def tried(make, kind, scenario, safety):
    """Yield the rows of `prove`; what is raised makes one too."""
    try:
        yield from prove(make, kind, scenario, safety)
    except Exception as error:  # noqa: BLE001 (the others are to be seen too)
        blank = [""] * (len(HEADER) - 3)
        yield (
            f"{kind.name} {make.name}",
            named(scenario, safety),
            *blank,
            f"FAILED: {type(error).__name__}: {error}",
        )


def named(scenario, safety):
    return f"{scenario.name}; {safety.name}" if safety.name else scenario.name


def prove(make, kind, scenario, safety=NONE):
    """Yield the row of a run, and if it was a kill that of its control, a client that lies."""
    with make(kind, **safety.servers) as group:
        run = observe(group, scenario.fault, **safety.store)
    may_lose, must_lose = scenario.may_lose and safety.may_lose, scenario.must_lose and safety is NONE
    yield row(group.label, named(scenario, safety), figures(run), may_lose=may_lose, must_lose=must_lose)
    if scenario is SCENARIOS["kill"]:
        lies = run._replace(threads={role: believe(each, FAILED) for role, each in run.threads.items()})
        yield row(group.label, "  control: errors told as success", figures(lies), must_lose=True)


def row(label, name, seen, **demands):
    """Return a row of the table; what was wrong is told at once."""
    for line in seen.wrong[:5]:
        print(f"{label}, {name}: {line}", file=sys.stderr)
    print(f"{label}, {name}: {verdict(seen, **demands)}", file=sys.stderr, flush=True)
    shown = seen._replace(wrong=len(seen.wrong), **{each: seconds(getattr(seen, each)) for each in TIMES})
    return (label, name, *shown, verdict(seen, **demands))


TIMES = "gap", "gap_elsewhere", "longest_call", "works_again"


def seconds(number):
    if number is None:
        return "-"
    return "NEVER" if number == float("inf") else f"{number:.1f} s"


if __name__ == "__main__":
    sys.exit(main())
