"""The names of a store's scopes, from an index with a part for each bucket, read side by side and merged."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain
from math import sqrt

from statestore.backends.redis_connections import Command
from statestore.backends.redis_layout import BUCKETS, Layout, bucket_of, moment_text, name_range
from statestore.backends.redis_link import Link
from statestore.backends.redis_scripts import Script
from statestore.entries import ScopeInfo, to_datetime

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


def run_on(
    link: Link, layout: Layout, scopes: Iterable[str], script: Script, now: int, *more: bytes, writing: bool = False
) -> dict[str, bytes]:
    """Run a script on scopes, those of one bucket together; return what is said of each."""
    batches = list(_by_bucket(scopes))
    commands = [_on_bucket(script, layout.indexes[bucket], names, now, more) for bucket, names in batches]
    answers = [reply.split() for reply in link.run(commands, writing=writing)] if commands else []
    names = chain.from_iterable(names for _, names in batches)
    return dict(zip(map(bytes.decode, names), chain.from_iterable(answers), strict=True))


def info(name: str, said: bytes) -> tuple[ScopeInfo | None, bool]:
    """Return what a listing shows of a scope, None if nothing in it lives; and whether something has expired."""
    entries, size, used, expired = map(int, said.split(b","))
    return ScopeInfo(name, entries, size, to_datetime(used)) if entries else None, expired > 0


def _by_bucket(scopes: Iterable[str]) -> Iterator[tuple[int, list[bytes]]]:
    """Yield buckets and names in them, as many as one script may look at."""
    found: dict[int, list[bytes]] = defaultdict(list)
    for scope in scopes:
        name = scope.encode()
        found[bucket_of(name)].append(name)
    for bucket, names in found.items():
        for first in range(0, len(names), MOST):
            yield bucket, names[first : first + MOST]


def _on_bucket(script: Script, index: bytes, names: list[bytes], now: int, more: tuple[bytes, ...]) -> Command:
    keys = [b"%b:%b" % (index, name) for name in names]
    return script.call((index, *keys), moment_text(now), *names, *more)
