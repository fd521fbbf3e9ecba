"""Bounds what a database driver does not bound: the wait for an answer.

A server that has stopped answers neither yes nor no, and libpq waits for ever. One thread a process, started at the
first statement, looks at the statements under way and shuts the socket of those that are late; their driver then
raises what it raises for any lost connection. Entering and leaving cost a statement less than a microsecond.
"""

import contextlib
import os
import socket
import threading
import time
from functools import cache
from typing import Any, Self

TICK = 0.25  # seconds between two looks
NEVER = float("inf")
LINGER = 20  # looks at nothing before the thread goes to sleep


class Watch:
    """A block in which a connection of Django's has to answer within ``seconds`` (None: it may take its time).

    ``was_cut`` says afterwards that it had not, and that its connection is of no more use.
    """

    __slots__ = ("connection", "deadline", "was_cut")

    def __init__(self, connection: Any, seconds: float | None) -> None:
        self.connection = connection
        self.deadline = NEVER if seconds is None else time.monotonic() + seconds
        self.was_cut = False

    def __enter__(self) -> Self:
        if self.deadline is not NEVER:
            _under_way[id(self)] = self
            if not _thread.looks:
                _thread.wake()
        return self

    def __exit__(self, *exception: object) -> None:
        if self.deadline is not NEVER and _under_way.pop(id(self), None) is None:
            with _cutting:  # it may be under the knife this moment: later its socket may be somebody else's
                pass
            if not self.connection.in_atomic_block:
                with contextlib.suppress(Exception):  # whatever a driver says of a socket that is gone
                    self.connection.close()  # also where the answer had just come


_under_way: dict[int, Watch] = {}
_cutting = threading.Lock()


class _Thread:
    """The one thread; ``looks`` says that it does so by itself and need not be woken."""

    def __init__(self) -> None:
        self.looks = False
        self._bell = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        with self._starting:
            self._bell.set()
            _follow_forks()
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._look, name="statestore-watchdog", daemon=True)
                with contextlib.suppress(RuntimeError):  # the interpreter is on its way out
                    self._thread.start()

    def _look(self) -> None:
        while True:
            self._bell.wait()
            self._bell.clear()
            self.looks, idle = True, 0
            while idle < LINGER:
                idle = 0 if _under_way else idle + 1
                time.sleep(_cut_late())
            self.looks = False
            if _under_way:  # it came while we went
                self._bell.set()


def _cut_late() -> float:
    """Cut what is late; return the seconds until the next look."""
    now, rest = time.monotonic(), TICK
    for watch in _under_way.copy().values():
        if watch.deadline > now:
            rest = min(rest, watch.deadline - now)
        else:
            _cut(watch)
    return rest


def _cut(watch: Watch) -> None:
    with _cutting:
        if _under_way.pop(id(watch), None) is not None:
            watch.was_cut = True
            with contextlib.suppress(Exception):  # the same
                _shut(watch.connection.connection)


def _shut(driver: Any) -> None:
    number = driver._sock.fileno() if hasattr(driver, "_sock") else driver.fileno()  # noqa: SLF001 (PyMySQL)
    with socket.socket(fileno=os.dup(number)) as double:
        double.shutdown(socket.SHUT_RDWR)


@cache
def _follow_forks() -> None:
    os.register_at_fork(after_in_child=_start_anew)


def _start_anew() -> None:
    """Forget, in the child of a fork, the thread and the statements of the parent."""
    global _cutting, _thread
    _under_way.clear()
    _cutting, _thread = threading.Lock(), _Thread()


_thread = _Thread()
