"""The names of a store's scopes, from an index with a part for each bucket; and scripts that go through many."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from math import sqrt
from typing import NamedTuple

from statestore.backends.redis_connections import Command
from statestore.backends.redis_layout import BUCKETS, Layout, bucket_of, moment_text, name_range
from statestore.backends.redis_link import Link
from statestore.backends.redis_scripts import Script
from statestore.entries import ScopeInfo, to_datetime

MOST = 100  # scopes that one run of a script looks at, so that it does not hold the server up

Parts = Sequence[Sequence[bytes]]
"""Names by the number of their bucket."""


class Run(NamedTuple):
    """A run of a script on some scopes of one bucket."""

    names: Sequence[bytes]
    command: Command


def read_names(
    link: Link, layout: Layout, prefix: str, after: str, last: str | None, limit: int
) -> tuple[Parts, str | None]:
    """Return up to ``limit`` names of a range, and the name up to which all was looked at (None: to its end).

    One round trip. When one bucket has far more than its share, fewer names come than there are.
    """
    start, stop = name_range(prefix, after, last)
    share = _share(limit)
    parts = link.run(
        [(b"ZRANGEBYLEX", index, start, stop, b"LIMIT", b"0", b"%d" % share) for index in layout.indexes]
    )
    ends = [part[-1] for part in parts if len(part) == share]
    if sum(map(len, parts)) > limit:
        ends.append(sorted(chain.from_iterable(parts))[limit - 1])
    if not ends:
        return parts, None
    end = min(ends)
    return [part[: bisect_right(part, end)] for part in parts], end.decode()


def _share(limit: int) -> int:
    """Return how many of the first ``limit`` names one bucket has at the most, but for rare bad luck."""
    mean = limit / BUCKETS
    return min(limit, int(mean + 4 * sqrt(mean)) + 5)


def by_bucket(scopes: Iterable[str]) -> Parts:
    """Return the names of scopes by bucket."""
    parts: list[list[bytes]] = [[] for _ in range(BUCKETS)]
    for scope in scopes:
        name = scope.encode()
        parts[bucket_of(name)].append(name)
    return parts


def runs(layout: Layout, parts: Parts, script: Script, now: int, *more: bytes) -> Iterator[Run]:
    """Yield the runs of a script on these scopes."""
    for index, part in zip(layout.indexes, parts, strict=True):
        for first in range(0, len(part), MOST):
            names = part[first : first + MOST]
            keys = [b"%b:%b" % (index, name) for name in names]
            yield Run(names, script.call((index, *keys), moment_text(now), *more))


def said_by(link: Link, runs: Iterable[Run], *, writing: bool = False) -> dict[str, bytes]:
    """Carry out the runs, in one round trip, and return what is said of each scope."""
    done = list(runs)
    replies = link.run([run.command for run in done], writing=writing) if done else []
    names = chain.from_iterable(run.names for run in done)
    return dict(zip(map(bytes.decode, names), b" ".join(replies).split(), strict=True))


def info(name: str, said: bytes) -> ScopeInfo | None:
    """Return what a listing shows of a scope, None if nothing in it lives."""
    entries, size, used = map(int, said.split(b","))
    return ScopeInfo(name, entries, size, to_datetime(used)) if entries else None
