"""The checker of histories, on histories whose verdict is known."""

import itertools
import random

import pytest

from tests.prove import linear
from tests.prove.linear import CONFLICT, NEVER, NOTHING, UNKNOWN, Call, apply, fault


def history(*lines):
    """Calls from (began, ended, verb, given, answer)."""
    return [Call(verb, given, answer, began, ended) for began, ended, verb, given, answer in lines]


GOOD = {
    "nothing happened": [],
    "one after the other": [
        (0, 1, "set", 5, "v1"),
        (2, 3, "get", None, 5),
        (4, 5, "remove", None, 1),
        (6, 7, "get", None, None),
    ],
    "a read beside a write sees the old value": [
        (0, 1, "set", 1, "v1"),
        (2, 9, "set", 2, "v2"),
        (3, 4, "get", None, 1),
    ],
    "or the new one": [
        (0, 1, "set", 1, "v1"),
        (2, 9, "set", 2, "v2"),
        (3, 4, "get", None, 2),
        (5, 6, "get", None, 2),
    ],
    "two writes side by side may come in either order": [
        (0, 9, "set", 1, "v1"),
        (0, 9, "set", 2, "v2"),
        (10, 11, "get", None, 1),
    ],
    "increments side by side": [(0, 9, "increment", 1, 2), (0, 9, "increment", 1, 1), (10, 11, "get", None, 2)],
    "the loser of a race was told so": [
        (0, 9, "set_if", ("", 1), "v1"),
        (0, 9, "set_if", ("", 2), CONFLICT),
        (10, 11, "entry", None, (1, "v1")),
    ],
    "over the version that was read": [
        (0, 1, "increment", 1, 1),
        (2, 3, "entry", None, (1, "v1")),
        (4, 5, "set_if", ("v1", 7), "v2"),
        (6, 7, "get", None, 7),
    ],
    "a removal that finds nothing": [(0, 1, "remove", None, 0), (2, 3, "entry", None, None)],
    "an unknown write may have happened": [(0, NEVER, "set", 1, UNKNOWN), (5, 6, "get", None, 1)],
    "or not": [(0, NEVER, "set", 1, UNKNOWN), (5, 6, "get", None, None)],
    "or happen late": [
        (0, NEVER, "set", 1, UNKNOWN),
        (5, 6, "get", None, None),
        (7, 8, "get", None, 1),
    ],
    "an unknown increment between others": [
        (0, NEVER, "increment", 10, UNKNOWN),
        (1, 2, "increment", 1, 1),
        (3, 4, "increment", 1, 12),
    ],
    "an unknown conditional write": [
        (0, 1, "set", 1, "v1"),
        (2, NEVER, "set_if", ("v1", 2), UNKNOWN),
        (4, 5, "set_if", ("v1", 3), CONFLICT),
        (6, 7, "get", None, 2),
    ],
    "an unknown removal": [(0, 1, "set", 1, "v1"), (2, NEVER, "remove", None, UNKNOWN), (3, 4, "remove", None, 0)],
}

