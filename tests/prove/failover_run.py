"""One run: servers, clients, something that happens; and what the run was like, in figures."""

import time
from collections import Counter
from typing import NamedTuple

from tests.prove.failover_check import FAILED, UNKNOWN, judge, longest_gap, works_again
from tests.prove.failover_load import FAR, MANY, NEAR, Load

TIMEOUT = 1.0  # seconds that the store waits
PATIENCE = 6.0  # … and the longest that a call may take, which may ask several servers who is in charge
BEFORE, AFTER = 1.5, 4.0  # seconds of load
ENOUGH = 500  # calls; with fewer a run proves nothing


class Run(NamedTuple):
    """The events of every thread by role, what is there in the end, since when it could work, connections left."""

    threads: dict
    final: dict
    since: float
    leaked: int

    @property
    def all_threads(self):
        return [events for threads in self.threads.values() for events in threads]


class Figures(NamedTuple):
    """What a run was like; times in seconds."""

    calls: int
    gap: float
    gap_elsewhere: float | None
    longest_call: float
    unavailable: int
    unknown: int
    lost: int
    wrong: list
    works_again: float
    leaked: int


def observe(group, fault, *, before=BEFORE, after=AFTER, **options):
    """Let it happen under load, to a store with these options; return the `Run`."""
    from tests.backends.redis_kit import store_on

    with store_on(group.cache, options={"timeout": TIMEOUT, **options}) as store:
        load = Load(store, group.scopes(), group.threads)
        with load.under_way(group.primary):
            time.sleep(before)
            assert not any(heir.is_primary() for heir in group.heirs), "somebody has taken over too early"
            since = fault(group)
            time.sleep(after)
        return Run(load.threads, _state(store), since, _leaked(load, group))


def _state(store):
    return {info.name: store.get_many(info.name) for info in store.scopes("user:")}


def _leaked(load, group):
    """Return how many connections the clients have to a server beyond one a thread."""
    ports = {member.port for member in group.servers.members}
    counts = [Counter(port for port in sockets if port in ports) for sockets in load.sockets]
    return sum(max(0, number - MANY - len(group.threads)) for each in counts for number in each.values())


def figures(run):
    """Return the `Figures` of a run."""
    near, far = run.threads[NEAR], run.threads[FAR]
    events = [event for thread in run.all_threads for event in thread]
    outcomes = Counter(event.outcome for event in events)
    judged = judge(run.all_threads, run.final)
    return Figures(
        len(events),
        longest_gap(near),
        longest_gap(far) if far else None,
        max(event.ended - event.began for event in events),
        outcomes[FAILED],
        outcomes[UNKNOWN],
        judged.lost,
        judged.wrong,
        works_again(near, run.since),
        run.leaked,
    )


def verdict(seen, *, may_lose=True, must_lose=False, patience=PATIENCE):
    """Return "ok", or what is not as it must be; no call may take longer than ``patience``."""
    problems = {
        "VOID: too little traffic": seen.calls < ENOUGH,
        "WRONG VALUES": bool(seen.wrong),
        "LOST": seen.lost and not may_lose,
        "THE CONTROL LOST NOTHING": must_lose and not seen.lost,
        "TOO SLOW": seen.longest_call > patience,
        "LEAKED": bool(seen.leaked),
        "NEVER WORKED AGAIN": seen.works_again == float("inf"),
    }
    return ", ".join(name for name, is_so in problems.items() if is_so) or "ok"
