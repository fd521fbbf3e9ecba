"""What one client of a register history does: calls at random, and notes of what it gave and got."""

import pickle
import random
import time
from typing import NamedTuple

from tests.prove.linear import CONFLICT, NEVER, UNKNOWN, Call

KEYS = 3  # at a time
SLICE = 0.5  # seconds, after which the keys are others: what is unknown is carried on within one key only
VERBS = {"get": 3, "entry": 3, "set": 2, "set_if": 4, "increment": 3, "remove": 1}
SCOPE = "register"


class Noted(NamedTuple):
    """A call of one client, to one key; a failed one has no answer."""

    key: str
    call: Call
    failed: bool = False


def get(store, key, _):
    return store.get(SCOPE, key)


def entry(store, key, _):
    found = store.entry(SCOPE, key)
    return found and (found.value, found.version)


def put(store, key, value):
    return store.set(SCOPE, key, value)


def put_if(store, key, given):
    from statestore import ABSENT, VersionConflict

    version, value = given
    try:
        return store.set(SCOPE, key, value, if_version=version or ABSENT)
    except VersionConflict:
        return CONFLICT


def increment(store, key, by):
    return store.increment(SCOPE, key, by)


def remove(store, key, _):
    return store.remove(SCOPE, key)


WAYS = {"get": get, "entry": entry, "set": put, "set_if": put_if, "increment": increment, "remove": remove}


class Stale:
    """A control: a cache in front of a store that nobody told of the others' writes."""

    def __init__(self, store):
        self._store, self._copies = store, {}

    def __getattr__(self, name):
        return getattr(self._store, name)

    def get(self, scope, key):
        if key not in self._copies or random.random() < 0.5:
            self._copies[key] = self._store.get(scope, key)
        return self._copies[key]


class Losing:
    """A control: counts as a hurried hand would."""

    def __init__(self, store):
        self._store = store

    def __getattr__(self, name):
        return getattr(self._store, name)

    def increment(self, scope, key, by):
        total = self._store.get(scope, key, 0) + by
        self._store.set(scope, key, total)
        return total


def set_wrong(store, skew):
    """Let the clock of this process, by which a store goes, be wrong, and jump now and then."""
    offsets = [random.uniform(-skew, skew) for _ in range(60)]
    parts = [store.siblings[store.options[role]] for role in ("durable", "fast")] if store.composite else []
    for one in (store, *parts):
        one.clock = lambda: time.time() + offsets[int(time.monotonic() / SLICE) % len(offsets)]


def write(store, client, began, seconds, path, skew):
    """Be one client: call at random until the time is over, then leave what was noted at ``path``."""
    if skew:
        set_wrong(store, skew)
    notes, seen, number = [], {}, 0
    while (passed := time.monotonic() - began) < seconds:
        number += 1
        key = f"{int(passed / SLICE)}-{random.randrange(KEYS)}"
        verb = random.choices(list(VERBS), VERBS.values())[0]
        value = (client + 1) * 10**12 + number * 10**4  # nobody else's, nor a sum of increments
        given = {"set": value, "set_if": (seen.get(key, ""), value), "increment": 1}.get(verb)
        noted = note(store, key, verb, given)
        notes.append(noted)
        remember(seen, noted)
    path.write_bytes(pickle.dumps(notes))


def note(store, key, verb, given):
    from statestore import StoreError, StoreTimeout

    began = time.monotonic()
    try:
        answer = WAYS[verb](store, key, given)
    except StoreTimeout:
        return Noted(key, Call(verb, given, UNKNOWN, began, NEVER))
    except StoreError:
        time.sleep(0.02)  # a server that is down needs nobody to hurry
        return Noted(key, Call(verb, given, None, began, time.monotonic()), failed=True)
    return Noted(key, Call(verb, given, answer, began, time.monotonic()))


def remember(seen, noted):
    """Keep the version that a client was told last, for its conditional writes."""
    _, (verb, _, answer, *_), failed = noted
    if failed or answer is UNKNOWN:
        return
    if verb == "entry":
        seen[noted.key] = answer[1] if answer else ""
    elif verb in {"set", "set_if"} and answer is not CONFLICT:
        seen[noted.key] = answer
    elif verb == "remove":
        seen[noted.key] = ""
