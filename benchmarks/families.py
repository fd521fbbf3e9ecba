"""The families: contenders that do the same work with the same server. The first is what all are compared with."""

from importlib import import_module

FAMILIES = {
    "memory": "benchmarks.contenders.memory",
    "sqlite": "benchmarks.contenders.sqlite",
    "postgresql": "benchmarks.contenders.postgresql",
    "redis": "benchmarks.contenders.redis",
    "layered": "benchmarks.contenders.layered",
}


def peers(family):
    """Return the names of those that others offer: neither ours nor a driver's calls written by hand."""
    return {one.name for one in import_module(FAMILIES[family]).CONTENDERS if one.is_peer}


def contenders(family, only=None):
    """Return the contenders of a family, opened; the first, which all are compared with, is always among them."""
    first, *others = import_module(FAMILIES[family]).CONTENDERS
    wanted = [one for one in others if not only or any(part in one.name for part in only)]
    return [one().open() for one in (first, *wanted) if one.is_here()]
