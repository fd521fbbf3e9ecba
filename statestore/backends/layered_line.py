"""The way from ``LayeredStore`` to its fast store, which may be down: said once, left alone, tried by one."""

import logging
import threading
import time
from collections.abc import Sequence
from typing import Any

from statestore.backends.core import Core
from statestore.exceptions import CorruptState, StoreError, UsageError
from statestore.logs import event

logger = logging.getLogger("statestore")

RETRY_AFTER = 1.0  # seconds without the fast store once it has failed


class FrontDown(Exception):
    """The fast store can't be used now; the durable one can."""


class FrontUnfit(FrontDown):
    """What the fast store has of this scope can't be read, or is full; it is not down."""


class Line:
    """Calls the hooks of the fast store; whatever fails there is a ``FrontDown``."""

    def __init__(self, store: Core, alias: str) -> None:
        self.store = store
        self.alias = alias
        self._retry_at = 0.0
        self._is_down = False
        self._probing = threading.Lock()
        self._failing = threading.Lock()

    @property
    def is_resting(self) -> bool:
        """Is it down, and not to be tried yet?"""
        return self._is_down and time.monotonic() < self._retry_at

    def insist(self) -> None:
        """Let the next call try, however short ago the last one failed."""
        self._retry_at = 0.0

    def ask(self, hook: Any, *args: Any) -> Any:
        """Call a hook that reads."""
        return self._reach(self.store._ask, hook, args)

    def tell(self, hook: Any, *args: Any) -> Any:
        """Call a hook that writes."""
        return self._reach(self.store._tell, hook, args)

    def in_turn(self, steps: Sequence[tuple[str, tuple[Any, ...]]]) -> list[Any]:
        """Carry out several hooks, in this order."""
        return self.tell(self.store._in_turn, steps) if steps else []

    def _reach(self, way: Any, hook: Any, args: tuple[Any, ...]) -> Any:
        if self._is_down:
            return self._probe(way, hook, args)
        try:
            return way(hook, *args)
        except (CorruptState, UsageError) as error:
            raise FrontUnfit(str(error)) from error
        except StoreError as error:
            raise self._failed(error) from error

    def _probe(self, way: Any, hook: Any, args: tuple[Any, ...]) -> Any:
        """Try whether it is back. One does, who may have to wait for a timeout; the others go without."""
        if self.is_resting or not self._probing.acquire(blocking=False):
            raise FrontDown
        try:
            answer = way(hook, *args)
        except (StoreError, UsageError) as error:
            raise self._failed(error) from error
        else:
            self._recovered()
            return answer
        finally:
            self._probing.release()

    def _failed(self, error: Exception) -> FrontDown:
        with self._failing:
            self._retry_at = time.monotonic() + RETRY_AFTER
            was_down, self._is_down = self._is_down, True
        if not was_down:
            told = event("front_down", store=self.alias, fast=self.store.alias)
            logger.warning("The fast store %r of %r is down: %s", self.store.alias, self.alias, error, extra=told)
        return FrontDown(str(error))

    def _recovered(self) -> None:
        with self._failing:
            was_down, self._is_down = self._is_down, False
        if was_down:
            told = event("front_back", store=self.alias, fast=self.store.alias)
            logger.info("The fast store %r of %r is back", self.store.alias, self.alias, extra=told)
