"""The judge of the failovers, and that no lie gets past it."""

import pytest

from tests.prove.failover_check import (
    FAILED,
    MISSING,
    OK,
    UNKNOWN,
    Event,
    believe,
    judge,
    longest_gap,
    works_again,
)
from tests.prove.failover_run import ENOUGH, PATIENCE, Figures, verdict


def told(kind, number, outcome=OK, found=None, *, key="k", at=0.0):
    return Event(kind, "s", key, number, at, at, outcome, found)


def judged(events, **final):
    found = judge([events], {"s": final})
    return found.lost, len(found.wrong)


def pair(outcome):
    return [told("pair", 7, outcome, key=":1")]


@pytest.mark.parametrize(
    ("outcome", "final", "lost_and_wrong"),
    [
        (OK, {"a:1": 7, "b:1": 7}, (0, 0)),
        (OK, {}, (1, 0)),
        (OK, {"a:1": 7}, (0, 1)),
        (OK, {"a:1": 8, "b:1": 8}, (0, 1)),
        (UNKNOWN, {"a:1": 7, "b:1": 7}, (0, 0)),
        (UNKNOWN, {}, (0, 0)),
        (UNKNOWN, {"b:1": 7}, (0, 1)),
        (FAILED, {}, (0, 0)),
        (FAILED, {"a:1": 7, "b:1": 7}, (0, 1)),
    ],
)
def test_pair_is_there_as_it_was_told_or_not_at_all(outcome, final, lost_and_wrong):
    assert judged(pair(outcome), **final) == lost_and_wrong


def wrote(*numbers, outcome=OK):
    return [told("set", number, outcome) for number in numbers]


def read(number):
    return [told("get", 0, OK, number)]


@pytest.mark.parametrize(
    ("events", "last", "lost_and_wrong"),
    [
        (wrote(1, 2), 2, (0, 0)),
        (wrote(1, 2, 3), 1, (2, 0)),
        (wrote(1, 2), MISSING, (0, 1)),
        (wrote(1, outcome=UNKNOWN) + wrote(2), 1, (0, 0)),  # carried out late
        (wrote(1) + wrote(2, outcome=UNKNOWN), 2, (0, 0)),
        (wrote(1) + wrote(2, outcome=UNKNOWN), 1, (0, 0)),
        (wrote(1) + wrote(2, outcome=FAILED), 2, (0, 1)),
        (wrote(1, 2) + read(1) + wrote(3), 3, (1, 0)),
        (wrote(1, 2) + read(1), 2, (1, 1)),  # gone, and there again: an older server was read
        (wrote(1) + read(5), 1, (0, 1)),
        ([*wrote(1), told("get", 0, FAILED)], 1, (0, 0)),
    ],
)
def test_register_holds_what_was_acknowledged_last_or_is_unknown(events, last, lost_and_wrong):
    assert judged(events, k=last) == lost_and_wrong


def added(*answers):
    return [told("increment", 0, OK, each) if type(each) is int else told("increment", 0, each) for each in answers]


@pytest.mark.parametrize(
    ("events", "last", "lost_and_wrong"),
    [
        (added(1, 2, 3), 3, (0, 0)),
        (added(1, 2, 3), 1, (2, 0)),
        (added(1, 2, 2), 2, (1, 0)),
        (added(1, 3), 3, (0, 1)),
        (added(1, UNKNOWN, 3), 3, (0, 0)),
        (added(1, UNKNOWN, 2), 2, (0, 0)),
        (added(1, UNKNOWN), 2, (0, 0)),
        (added(1, FAILED), 2, (0, 1)),
        (added(1), MISSING, (1, 1)),
    ],
)
def test_counter_counts_each_acknowledged_addition_once(events, last, lost_and_wrong):
    assert judged(events, k=last) == lost_and_wrong


@pytest.mark.parametrize(
    ("answers", "unknown", "last", "lost_and_wrong"),
    [([1, 3], 1, 3, (0, 0)), ([1, 2, 2], 0, 2, (1, 0)), ([1, 2], 0, 1, (1, 0)), ([1], 1, 3, (0, 1))],
)
def test_shared_counter_never_answers_twice_the_same(answers, unknown, last, lost_and_wrong):
    events = [told("add", 0, OK, each) for each in answers] + [told("add", 0, UNKNOWN)] * unknown
    assert judged(events, k=last) == lost_and_wrong


def test_client_that_takes_errors_for_acknowledgements_is_seen_to_lose():
    honest = [pair(FAILED) + wrote(1) + wrote(2, outcome=FAILED)]
    assert judge(honest, {"s": {"k": 1}}) == (0, [])
    assert judge(believe(honest, FAILED), {"s": {"k": 1}}) == (2, [])


def test_gap_and_recovery_are_those_of_the_worst_thread():
    good = [told("set", 1, at=moment) for moment in (0.0, 1.0, 2.0)]
    bad = [told("set", 1, at=0.5), told("set", 2, FAILED, at=1.0), told("set", 3, at=4.0)]
    assert longest_gap([good, bad]) == 3.5
    assert works_again([good], 0.5) == 0.0
    assert works_again([good, bad], 0.5) == 3.5
    assert works_again([bad[:2]], 0.5) == float("inf")


GOOD = Figures(ENOUGH, 1.0, None, 1.0, 0, 0, 0, [], 1.0, 0)


@pytest.mark.parametrize(
    ("seen", "demands", "word"),
    [
        (GOOD, {}, "ok"),
        (GOOD._replace(calls=ENOUGH - 1), {}, "VOID"),
        (GOOD._replace(lost=1), {}, "ok"),
        (GOOD._replace(lost=1), {"may_lose": False}, "LOST"),
        (GOOD, {"must_lose": True}, "THE CONTROL LOST NOTHING"),
        (GOOD._replace(wrong=["one"]), {}, "WRONG"),
        (GOOD._replace(longest_call=PATIENCE + 1), {}, "TOO SLOW"),
        (GOOD._replace(leaked=1), {}, "LEAKED"),
        (GOOD._replace(works_again=float("inf")), {}, "NEVER"),
    ],
)
def test_verdict(seen, demands, word):
    assert verdict(seen, **demands).startswith(word)
