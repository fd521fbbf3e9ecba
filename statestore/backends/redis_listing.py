"""The names of a store's scopes, from an index with a part for each bucket, read side by side and merged."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain
from math import sqrt

from statestore.backends.redis_connections import Command
from statestore.backends.redis_layout import BUCKETS, Layout, Place, moment_text, name_range
from statestore.backends.redis_link import Link
from statestore.backends.redis_scripts import Script

MOST = 50  # scopes that one run of a script looks at, so that it does not hold the server up


def read_names(
    link: Link, layout: Layout, prefix: str, after: str, last: str | None, limit: int
) -> tuple[list[str], str | None]:
    """Return up to ``limit`` names of a range, and the name up to which all was looked at (None: to its end).

    One round trip. When one bucket has far more than its share, fewer names come than there are.
    """
    start, stop = name_range(prefix, after, last)
    share = _share(limit)
    parts = link.run(
        [(b"ZRANGEBYLEX", index, start, stop, b"LIMIT", b"0", b"%d" % share) for index in layout.indexes]
    )
    cut = [part[-1] for part in parts if len(part) == share]
    names = sorted(chain.from_iterable(parts))
    names = names[: bisect_right(names, min(cut))] if cut else names
    if len(names) > limit:
        return [name.decode() for name in names[:limit]], names[limit - 1].decode()
    return [name.decode() for name in names], min(cut).decode() if cut else None


def _share(limit: int) -> int:
    """Return how many of the first ``limit`` names one bucket has at the most, but for rare bad luck."""
    mean = limit / BUCKETS
    return min(limit, int(mean + 4 * sqrt(mean)) + 5)


def by_bucket(layout: Layout, scopes: Iterable[str]) -> Iterator[list[Place]]:
    """Yield where the scopes lie, those of one bucket together, as many as one script may look at."""
    found = defaultdict(list)
    for scope in scopes:
        place = layout.place(scope)
        found[place.index].append(place)
    for places in found.values():
        for first in range(0, len(places), MOST):
            yield places[first : first + MOST]


def for_bucket(script: Script, places: list[Place], now: int, *more: bytes) -> Command:
    """Return the command that runs a script on several scopes of one bucket."""
    keys, names = [place.key for place in places], [place.name for place in places]
    return script.call((places[0].index, *keys), moment_text(now), *names, *more)
