"""The judge of a failover: what the clients were told, beside what is there in the end.

Every key is written by one thread, so what may be there is known without guessing: what was acknowledged last, or
one of the writes whose outcome is unknown. A value older than the last acknowledged one is a loss; anything else,
also a write that was said not to have happened and did, is wrong.
"""

from collections import defaultdict
from itertools import chain, pairwise
from typing import NamedTuple

OK, FAILED, UNKNOWN = "ok", "unavailable", "unknown"
MISSING = -1
HALVES = "ab"


class Event(NamedTuple):
    """A call by a client. ``found`` is its answer, if it has one."""

    kind: str  # pair, set, get, increment, or add, which is the increment of a counter that all share
    scope: str
    key: str
    number: int
    began: float
    ended: float
    outcome: str
    found: int | None = None


class Judgement(NamedTuple):
    """Acknowledged writes that are not there, and what no loss can explain, as sentences."""

    lost: int
    wrong: list[str]


def judge(threads, final):
    """Judge the events of every thread, in order, beside the final state: scope -> key -> value."""
    findings = [_pairs(events, final) for events in threads]
    for kind, judge_one in OF_ONE_THREAD.items():
        for events in threads:
            for (scope, key), mine in _by_entry(events, *kind).items():
                findings.append(judge_one(mine, final.get(scope, {}).get(key, MISSING)))
    for (scope, key), shared in _by_entry(chain(*threads), "add").items():
        findings.append(_shared(shared, final.get(scope, {}).get(key, MISSING)))
    return Judgement(sum(each.lost for each in findings), [line for each in findings for line in each.wrong])


def _by_entry(events, *kinds):
    found = defaultdict(list)
    for event in events:
        if event.kind in kinds:
            found[event.scope, event.key].append(event)
    return found


def _pairs(events, final):
    """Two keys written by one call, and never again."""
    lost, wrong = 0, []
    for event in (each for each in events if each.kind == "pair"):
        entries = final.get(event.scope, {})
        there = {entries.get(f"{half}{event.key}", MISSING) for half in HALVES}
        lost += event.outcome == OK and there == {MISSING}
        if (
            len(there) > 1
            or not there <= {MISSING, event.number}
            or (event.outcome == FAILED and there != {MISSING})
        ):
            wrong.append(f"there is {sorted(there)}: {event}")
    return Judgement(lost, wrong)


def _register(events, last):
    """Rising numbers, written and read back by one thread."""
    acknowledged, possible, gone, wrong = set(), set(), set(), []
    for event in [*events, Event("get", "", "in the end", 0, 0, 0, OK, last)]:
        if event.kind == "set":
            acknowledged |= {event.number} if event.outcome == OK else set()
            possible |= {event.number} if event.outcome != FAILED else set()
        elif event.outcome == OK:
            if event.found not in possible - gone:
                wrong.append(f"{event.found} was never to be read, or again after it had gone: {event}")
            if event.found in acknowledged:  # a write given up may be carried out late, over a newer one
                gone |= {number for number in acknowledged if number > event.found}
    return Judgement(len(gone), wrong)


def _counter(events, last):
    """A counter that one thread adds to, by one."""
    low = high = lost = 0
    wrong = []
    for event in [*events, Event("increment", "", "in the end", 0, 0, 0, OK, last + 1)]:
        if event.outcome == UNKNOWN:
            high += 1
        elif event.outcome == OK:
            before = event.found - 1
            lost += max(0, low - max(0, before))
            if not 0 <= before <= high:
                wrong.append(f"{before} was there, where {low} to {high} should be: {event}")
            low = high = event.found
    return Judgement(lost, wrong)


def _shared(events, last):
    """A counter that all add to, by one: an answer that two got is a loss too."""
    answers = [event.found for event in events if event.outcome == OK]
    unknown = sum(event.outcome == UNKNOWN for event in events)
    lost = max(0, len(answers) - last, len(answers) - len(set(answers)))
    too_many = last == MISSING or last > len(answers) + unknown
    return Judgement(lost, [f"{last} in the end, after {len(answers)} and {unknown} unknown"] if too_many else [])


OF_ONE_THREAD = {("set", "get"): _register, ("increment",): _counter}


def believe(threads, outcome):
    """Return the same history of a client that lies: it takes every write with this outcome for acknowledged."""
    return [
        [event._replace(outcome=OK) if _is_write(event, outcome) else event for event in events]
        for events in threads
    ]


def _is_write(event, outcome):
    return event.outcome == outcome and event.kind in {"pair", "set"}


def longest_gap(threads):
    """Return the longest time for which a thread had no success, in seconds."""
    moments = [[event.ended for event in events if event.outcome == OK] for events in threads]
    return max((after - before for each in moments for before, after in pairwise(each)), default=0.0)


def works_again(threads, since):
    """Return how long after ``since`` the last thread had its first success after its last failure.

    0.0 when nothing failed; infinite when a thread has not come back.
    """
    return max((_back(events, since) for events in threads), default=0.0)


def _back(events, since):
    failures = [event.ended for event in events if event.outcome != OK]
    if not failures:
        return 0.0
    after = (event.ended for event in events if event.outcome == OK and event.ended > failures[-1])
    return max(0.0, next(after, float("inf")) - since)