BAD = {
    "a stale read": [(0, 1, "set", 1, "v1"), (2, 3, "set", 2, "v2"), (4, 5, "get", None, 1)],
    "a read that goes back": [
        (0, 1, "set", 1, "v1"),
        (2, 9, "set", 2, "v2"),
        (3, 4, "get", None, 2),
        (5, 6, "get", None, 1),
    ],
    "a value that nobody wrote": [(0, 1, "set", 1, "v1"), (2, 3, "get", None, 7)],
    "a write from the future": [(0, 1, "get", None, 1), (2, 3, "set", 1, "v1")],
    "a lost update": [(0, 9, "increment", 1, 1), (0, 9, "increment", 1, 1)],
    "a write that is gone": [(0, 1, "set", 1, "v1"), (2, 3, "get", None, None)],
    "a removal that did not last": [(0, 1, "set", 1, "v1"), (2, 3, "remove", None, 1), (4, 5, "get", None, 1)],
    "two creators": [(0, 9, "set_if", ("", 1), "v1"), (0, 9, "set_if", ("", 2), "v2")],
    "over a version that has gone": [
        (0, 1, "set", 1, "v1"),
        (2, 3, "set", 2, "v2"),
        (4, 5, "set_if", ("v1", 3), "v3"),
    ],
    "a conflict without a rival": [(0, 1, "set", 1, "v1"), (2, 3, "set_if", ("v1", 2), CONFLICT)],
    "over the version of what was removed": [
        (0, 1, "set", 1, "v1"),
        (2, 3, "remove", None, 1),
        (4, 5, "set_if", ("v1", 2), "v2"),
    ],
    "a value with another's version": [
        (0, 1, "set", 1, "v1"),
        (2, 3, "set", 2, "v2"),
        (4, 5, "entry", None, (2, "v1")),
    ],
    "a version that changes by itself": [
        (0, 1, "increment", 1, 1),
        (2, 3, "entry", None, (1, "v1")),
        (4, 5, "entry", None, (1, "v2")),
    ],
    "an unknown write that comes and goes": [
        (0, NEVER, "set", 1, UNKNOWN),
        (2, 3, "get", None, 1),
        (4, 5, "get", None, None),
    ],
    "an unknown increment that happened twice": [
        (0, NEVER, "increment", 10, UNKNOWN),
        (1, 2, "get", None, 10),
        (3, 4, "get", None, 20),
    ],
    "an unknown write before it began": [(0, 1, "get", None, 1), (2, NEVER, "set", 1, UNKNOWN)],
    "a failed write that happened": [(0, 1, "get", None, 1)],
}


@pytest.mark.parametrize("name", GOOD)
def test_history_that_an_order_explains(name):
    assert fault(history(*GOOD[name])) is None


@pytest.mark.parametrize("name", BAD)
def test_history_that_no_order_explains(name):
    assert fault(history(*BAD[name])) is not None


def test_fault_names_the_call_and_what_the_register_might_have_held():
    found = fault(history(*BAD["a stale read"]))
    assert found.call == Call("get", None, 1, 4, 5)
    assert found.states == [(2, "v2")]


def by_every_order(calls):
    """The definition itself: is there an order of the calls, each after those that had ended before it began?"""
    for order in itertools.permutations(calls):
        state = NOTHING
        for index, call in enumerate(order):
            state = apply(state, call) if all(call.began <= late.ended for late in order[index:]) else None
            if state is None:
                break
        else:
            return True
    return False


def random_history(chance):
    """What five calls see at random moments; some say that it was a little later."""
    moments = sorted((chance.random(), number) for number in range(5))
    state, calls = NOTHING, []
    for moment, number in moments:
        verb = chance.choice(["get", "set", "set_if", "increment", "remove"])
        given = {"set": number, "set_if": (chance.choice(["", "v0", "v1"]), number), "increment": 1}.get(verb)
        answers = [state.value, f"v{number}", CONFLICT, (state.value or 0) + 1, 0, 1]
        possible = [each for each in answers if apply(state, Call(verb, given, each, 0, 0)) is not None]
        seen = moment + chance.choice([0, 0, 0.3])
        early, late = chance.random() / 4, chance.random() / 4
        calls.append(Call(verb, given, chance.choice(possible), seen - early, seen + late))
        state = apply(state, calls[-1])
    return calls


def test_verdict_is_that_of_looking_at_every_order():
    chance, verdicts = random.Random(7), set()
    for _ in range(400):
        calls = random_history(chance)
        verdict = fault(calls) is None
        assert verdict == by_every_order(calls), calls
        verdicts.add(verdict)
    assert verdicts == {True, False}


def test_long_history_is_looked_at_in_passing():
    """Six clients at once all the time; the time grows with the length, not with the number of orders."""
    calls, total = [], 0
    for turn in range(300):
        for client in range(6):
            total += 1
            calls.append(Call("increment", 1, total, turn, turn + 0.9 - client / 10))
    assert fault(calls) is None
    assert fault([*calls, Call("get", None, total - 1, 400, 401)]).call.verb == "get"


def test_too_many_unknown_outcomes_are_no_verdict(monkeypatch):
    monkeypatch.setattr(linear, "MOST", 1000)
    calls = [Call("increment", 2**number, UNKNOWN, 0, NEVER) for number in range(12)]
    with pytest.raises(RuntimeError, match="unknown"):
        fault([*calls, Call("get", None, 0, 1, 2)])
