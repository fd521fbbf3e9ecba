"""The verbs that go through the scopes: listing and cleaning."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from itertools import chain

from statestore import signals
from statestore.backends.core import Core
from statestore.backends.hooks import Others
from statestore.backends.rules import check_callable, check_moment, several
from statestore.entries import Cleaned, CleanReport, ScopeInfo, to_moment
from statestore.exceptions import InvalidScope, InvalidValue, shown
from statestore.names import Active, check_prefix, check_scope, prefix_end

PAGE = 1000  # scopes listed in one step
FIRST = 250  # scopes cleaned in the first step; each one after it takes twice as many, so that progress shows soon
BATCH = 2000  # up to this: with 1,000 the way there and back takes a fifth of the time, more gain nothing


class Walking(Core):
    """Lists scopes page by page, and cleans them the same way."""

    def scopes(
        self,
        prefix: str = "",
        *,
        after: str = "",
        limit: int | None = None,
        idle_since: datetime | None = None,
    ) -> Iterator[ScopeInfo]:
        """Iterate over the scopes whose names start with ``prefix`` and come after ``after``, by name.

        At most ``limit``; with ``idle_since`` only those not used since.
        """
        return chain.from_iterable(self._pages(prefix, after=after, limit=limit, idle_since=idle_since))

    def info(self, scope: str) -> ScopeInfo | None:
        """Return what a listing says of one scope, or None when there is no such scope."""
        found = self._ask(self._scan, check_scope(scope), "", 1, None, self.now()).infos
        return found[0] if found and found[0].name == scope else None

    def clean(
        self,
        active: Collection[str],
        *,
        prefix: str = "",
        idle_since: datetime | None = None,
        dry_run: bool = False,
        progress: Callable[[CleanReport], object] | None = None,
        batch_size: int = BATCH,
        after: str = "",
        upto: str | None = None,
    ) -> CleanReport:
        """Remove the scopes that start with ``prefix`` and are not active, and sweep out what has expired.

        With ``idle_since`` only those not used since. A scope written to or touched after the clean began stays,
        and so does ``global``. ``dry_run`` changes nothing; ``progress`` is called with the report so far after
        every batch, of at most ``batch_size`` scopes. ``after`` and ``upto`` are for a clean in parts: it looks at
        the names between, and at the last of them.
        """
        self._permit("CLEAN", "clean")
        clock, cutoff = _Backwards(self.now), self.now()  # before the ids are read: who comes alive meanwhile stays
        check_prefix(prefix)
        check_prefix(after)
        upto = None if upto is None else _within(prefix, check_prefix(upto))
        others = Active(map(check_scope, several(active, InvalidScope))).others
        if type(batch_size) is not int or batch_size < 1:
            raise InvalidValue("batch_size is a whole number above 0.")
        if idle_since is not None:
            cutoff = min(cutoff, check_moment(idle_since) - 1)
        if progress is not None:
            check_callable("clean", progress)
        report = CleanReport(dry_run=dry_run)
        step = self._look_at_batch if dry_run else self._clean_batch
        last: str | None = after
        size = min(FIRST, batch_size)
        while last is not None and last != upto:
            cutoff -= clock.went()  # what is written from now on is of a moment so much earlier
            examined, gone, last = step(prefix, last, upto, size, others, cutoff)
            size = min(2 * size, batch_size)
            report = _add(report, examined, gone)
            if progress:
                progress(report)
        return report

    def _pages(
        self,
        prefix: str = "",
        *,
        after: str = "",
        limit: int | None = None,
        idle_since: datetime | None = None,
    ) -> Iterator[list[ScopeInfo]]:
        check_prefix(prefix)
        check_prefix(after)
        if limit is not None and (type(limit) is not int or limit < 0):
            raise InvalidValue(f"A limit is a whole number, or None, not {shown(limit)}.")
        return self._walk(prefix, after, limit, None if idle_since is None else check_moment(idle_since))

    def _walk(
        self, prefix: str, after: str, limit: int | None, idle_since: int | None
    ) -> Iterator[list[ScopeInfo]]:
        last: str | None = after
        while last is not None and limit != 0:
            size = PAGE if limit is None else min(limit, PAGE)
            infos, last = self._ask(self._scan, prefix, last, size, idle_since, self.now())
            if idle_since is not None:
                infos = [info for info in infos if to_moment(info.updated_at) < idle_since]
            limit = limit if limit is None else limit - len(infos)
            yield infos

    def _clean_batch(
        self, prefix: str, after: str, upto: str | None, limit: int, others: Others, unused_since: int
    ) -> Cleaned:
        step = self._tell(self._clean_next, prefix, after, upto, limit, others, unused_since, self.now())
        if signals.scope_deleted.receivers:
            for name, entries in sorted(step.gone.items()):
                self._announce(signals.scope_deleted, scope=name, entries=entries)
        return step

    def _look_at_batch(
        self, prefix: str, after: str, upto: str | None, limit: int, others: Others, unused_since: int
    ) -> Cleaned:
        page = self._ask(self._scan, prefix, after, limit, None, self.now()).up_to(upto)
        idle = page.idle(unused_since)
        return Cleaned(len(page.infos), {name: idle[name] for name in others(list(idle))}, page.last)


class _Backwards:
    """Notices that a clock was set back."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._last = now(), time.monotonic()

    def went(self) -> int:
        """Return by how many microseconds the clock was set back since it was asked last."""
        (before, began), self._last = self._last, (self._now(), time.monotonic())
        moment, ended = self._last
        return before + int((ended - began) * 1_000_000) - moment if moment < before else 0


def _within(prefix: str, upto: str) -> str | None:
    """Return ``upto``, or None where it confines no more than ``prefix`` does: the stores heed one of the two."""
    end = prefix_end(prefix)
    return None if end is not None and upto >= end else upto


def _add(report: CleanReport, examined: int, gone: Mapping[str, int]) -> CleanReport:
    return CleanReport(
        examined=report.examined + examined,
        removed=report.removed + len(gone),
        kept=report.kept + examined - len(gone),
        entries=report.entries + sum(gone.values()),
        dry_run=report.dry_run,
    )
