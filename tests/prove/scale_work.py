"""What is measured among many scopes: each piece makes its first calls, yields, measures, yields its seconds."""

import statistics

from tests.prove.apart import timed

PREFIX = "scale:"
ACTIVE = 10  # one of so many stays
PAGE = 100
REPEATED = 20


def name(number):
    """Return the name of a scope, as ``load.scopes`` gives it."""
    return f"{PREFIX}{int(number):07}"


def works(size):
    """Yield what there is to do: its title, the function and its arguments after the store's alias."""
    yield "scopes(limit=100), first", pages, ""
    yield "scopes(limit=100), middle", pages, name(size // 2)
    yield "scopes(limit=100), last", pages, name(size - PAGE - 1)
    yield "keys", keys, name(size // 2)
    yield "get", get, name(size // 2)
    yield "set", put, name(size // 2)
    yield "delete", delete, size // 2
    yield "clean, per scope", clean, size


def warmed(alias):
    from statestore import stores

    store = stores[alias]
    store.info(name(1))
    store.get(name(1), "key-0")
    return store


def repeated(call):
    return statistics.median(timed(lambda n=n: call(n)) for n in range(REPEATED))


def pages(alias, after):
    store = warmed(alias)
    yield
    yield repeated(lambda _: list(store.scopes(PREFIX, after=after, limit=PAGE)))


def keys(alias, scope):
    store = warmed(alias)
    yield
    yield repeated(lambda _: store.keys(scope))


def get(alias, scope):
    store = warmed(alias)
    yield
    yield repeated(lambda _: store.get(scope, "key-0"))


def put(alias, scope):
    store = warmed(alias)
    store.set(scope, "key-0", 0)
    yield
    yield repeated(lambda n: store.set(scope, "key-0", n))


def delete(alias, first):
    """Delete some scopes that are not among the active ones, so that the clean will find the same as ever."""
    store = warmed(alias)
    victims = [name(first + n) for n in range(REPEATED * 2) if (first + n) % ACTIVE]
    yield
    yield repeated(lambda n: store.delete(victims[n]))


def clean(alias, size):
    store = warmed(alias)
    active = [name(n) for n in range(0, size, ACTIVE)][1:]
    yield
    yield timed(lambda: store.clean(active, prefix=PREFIX)) / size
