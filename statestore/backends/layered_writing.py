"""How ``LayeredStore`` writes: behind, with the scopes marked in front until that is committed."""

import logging
from collections.abc import Callable, Mapping
from typing import TypeVar

from statestore.backends.core import Core
from statestore.backends.layered_front import Front
from statestore.backends.layered_healing import Healing
from statestore.backends.layered_line import FrontDown
from statestore.backends.layered_marks import Mark, Places
from statestore.backends.layered_own import Own
from statestore.backends.rules import new_version
from statestore.exceptions import StoreError, StoreUnavailable, UsageError
from statestore.logs import event

logger = logging.getLogger("statestore")

Answer = TypeVar("Answer")

MARKED_FOR, REUSED_FOR = 1.5, 0.5  # longest transactions: a mark that is used once more still lasts for one
TRIES = 10  # at writing without marks while others find the fast store well again


class Writing:
    """Sees to it that nobody believes a copy that a write makes old."""

    def __init__(
        self,
        front: Front,
        back: Core,
        healing: Healing,
        own: Own,
        longest: float,
        now: Callable[[], int],
        sees_a_snapshot: Callable[[], bool],
    ) -> None:
        self.front = front
        self.back = back
        self.epoch = healing.epoch
        self.healing = healing
        self.own = own
        self.reused_for = REUSED_FOR * longest
        self.now = now
        self.sees_a_snapshot = sees_a_snapshot

    def change(self, places: Places, write: Callable[[], Answer]) -> Answer:
        """Write behind, with the scopes marked in front until it is committed."""
        self._get_ready_to_mark()
        if self.back._in_transaction():
            return self._change_inside(places, write)
        for tries in range(TRIES):
            if (marks := self._marked(places)) is not None:
                return self._change_marked(marks, write)
            with self.back._transaction():
                suspension = self.epoch.hold()
                if suspension and tries:  # others found the fast store well while this waited; now they can't
                    self.epoch.wait_for_all(suspension)
                if self.epoch.is_known_to_all(suspension):
                    return write()  # without marks: all know that the fast store is not to be believed
            if tries:
                self._suspend_again()
            else:
                self._suspend()
        raise StoreUnavailable(f"The fast store of {self.front.alias!r} comes and goes.", alias=self.front.alias)

    def _suspend(self) -> None:
        self.epoch.suspend()
        self._get_ready_to_mark()  # others may have found it well meanwhile

    def _suspend_again(self) -> None:
        with self.back._transaction():
            self.epoch.put_suspended()

    def get_ready_to_read(self) -> None:
        """Be told that an entry is read in order to be written."""
        self._learn_of_the_epoch()
        if self.epoch.is_known_suspended and self.back._in_transaction():
            self.epoch.hold()  # before the entry, as all do that write now: the other way round is a deadlock

    def _get_ready_to_mark(self) -> None:
        self._learn_of_the_epoch()
        if not self.epoch.is_known_suspended:
            self.front.insist()  # trying once more costs less than suspending

    def _marked(self, places: Places) -> dict[str, Mark] | None:
        """Mark the scopes and return the marks; None if the fast store can't be told."""
        token = new_version()
        try:
            self.front.mark(places, token, self.now())
        except FrontDown:
            return None
        return {scope: Mark(token, keys) for scope, keys in places.items()}

    def _change_marked(self, marks: Mapping[str, Mark], write: Callable[[], Answer]) -> Answer:
        try:
            answer = write()
        except UsageError:  # after any other error nobody knows: the marks stay till they expire
            self._settle(marks)
            raise
        self.back._after_commit(lambda: self._settle(marks))
        return answer

    def _change_inside(self, places: Places, write: Callable[[], Answer]) -> Answer:
        """Write within the caller's transaction; its marks go all together when it is committed."""
        self.back._after_commit(lambda: self._settle(self.own.forget()))
        unmarked, more = self.own.uncovered(places, self.reused_for)
        self.own.note_unmarked(places)
        token = new_version()
        try:
            self.front.mark(unmarked, token, self.now())
            self.own.note(unmarked, token)
            self.front.drop(more, self.now())
            self.own.widen(more)
        except FrontDown:
            suspension = self.epoch.put_suspended()
            self.back._after_commit(lambda: self.epoch.wait_for_all(suspension))
        return write()

    def _settle(self, marks: Mapping[str, Mark]) -> None:
        """Take the marks of a finished write away."""
        try:
            self._learn_of_the_epoch()
            self.front.unmark(marks, self.now())
        except (FrontDown, StoreError):
            self._distrust()

    def _learn_of_the_epoch(self) -> None:
        """Know, before anything is said to the fast store, where the others look."""
        if not (self.back._in_transaction() and self.sees_a_snapshot()):
            self.epoch.current()
            if self.epoch.is_in_doubt:
                self.healing.try_now_and_then()
                self.epoch.current()

    def _distrust(self) -> None:
        """Stop believing a fast store that is gone: should it come back empty, it had no mark when others read."""
        try:
            if not self.back._in_transaction():
                self.epoch.suspend()
        except StoreError:
            told = event("front_distrust_failed", store=self.front.alias)
            logger.exception("%r could not stop believing its fast store", self.front.alias, extra=told)
