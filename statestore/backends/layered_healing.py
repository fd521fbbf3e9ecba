"""How ``LayeredStore`` comes to believe its fast store: once it is well, a new epoch is begun."""

import threading
import time
from collections.abc import Callable

from statestore.backends.core import Core
from statestore.backends.layered_epoch import Epoch
from statestore.backends.layered_front import Front
from statestore.backends.layered_line import FrontDown
from statestore.exceptions import StoreError


class Healing:
    """One call in ``trust`` seconds tries, of those that find the epoch in doubt."""

    def __init__(self, front: Front, back: Core, epoch: Epoch, now: Callable[[], int]) -> None:
        self.front = front
        self.back = back
        self.epoch = epoch
        self.now = now
        self.due_at = 0.0
        self._trying = threading.Lock()

    def try_now_and_then(self) -> None:
        """Try, if it is time to; in a transaction once that is committed."""
        if time.monotonic() >= self.due_at:
            self.due_at = time.monotonic() + self.epoch.trust
            self.back._after_commit(self._try)

    def _try(self) -> None:
        if self.back._in_transaction() or not self._trying.acquire(blocking=False):
            return
        try:
            self._renew()
        except (FrontDown, StoreError):
            pass  # somebody else will, or this process a little later
        finally:
            self.due_at = time.monotonic() + self.epoch.trust
            self._trying.release()

    def _renew(self) -> None:
        servers = self.front.servers()
        if servers is None:
            self.epoch.are_nameless()
        if self.epoch.is_in_doubt:
            self.front.probe(self.now())
            self.epoch.renew(servers)
