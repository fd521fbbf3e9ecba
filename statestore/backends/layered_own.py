"""What a thread has written in the transaction that it has open, and with which marks."""

import threading
import time
from collections.abc import Collection, Iterable

from statestore.backends.layered_marks import Mark, Places


class Own(threading.local):
    """The scopes written to in this thread's transaction. After a rollback they linger, which only costs time."""

    def __init__(self) -> None:
        self.marks: dict[str, tuple[Mark, float] | None] = {}  # with the moment of marking; None: not marked

    def uncovered(self, places: Places, younger_than: float) -> tuple[Places, Places]:
        """Split off what needs a mark, and what has one but where more copies must go."""
        unmarked: dict[str, Collection[str] | None] = {}
        more: dict[str, Collection[str] | None] = {}
        for scope, keys in places.items():
            noted = self.marks.get(scope)
            if noted is None or time.monotonic() - noted[1] > younger_than:
                unmarked[scope] = keys
            elif (rest := _rest(noted[0].keys, keys)) is None or rest:
                more[scope] = rest
        return unmarked, more

    def note(self, places: Places, token: str) -> None:
        """Remember marks that were set just now."""
        for scope, keys in places.items():
            self.marks[scope] = Mark(token, keys), time.monotonic()

    def widen(self, places: Places) -> None:
        """Remember that more copies went under marks that stand."""
        for scope, keys in places.items():
            noted = self.marks[scope]
            if noted:
                there = noted[0].keys
                wider = None if keys is None or there is None else {*there, *keys}
                self.marks[scope] = noted[0]._replace(keys=wider), noted[1]

    def note_unmarked(self, scopes: Iterable[str]) -> None:
        """Remember scopes that are written to without a mark."""
        for scope in scopes:
            self.marks.setdefault(scope, None)

    def forget(self) -> dict[str, Mark]:
        """Forget all, and return the marks."""
        marks, self.marks = self.marks, {}
        return {scope: noted[0] for scope, noted in marks.items() if noted}


def _rest(covered: Collection[str] | None, keys: Collection[str] | None) -> Collection[str] | None:
    if covered is None:
        return ()
    return None if keys is None else [key for key in keys if key not in covered]
