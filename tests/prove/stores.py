"""The stores of a proof by name: those of the test settings that all processes share, and the cluster."""

from contextlib import contextmanager

from tests.servers import addresses

SEVEN = ("default", "postgres", "mariadb", "redis", "valkey", "cluster", "layered-servers")


def known():
    """Return the names of the seven that are here."""
    from statestore import stores

    return [name for name in SEVEN if name in stores or name in addresses()]


@contextmanager
def named(name):
    """Yield the store; that on the cluster has settings of its own."""
    from statestore import stores
    from tests.backends.redis_kit import clean_store_on

    if name in stores:
        yield stores[name]
    else:
        with clean_store_on(name) as store:
            yield store
