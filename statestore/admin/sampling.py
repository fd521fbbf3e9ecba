"""A bounded look at a store: how many scopes there are, how old, and of which families.

Counting a million scopes takes a store seconds, so the look goes by jumps: some scopes of the first family, then
past the rest of it to the next one. Where nothing was jumped over the numbers are exact, else they say "more than".
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from statestore.backends.base import StateStore
from statestore.entries import ScopeInfo, to_datetime
from statestore.names import MAX_LENGTH, family

STRIDE = 500  # scopes in one step
STEPS = 10
AGES = [
    (timedelta(hours=1), _("the last hour")),
    (timedelta(days=1), _("the last day")),
    (timedelta(days=7), _("the last 7 days")),
    (timedelta(days=30), _("the last 30 days")),
    (timedelta(days=90), _("the last 90 days")),
    (timedelta(days=365), _("the last year")),
    (None, _("longer ago")),
]
_LAST = "\U0010ffff"


@dataclass(frozen=True)
class Bar:
    """A bar of a picture; ``share`` is its length in per cent of the longest."""

    label: str
    count: int
    share: float
    prefix: str | None = None


@dataclass(frozen=True)
class Sample:
    """What a look found. Not ``exact``: there is more than this."""

    infos: list[ScopeInfo]
    exact: bool
    now: datetime

    @property
    def scopes(self) -> int:
        return len(self.infos)

    @property
    def entries(self) -> int:
        return sum(info.entries for info in self.infos)

    @property
    def bytes(self) -> int:
        return sum(info.bytes for info in self.infos)

    @property
    def by_age(self) -> list[Bar]:
        """Return how many of the scopes were last used when."""
        return by_age(self.infos, self.now)

    @property
    def by_family(self) -> list[Bar]:
        """Return how many scopes each family has, the largest first."""
        counts = Counter(family(info.name) for info in self.infos)
        several = {family(info.name) for info in self.infos if ":" in info.name}
        return _bars([(name, n, f"{name}:" if name in several else name) for name, n in counts.most_common(10)])


def look(store: StateStore) -> Sample:
    """Look at a store, in at most ``STEPS`` round trips."""
    infos, after, exact, now = [], "", True, to_datetime(store.now())
    for _step in range(STEPS):
        found = list(store.scopes(after=after, limit=STRIDE))
        infos += found
        if len(found) < STRIDE:
            return Sample(infos, exact, now)
        after = found[-1].name
        if family(found[0].name) == family(after):
            after, exact = max(after, _end_of_family(after)), False
    return Sample(infos, False, now)


def families(store: StateStore, limit: int = 10) -> list[str]:
    """Return prefixes that families of this store have, by name, in at most ``limit`` round trips."""
    found: list[str] = []
    after = ""
    for _step in range(limit):
        name = next((info.name for info in store.scopes(after=after, limit=1)), None)
        if name is None:
            break
        prefix = f"{family(name)}:" if ":" in name else name
        if prefix not in found:
            found.append(prefix)
        after = max(name, _end_of_family(name) if ":" in name else name)
    return found


def by_age(infos: Iterable[ScopeInfo], now: datetime) -> list[Bar]:
    """Return how many of these scopes were last used when."""
    counts = Counter(_age(now - info.updated_at) for info in infos)
    return _bars([(str(label), counts[at], None) for at, (_limit, label) in enumerate(AGES)])


def _age(unused: timedelta) -> int:
    return next(at for at, (limit, _label) in enumerate(AGES) if limit is None or unused <= limit)


def _bars(rows: list[tuple[str, int, str | None]]) -> list[Bar]:
    longest = max((count for _label, count, _prefix in rows), default=0) or 1
    return [Bar(label, count, round(100 * count / longest, 2), prefix) for label, count, prefix in rows]


def _end_of_family(name: str) -> str:
    """Return a text after all scopes of the family of ``name``, or all but such as nobody has."""
    start = f"{family(name)}:"
    return start if len(start) >= MAX_LENGTH else start + _LAST
