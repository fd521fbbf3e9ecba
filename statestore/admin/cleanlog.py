"""The one line in the history about a clean that takes many requests: true after each part of it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry

from statestore.admin import history

UNFINISHED = "Cleaning, not finished: {} scopes with {} entries removed, {} kept so far."
FINISHED = "Cleaned: {} scopes with {} entries removed, {} kept."


class CleanLog:
    """Adds up what was removed. A part that was done twice, in two tabs say, counts what each time removed."""

    def __init__(self, pk: int | None) -> None:
        self._lines = LogEntry.objects.filter(pk=pk or 0)

    @staticmethod
    def begin(request: Any, alias: str) -> int:
        """Write the line and return its number."""
        line = history.line(request, CHANGE, (alias,), UNFINISHED.format(0, 0, 0))
        line.save()
        return line.pk

    @property
    def counts(self) -> list[int]:
        """Return the scopes and entries that were removed, and the scopes kept."""
        message = self._lines.values_list("change_message", flat=True).first()
        return [int(number) for number in re.findall(r"\d+", message or "")] or [0, 0, 0]

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the line, for one part at a time, and let part and line be final together where that can be."""
        with history.together():
            self._lines.update(action_flag=CHANGE)  # takes the lock on every database, SQLite's included
            yield

    def add(self, removed: int, entries: int, kept: int) -> None:
        """Note what a part removed, and what was kept until then."""
        before = self.counts
        self._write(UNFINISHED, before[0] + removed, before[1] + entries, kept)

    def finish(self) -> list[int]:
        """Say that all is done, and return the counts."""
        with self.held():
            counts = self.counts
            self._write(FINISHED, *counts)
        return counts

    def _write(self, message: str, *counts: int) -> None:
        self._lines.update(change_message=message.format(*counts))
