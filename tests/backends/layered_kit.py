"""Layered stores for the tests of this folder, and a fast store that fails."""

from contextlib import contextmanager

from statestore.handler import StoreHandler
from tests.backends.redis_kit import BACKEND
from tests.servers.process import eventually

TRUST = 0.05
SCOPE = "user:1"
PATIENCE = 5.0  # seconds that a fast store may take to answer, on a busy machine


class Down:
    """Makes every hook of a fast store fail, as a server that is down does."""

    def __init__(self, store, monkeypatch):
        self.store, self.patch = store, monkeypatch

    def __enter__(self):
        self.down = self.patch.context()
        patch = self.down.__enter__()
        for hook in ("_read", "_read_one", "_write", "_remove", "_delete", "_stamps", "_sweep", "_in_turn"):
            patch.setattr(self.store, hook, fail)

    def __exit__(self, *exception):
        self.down.__exit__(*exception)


def fail(*args):
    raise ConnectionError("down")


def stores_of(back=None, front=None, **options):
    """The setting for a layered store, on SQLite and memory where nothing else is said."""
    return {
        "STORES": {
            "back": back or {"BACKEND": "statestore.backends.ModelStore"},
            "front": front or {"BACKEND": "statestore.backends.MemoryStore"},
            "layered": {
                "BACKEND": "statestore.backends.LayeredStore",
                "OPTIONS": {"durable": "back", "fast": "front", "trust": TRUST, **options},
            },
        }
    }


def another_process(store):
    """The same store as another process has it: its own idea of the epoch and of what is down."""
    other = StoreHandler()["layered"]
    other.siblings = store.siblings
    other.open()
    return other


def rested(store):
    """Let the time pass for which a fast store that failed is left alone, and a suspended epoch too."""
    store._front._retry_at = 0
    store._healing.due_at = 0
    store._epoch._believed = store._epoch._believed._replace(until=0.0)


@contextmanager
def counted(store, monkeypatch):
    """Note the calls that a layered store makes to its fast one: the hooks of each."""
    trips, reach = [], store._front._reach

    def note(way, hook, args):
        trips.append(hook.__name__ if hook.__name__ != "_in_turn" else [name for name, _ in args[0]])
        return reach(way, hook, args)

    with monkeypatch.context() as patch:
        patch.setattr(store._front, "_reach", note)
        yield trips


@contextmanager
def layered_on(settings, port, **options):
    """A layered store, and a way to get the same store as another process has it."""
    location = f"redis://127.0.0.1:{port}/0"
    settings.CACHES = {"default": {"BACKEND": BACKEND, "LOCATION": location, "OPTIONS": options}}
    fast = {"BACKEND": "statestore.backends.CacheStore", "OPTIONS": {"timeout": PATIENCE}}
    settings.STATESTORE = stores_of(front=fast)
    handler = StoreHandler()
    others = [handler["layered"]]
    handler["layered"].open()

    def another():
        others.append(another_process(handler["layered"]))
        return others[-1]

    yield handler["layered"], another
    for each in others:
        each.close()
    handler.close_all()


def is_hit(store, monkeypatch):
    """Is this read answered by the fast store?"""
    asked = []
    with monkeypatch.context() as patch:
        patch.setattr(store, "ask_behind", lambda: asked.append(1))
        store.get(SCOPE, "a")
    return not asked


def until_it_serves_again(stores, monkeypatch):
    """Read until each has it from the fast store; nothing old is read on the way."""
    read = set()

    def serve():
        for store in stores:
            rested(store)
            read.add(store.get(SCOPE, "a"))
        hits = [is_hit(store, monkeypatch) for store in stores]
        return all(hits)

    eventually(serve)
    assert read == {"new"}


def copied(store, value, monkeypatch):
    store.set(SCOPE, "a", value)
    assert store.get(SCOPE, "a") == value
    eventually(lambda: is_hit(store, monkeypatch))  # who stands still for long has lost the right to leave a copy
