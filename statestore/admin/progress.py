"""A clean, or its dry run, in parts: each request does as much as fits into a moment, then the page goes on.

What is to be done next travels with the page, signed: which plan, whose, where in it, what was counted. So a page
that is loaded again, opened twice or closed does no harm: a part that is done again finds nothing more to do.
"""

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.core import signing

from statestore.admin.cleanlog import CleanLog
from statestore.cleaning import Step, add_up
from statestore.entries import CleanReport

SALT = "statestore.admin.clean"
VALID = 3600  # seconds that a dry run may be confirmed, and a page go on
SECONDS = 1.0  # of work in one request
PART = 500  # scopes


@dataclass
class Run:
    """How far a plan was carried out: a report of each step that was begun, and where the last one goes on."""

    plan: str
    user: Any
    began: list[str]
    dry_run: bool = True
    log: int | None = None
    expected: int | None = None
    after: str | None = ""
    counts: list[list[int]] = field(default_factory=lambda: [[0, 0, 0]])

    @classmethod
    def of(cls, steps: list[Step], plan: str, user: Any) -> "Run":
        """Return a dry run of these steps that has not begun."""
        return cls(plan, user, [step.began.isoformat() for step in steps])

    @classmethod
    def read(cls, token: str, plan: str, user: Any) -> "Run | None":
        """Return what ``token`` says; None if it is none, too old, or about another plan or somebody else."""
        try:
            run = cls(**signing.loads(token, salt=SALT, max_age=VALID))
        except signing.BadSignature:
            return None
        return run if (run.plan, run.user) == (plan, user) else None

    def token(self) -> str:
        """Return this as text that nobody can change."""
        return signing.dumps(vars(self), salt=SALT)

    def confirmed(self) -> "Run":
        """Return the run that removes what this dry run counted, at the moments of the dry run."""
        return Run(self.plan, self.user, self.began, dry_run=False, expected=self.total.examined)

    @property
    def is_done(self) -> bool:
        return self.after is None

    @property
    def reports(self) -> list[CleanReport]:
        """Return what was done in each step so far."""
        return [CleanReport(gone + kept, gone, kept, entries, self.dry_run) for gone, kept, entries in self.counts]

    @property
    def total(self) -> CleanReport:
        return add_up(self.reports, dry_run=self.dry_run)

    def at_their_moments(self, steps: list[Step]) -> list[Step]:
        """Return the steps as they were when the dry run began."""
        moments = map(datetime.fromisoformat, self.began)
        return [replace(step, began=moment) for step, moment in zip(steps, moments, strict=True)]

    def work(self, steps: list[Step]) -> None:
        """Do some parts, until the time is up or all is done; each part's removals are noted with it."""
        until = time.monotonic() + SECONDS
        log = CleanLog(self.log)
        while not self.is_done:
            with self._noted(log):
                self._part(steps)
            if time.monotonic() >= until:
                break

    @contextmanager
    def _noted(self, log: CleanLog) -> Iterator[None]:
        if self.dry_run:
            yield
            return
        with log.held():
            before = self.total
            yield
            log.add(self.total.removed - before.removed, self.total.entries - before.entries, self.total.kept)

    def _part(self, steps: list[Step]) -> None:
        """Do the next part. Nothing of it counts if it fails."""
        at = len(self.counts) - 1
        report, last = steps[at].run_part(self.after or "", size=PART, dry_run=self.dry_run)
        done = (report.removed, report.kept, report.entries)
        self.counts[at] = [old + new for old, new in zip(self.counts[at], done, strict=True)]
        self.after = last
        if last is None and at + 1 < len(steps):
            self.counts.append([0, 0, 0])
            self.after = ""


def digest(steps: list[Step], *of: str) -> str:
    """Return what two plans have in common exactly when they name the same scopes at the same moment."""
    named = [[step.store.alias, step.prefix, step.bare, sorted(step.active), str(step.idle)] for step in steps]
    return hashlib.blake2b(json.dumps([*of, named]).encode(), digest_size=16).hexdigest()
