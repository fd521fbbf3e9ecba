"""Is a history of one key linearizable? Lowe's just-in-time search: breadth first, each configuration once.

A history is what several clients saw of one register: each call with its answer, the moment before and the moment
after it. It is linearizable if every call can be given a moment in between at which it took effect, so that all
answers are those of a dict. A call whose outcome is unknown may take effect at any moment after it began, or never.
"""

from collections.abc import Iterable
from enum import Enum
from typing import Any, NamedTuple

NEVER = float("inf")
MOST = 200_000  # configurations at once; beyond that too many outcomes are unknown to say anything


class Answer(Enum):
    """What is no answer of a store's verb."""

    CONFLICT = "the version did not fit"
    UNKNOWN = "nobody knows whether it happened"


CONFLICT, UNKNOWN = Answer.CONFLICT, Answer.UNKNOWN


class Call(NamedTuple):
    """What a client did and saw. ``ended`` is ``NEVER`` where the outcome is unknown."""

    verb: str
    given: Any
    answer: Any
    began: float
    ended: float


class State(NamedTuple):
    """The register: its value and its version; "" is the version of nothing, None one that nobody was told."""

    value: int | None = None
    version: str | None = ""


NOTHING = State()


class Fault(NamedTuple):
    """The first call that nothing explains, and what the register might have held then."""

    call: Call
    states: list[State]


def fault(calls: Iterable[Call]) -> Fault | None:
    """Return the first call that no order of the calls explains; None when the history is linearizable."""
    history = list(calls)
    pending: set[int] = set()
    configurations = {(NOTHING, frozenset[int]())}  # what it holds, and which of the pending calls have made it so
    for _, is_end, number in _events(history):
        if not is_end:
            pending.add(number)
            continue
        explained = _returned(history, configurations, pending, number)
        if not explained:
            return Fault(history[number], sorted({state for state, _ in configurations}, key=repr))
        configurations = explained
        pending.remove(number)
    return None


def _events(history: list[Call]) -> list[tuple[float, bool, int]]:
    """Beginnings and ends in the order of time; of one moment the beginnings come first."""
    begins = [(call.began, False, number) for number, call in enumerate(history)]
    return sorted(begins + [(call.ended, True, n) for n, call in enumerate(history) if call.ended != NEVER])


def _returned(
    history: list[Call], configurations: set[Any], pending: set[int], number: int
) -> set[tuple[State, frozenset[int]]]:
    """Return the configurations in which the call that has just returned took effect."""
    found, seen, waiting = set(), set(configurations), list(configurations)
    while waiting:
        state, done = waiting.pop()
        if number in done:
            found.add((state, done - {number}))
            continue
        for other in pending - done:
            after = apply(state, history[other])
            if after is None or (after == state and history[other].answer is UNKNOWN):
                continue  # it can't have been now; or it need not have been at all
            configuration = after, done | {other}
            if configuration not in seen:
                seen.add(configuration)
                waiting.append(configuration)
    if len(seen) > MOST:
        raise RuntimeError(f"{len(seen):,} configurations: too many outcomes of one key are unknown")
    return found


def apply(state: State, call: Call) -> State | None:
    """Return what the register holds after this call; None if its answer could not have been this one."""
    return VERBS[call.verb](state, call.given, call.answer)


def _get(state: State, _: Any, answer: Any) -> State | None:
    return state if answer == state.value else None


def _entry(state: State, _: Any, answer: Any) -> State | None:
    """A reader may be the first who is told a version."""
    value, version = answer or NOTHING
    fits = value == state.value and (version == state.version or state.version is None)
    return State(value, version) if fits else None


def _set(_: State, value: Any, answer: Any) -> State:
    return State(value, None if answer is UNKNOWN else answer)


def _set_if(state: State, given: Any, answer: Any) -> State | None:
    expected, value = given
    if state.version == expected:
        return None if answer is CONFLICT else _set(state, value, answer)
    return state if answer in {CONFLICT, UNKNOWN} else None


def _increment(state: State, by: Any, answer: Any) -> State | None:
    total = (state.value or 0) + by
    return State(total, None) if answer in {total, UNKNOWN} else None


def _remove(state: State, _: Any, answer: Any) -> State | None:
    return NOTHING if answer in {int(state != NOTHING), UNKNOWN} else None


VERBS = {"get": _get, "entry": _entry, "set": _set, "set_if": _set_if, "increment": _increment, "remove": _remove}
