"""The core of every store: its configuration and life, and the way to the hooks."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import SynchronousOnlyOperation

from statestore.backends.hooks import Hooks
from statestore.conf import StoreConfig
from statestore.entries import Health
from statestore.exceptions import (
    OperationDisabled,
    StateStoreError,
    StoreClosed,
    StoreUnavailable,
)
from statestore.logs import called, event

logger = logging.getLogger("statestore")

PASSED_ON = (StateStoreError, SynchronousOnlyOperation)  # of the hooks' errors; the second is the caller's mistake


class Core(Hooks):
    """Opens and closes, lets verbs through to the hooks and turns what goes wrong there into our errors."""

    vendor_errors: tuple[type[Exception], ...] = (Exception,)
    """What the hooks let out when the backend fails; turned into ``StoreUnavailable``."""
    durable = False
    """Does a write survive the end of the server's process?"""
    shared = False
    """Do all processes of a site see the same state?"""
    transactional = False
    """Does a write belong to the caller's database transaction?"""
    composite = False
    """Is it made of other stores?"""
    siblings: Any = None
    """The handler's stores by alias, for a store that is made of others."""

    def __init__(self, alias: str = "default", params: Mapping[str, Any] | None = None) -> None:
        self.alias = alias
        self.config = StoreConfig.of(alias, params or {})
        self.clock: Callable[[], float] = lambda: time.time()  # noqa: PLW0108 (looked up late, so that it can be patched)
        """Seconds since the epoch; tests hand in their own."""
        self._state = "new"
        self._opening = threading.Lock()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.alias!r}>"

    def open(self) -> None:
        """Make ready. Called for you before first use; a closed store is opened again only by this call."""
        with self._opening:
            if self._state != "open":
                self._reach(self._open)
                self._state = "open"

    def close(self) -> None:
        """Shut down; every later use is ``StoreClosed``."""
        with self._opening:
            if self._state == "open":
                self._reach(self._close)
            self._state = "closed"

    def health(self) -> Health:
        """Say whether the store answers, how quickly, what the server is, and what threatens the promises."""
        backend, began = type(self).__name__, time.perf_counter()
        try:
            server, version, threats = self._ask(self._health)
        except StateStoreError as error:
            return Health(self.alias, backend, False, time.perf_counter() - began, error=str(error))
        return Health(self.alias, backend, True, time.perf_counter() - began, server, version, threats)

    def now(self) -> int:
        """Return this moment in microseconds since the epoch."""
        return int(self.clock() * 1_000_000)

    def _permit(self, switch: str, verb: str) -> None:
        if switch not in self.config.enabled:
            told = event("verb_disabled", store=self.alias, verb=verb)
            logger.warning("%s is switched off for the store %r", verb, self.alias, extra=told)
            raise OperationDisabled(f"{verb} is switched off for the store {self.alias!r}.", alias=self.alias)

    def _ask(self, hook: Callable[..., Any], *args: Any) -> Any:
        """Call a hook that only reads."""
        if self._state != "open":
            self._wake()
        try:
            return hook(*args)
        except PASSED_ON:
            raise
        except self.vendor_errors as error:
            raise self._unwell(error, writing=False) from error

    def _tell(self, hook: Callable[..., Any], *args: Any) -> Any:
        """Call a hook that writes."""
        if self._state != "open":
            self._wake()
        try:
            return hook(*args)
        except PASSED_ON:
            raise
        except self.vendor_errors as error:
            raise self._unwell(error, writing=True) from error

    def _reach(self, hook: Callable[[], None]) -> None:
        try:
            hook()
        except self.vendor_errors as error:
            raise self._unwell(error, writing=False) from error

    def _wake(self) -> None:
        if self._state == "closed":
            raise StoreClosed(f"The store {self.alias!r} was closed.", alias=self.alias)
        self.open()

    def _unwell(self, error: Exception, *, writing: bool) -> StateStoreError:
        """Return our error for the vendor's: ``StoreTimeout`` where a backend can tell that nobody knows."""
        return StoreUnavailable(
            f"The store {self.alias!r} is unavailable ({type(error).__name__}).", alias=self.alias
        )

    def _announce(self, signal: Any, **details: Any) -> None:
        if signal.receivers and signal.has_listeners(type(self)):  # the second costs as much as a read from memory
            self._after_commit(lambda: self._send(signal, details))

    def _send(self, signal: Any, details: Mapping[str, Any]) -> None:
        try:
            answers = signal.send_robust(type(self), store=self, alias=self.alias, **details)
        except RuntimeError:  # async receivers can't be called from a sync verb in the thread of an event loop
            told = event("receivers_unreached", store=self.alias)
            logger.exception("Async receivers were not called; in async code use the async verbs.", extra=told)
            return
        for receiver, answer in answers:
            if isinstance(answer, Exception):
                told = event("receiver_failed", store=self.alias, receiver=called(receiver))
                logger.error("A signal's receiver failed: %r", receiver, exc_info=answer, extra=told)
