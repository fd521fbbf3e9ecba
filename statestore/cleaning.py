"""What ``clean_context``, the API and the admin do: make a plan of all that is to be cleaned, then carry it out.

The plan is made whole before anything is removed: lists are read to their end and checked, stores are found.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from statestore.backends.base import StateStore
from statestore.backends.walking import BATCH
from statestore.cleanrules import Rule
from statestore.durations import back
from statestore.entries import CleanReport, to_datetime
from statestore.exceptions import InvalidScope, UsageError, kind
from statestore.handler import DEFAULT, stores
from statestore.names import check_prefix, check_scope, family

Progress = Callable[["Step", CleanReport], object]


class CleanRefused(UsageError):
    """This clean might take what is needed; nothing was removed."""


class NothingActive(CleanRefused):
    """There is no id in a list of active ids, and so everything would go; ``allow_empty`` lets it pass."""


@dataclass(frozen=True)
class Step:
    """One walk through one store: what starts with ``prefix``, and the scope that is named ``bare``, may go."""

    store: StateStore
    family: str | None
    prefix: str
    bare: str | None
    active: frozenset[str]
    idle: timedelta | None
    began: datetime

    def __str__(self) -> str:
        place = self.family if self.prefix == f"{self.family}:" else self.prefix and f"{self.prefix}…"
        return f"{self.store.alias} / {place}" if place else self.store.alias

    @property
    def idle_since(self) -> datetime:
        """What was used at this moment or later stays."""
        if not self.idle:
            return self.began + timedelta(microseconds=1)
        return back(self.began, self.idle)

    def run(self, *, dry_run: bool, batch_size: int, progress: Progress | None) -> CleanReport:
        """Clean, and return the report; ``progress`` is called with the report so far after every batch."""
        told = progress and partial(progress, self)
        report = self._clean(dry_run=dry_run, progress=told, batch_size=batch_size)
        return add_up([report, self._clean_bare(dry_run=dry_run)], dry_run=dry_run)

    def run_part(self, after: str, *, size: int, dry_run: bool) -> tuple[CleanReport, str | None]:
        """Clean the next ``size`` scopes after ``after``; return the report and where to go on (None: all done)."""
        names = [info.name for info in self.store.scopes(self.prefix, after=after, limit=size)]
        last = names[-1] if len(names) == size else None
        report = self._clean(after=after, upto=last, dry_run=dry_run, batch_size=size)
        bare = CleanReport() if last else self._clean_bare(dry_run=dry_run)
        return add_up([report, bare], dry_run=dry_run), last

    def _clean(self, **how: Any) -> CleanReport:
        return self.store.clean(self.active, prefix=self.prefix, idle_since=self.idle_since, **how)

    def _clean_bare(self, *, dry_run: bool) -> CleanReport:
        """Clean the family's bare name, which no prefix finds without finding the neighbours."""
        if self.bare is None:
            return CleanReport()
        how: dict[str, Any] = {"idle_since": self.idle_since, "dry_run": dry_run, "batch_size": 1}
        return self.store.clean(self.active, prefix=self.bare, upto=self.bare, **how)


def plan(
    rules: Iterable[Rule], *, only: Iterable[str] = (), prefix: str = "", allow_empty: bool = False
) -> list[Step]:
    """Return the steps that these rules come to, with every list of active ids read and checked.

    ``only`` confines them to the stores with these aliases, ``prefix`` to the scopes whose names start with it.
    A rule that names no store is for those of ``only``, else for the default store. Raises ``CleanRefused`` when a
    list can't be had, or is empty and that is not allowed, and ``UnknownStore``.
    """
    check_prefix(prefix)
    wanted = _stores(only)
    return [step for rule in rules for step in _steps(rule, wanted, prefix, allow_empty=allow_empty)]


def concerns(rule: Rule, alias: str) -> bool:
    """Say whether a rule has anything to say of the store with this alias."""
    return not rule.stores or stores[alias] in _stores(rule.stores)


def run(
    steps: Iterable[Step], *, dry_run: bool = False, batch_size: int = BATCH, progress: Progress | None = None
) -> Iterator[tuple[Step, CleanReport]]:
    """Carry the steps out one by one, yielding each with its report when it is done."""
    for step in steps:
        yield step, step.run(dry_run=dry_run, batch_size=batch_size, progress=progress)


def add_up(reports: Iterable[CleanReport], *, dry_run: bool) -> CleanReport:
    """Return the sum of several reports."""
    found = list(reports)
    return CleanReport(
        examined=sum(one.examined for one in found),
        removed=sum(one.removed for one in found),
        kept=sum(one.kept for one in found),
        entries=sum(one.entries for one in found),
        dry_run=dry_run,
    )


def _stores(aliases: Iterable[str]) -> list[StateStore]:
    return list(dict.fromkeys(stores[alias] for alias in aliases))


def _steps(rule: Rule, wanted: list[StateStore], prefix: str, *, allow_empty: bool) -> Iterator[Step]:
    own = _stores(rule.stores)
    targets = [one for one in wanted if one in own] if wanted and own else wanted or own or [stores[DEFAULT]]
    start, bare = _place(rule.family, prefix)
    if start is None or not targets:
        return
    # The moments first: what is written while the lists are being read is not in them, and must stay.
    began = [to_datetime(store.now()) for store in targets]
    active = frozenset() if rule.active is None else _active(rule, allow_empty=allow_empty)
    for store, moment in zip(targets, began, strict=True):
        yield Step(store, rule.family, start, bare, active, rule.idle, moment)


def _place(name: str | None, prefix: str) -> tuple[str | None, str | None]:
    """Return the prefix of a family within ``prefix`` (None: they have nothing in common), and its bare name."""
    if name is None:
        return prefix, None
    if prefix.startswith(f"{name}:"):
        return prefix, None
    bare = name if name.startswith(prefix) else None
    return (f"{name}:" if bare else None), bare


def _active(rule: Rule, *, allow_empty: bool) -> frozenset[str]:
    whose = f"The list of active ids of {rule.family!r}" if rule.family else "The list of active ids"
    try:
        found = frozenset(map(check_scope, _listed(rule)))
    except UsageError as error:
        raise CleanRefused(f"{whose} is wrong: {error} Nothing was removed.") from error
    except Exception as error:
        raise CleanRefused(
            f"{whose} can't be had ({type(error).__name__}: {error}). Nothing was removed."
        ) from error
    if not allow_empty and not any(rule.family in (None, family(name)) for name in found):
        what = "is empty" if not found else f"has no id that starts with '{rule.family}:'"
        raise NothingActive(f"{whose} {what}. Nothing was removed.")
    return found


def _listed(rule: Rule) -> Iterable[str]:
    found = rule.active() if rule.active else ()
    if isinstance(found, str | bytes) or not isinstance(found, Iterable):
        raise InvalidScope(f"it is {kind(found)}, not a list of names.")
    return found
