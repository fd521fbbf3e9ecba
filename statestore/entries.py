"""The nouns: what a store keeps, what it answers. Frozen values, no framework.

Inside, a moment is an integer: microseconds since 1970-01-01 UTC. Outside it is an aware ``datetime``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_datetime(moment: int) -> datetime:
    """Return microseconds since the epoch as an aware datetime in UTC."""
    return _EPOCH + moment * _MICROSECOND


def to_moment(when: datetime) -> int:
    """Return an aware datetime as microseconds since the epoch."""
    return (when - _EPOCH) // _MICROSECOND


class Sentinel:
    """A value of its own that no caller's value equals."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name

    def __copy__(self) -> "Sentinel":
        return self

    def __deepcopy__(self, memo: object) -> "Sentinel":
        return self

    def __reduce__(self) -> str:
        return self._name  # the one of this module, also in another process


ABSENT = Sentinel("ABSENT")
"""As ``if_version``: only create."""
STORE_TTL = Sentinel("STORE_TTL")
"""As ``ttl``: what the store's own ``TTL`` says."""
KEEP_TTL = Sentinel("KEEP_TTL")
"""As ``ttl``: leave the entry's expiry as it is; a new entry takes the store's."""


@dataclass(frozen=True, slots=True)
class Until:
    """As ``ttl``: the moment of expiry itself, in microseconds since the epoch, for what had one elsewhere."""

    moment: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A value with its version and dates."""

    value: Any
    version: str
    updated_at: datetime
    expires_at: datetime | None = None


def _is_live(self: "Stamp | Record", now: int) -> bool:
    """Say whether this has not expired. The one place that knows."""
    return self.expires_at is None or now < self.expires_at


class Stamp(NamedTuple):
    """What all entries written by one call share."""

    version: str
    updated_at: int
    expires_at: int | None

    def is_live(self, now: int) -> bool:
        """Say whether this has not expired."""
        return _is_live(self, now)


class Record(NamedTuple):
    """An entry as a backend keeps it: canonical JSON text in UTF-8, and its stamp."""

    text: bytes
    version: str
    updated_at: int
    expires_at: int | None

    def is_live(self, now: int) -> bool:
        """Say whether this has not expired."""
        return _is_live(self, now)


class Changed(NamedTuple):
    """What a change did: the value, its version (None when nothing was written), whether there was none before."""

    value: Any
    version: str | None
    created: bool


@dataclass(frozen=True, slots=True)
class ScopeInfo:
    """A scope in a listing: its name, number of entries, bytes of JSON text and last use."""

    name: str
    entries: int
    bytes: int
    updated_at: datetime


class Page(NamedTuple):
    """One step of a listing: what was found, and the name up to which all was looked at (None: to the end)."""

    infos: list[ScopeInfo]
    last: str | None

    def up_to(self, end: str | None) -> "Page":
        """Return this step, but nothing that comes after ``end``."""
        if end is None or (self.last is not None and self.last < end):
            return self
        return Page([info for info in self.infos if info.name <= end], None)

    def idle(self, unused_since: int) -> dict[str, int]:
        """Return the number of entries of each scope that was not used after that moment."""
        return {info.name: info.entries for info in self.infos if to_moment(info.updated_at) <= unused_since}


class Cleaned(NamedTuple):
    """One step of a clean: how many scopes there were, the entries of each that went, and ``last`` as in a page."""

    examined: int
    gone: Mapping[str, int]
    last: str | None


@dataclass(frozen=True, slots=True)
class CleanReport:
    """What a clean did: scopes examined = removed + kept; ``entries`` went with the removed ones."""

    examined: int = 0
    removed: int = 0
    kept: int = 0
    entries: int = 0
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Health:
    """How a store is: ``latency`` in seconds; ``threats`` are sentences about what endangers its promises."""

    alias: str
    backend: str
    reachable: bool
    latency: float
    server: str = ""
    version: str = ""
    threats: list[str] = field(default_factory=list)
    error: str = ""


def summary(name: str, records: Iterable[Record], touched: int | None, now: int) -> ScopeInfo | None:
    """Return what a listing says of a scope, counting only live records; None when there is none."""
    live = [record for record in records if record.is_live(now)]
    if not live:
        return None
    used = max(record.updated_at for record in live)
    return ScopeInfo(name, len(live), sum(len(r.text) for r in live), to_datetime(max(used, touched or used)))
