"""Scopes that come alive while somebody cleans: they must be there afterwards, and all others gone.

The control cleans as a hurried hand would: it makes a list, then deletes what is on it.
"""

import time

from tests.prove.site import run_together

PREFIX = "revive:"
EACH = 3  # one of so many comes alive


def clean(store, began):
    store.clock = lambda: began  # however late this process starts, nobody has written before
    store.clean([], prefix=PREFIX, batch_size=10)


def clean_by_hand(store, _):
    names = [info.name for info in store.scopes(PREFIX)]
    deadline = time.monotonic() + 60
    while store.get(names[0], "old") != "again" and time.monotonic() < deadline:
        time.sleep(0.001)  # until somebody is at work, or the control would prove nothing
    for name in names:
        store.delete(name)


def work(number, store, way, scopes, began):
    """Clean, or bring scopes back to life."""
    if number == 0:
        way(store, began)
        return
    for index in range(0, scopes, EACH):
        store.set(f"{PREFIX}{index:05}", "old", "again")


def lost(store, scopes, way=clean):
    """Return how many of the revived scopes are missing or without their value, and how many others are left."""
    for index in range(scopes):
        store.set_many(f"{PREFIX}{index:05}", {"old": "before", **({"other": 1} if index % 2 else {})})
    run_together(2, work, store, way, scopes, time.time())
    revived = [f"{PREFIX}{index:05}" for index in range(0, scopes, EACH)]
    gone = sum(store.get(name, "old") != "again" for name in revived)
    left = {info.name for info in store.scopes(PREFIX)} - set(revived)
    store.clean([], prefix=PREFIX)
    return gone, len(left)
