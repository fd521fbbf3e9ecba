"""One writer at a time: the lock that fits each of Django's caches.

Each takes the cache, the address of what is about to change, and ``timeout``, the seconds one change may take; it
waits for its turn at most four times as long. It hands out a check to be made right before writing, which raises
if the lock was lost meanwhile. An address ends in ``:<kind>:<digest>``, and whoever holds one of a kind takes no
second one of that kind.
"""

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from math import ceil
from pathlib import Path
from typing import IO, Any

from django.core.files import locks
from django.db import connections, router, transaction

from statestore.backends.portable_documents import PLACEHOLDER
from statestore.backends.rules import new_version

Check = Callable[[], None]
_process_locks: dict[int, Any] = {}


class LockedOut(Exception):
    """Other writers did not let go in time; nothing was written."""


class LockLost(Exception):
    """This write took so long that others were let through; nothing was written."""


def tries(seconds: float) -> Iterator[None]:
    """Yield for every try, pausing a little longer, by chance, from one to the next; then raise ``LockedOut``."""
    deadline, pause = time.monotonic() + seconds, 0.0
    while True:
        yield
        if time.monotonic() > deadline:
            raise LockedOut(LockedOut.__doc__)
        time.sleep(random.uniform(0, pause))  # noqa: S311 (no secret)
        pause = min(2 * pause + 0.001, 0.02)


def _still_held() -> None:
    """Pass: this lock can't be lost."""


@contextmanager
def lease(cache: Any, address: str, timeout: float) -> Iterator[Check]:
    """Hold a key that only one can add, and that ends by itself if its holder is gone.

    For caches on a server, whose ``add`` is atomic. The holder may write for half as long as the lease lasts.
    """
    name, token, began = f"{address}:lock", new_version(), 0.0
    for _ in tries(4 * timeout):
        began = time.monotonic()
        if cache.add(name, token, ceil(2 * timeout) + 1):
            break

    def check() -> None:
        if time.monotonic() - began > timeout or cache.get(name) != token:
            raise LockLost(LockLost.__doc__)

    try:
        yield check
    finally:
        with suppress(Exception):  # what was written stays written; the lease ends by itself
            if time.monotonic() - began < 2 * timeout and cache.get(name) == token:
                cache.delete(name)


@contextmanager
def process_lock(cache: Any, address: str, timeout: float) -> Iterator[Check]:
    """Hold the one lock of a cache that lives in this process: the threads share its ``_cache``."""
    lock = _process_locks.setdefault(id(cache._cache), threading.RLock())  # noqa: SLF001
    if not lock.acquire(timeout=4 * timeout):
        raise LockedOut(LockedOut.__doc__)
    try:
        yield _still_held
    finally:
        lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_process_locks.clear)


@contextmanager
def file_lock(cache: Any, address: str, timeout: float) -> Iterator[Check]:
    """Hold one of a few lock files beside the cache's own, which its ``clear()`` and culling leave alone.

    The operating system lets go of it when the holder dies.
    """
    kind, digest = address.split(":")[-2:]
    path = Path(cache._dir, f"statestore-{kind}{digest[0]}.lock")  # noqa: SLF001
    file = next(held for _ in tries(4 * timeout) if (held := _lock_file(path)))
    try:
        yield _still_held
    finally:
        locks.unlock(file)
        file.close()


def _lock_file(path: Path) -> IO[bytes] | None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = path.open("ab")
    # Somebody may have removed the directory since: then others lock another file of that name.
    with suppress(FileNotFoundError):
        if locks.lock(file, locks.LOCK_EX | locks.LOCK_NB) and os.path.samestat(
            path.stat(), os.fstat(file.fileno())
        ):
            return file
    file.close()
    return None


@contextmanager
def row_lock(cache: Any, address: str, timeout: float) -> Iterator[Check]:
    """Hold the row of the database cache itself, in a transaction: the caller's where there is one.

    Not by ``add``: where a row has expired, the database cache lets two of them succeed. What is done while the
    row is held is all or nothing, and the database lets go of it when the holder dies.
    """
    database = router.db_for_write(cache.cache_model_class)
    with transaction.atomic(using=database):
        made = _take_row(connections[database], cache, address, 4 * timeout)
        yield _still_held
        if made and cache.get(address) == PLACEHOLDER:
            cache.delete(address)


def _take_row(connection: Any, cache: Any, address: str, patience: float) -> bool:
    """Lock the row, after making it if it is not there; say whether it was made."""
    made = False
    with _bounded(connection, patience):
        for _ in tries(patience):
            if _lock_row(connection, cache, address):
                break
            made = cache.add(address, PLACEHOLDER, timeout=None) or made
    return made


def _lock_row(connection: Any, cache: Any, address: str) -> bool:
    table, name = map(connection.ops.quote_name, (cache._table, "cache_key"))  # noqa: SLF001
    row = [cache.make_and_validate_key(address)]
    with connection.cursor() as cursor:
        if connection.features.has_select_for_update:
            cursor.execute(f"SELECT 1 FROM {table} WHERE {name} = %s {connection.ops.for_update_sql()}", row)  # noqa: S608
            return cursor.fetchone() is not None
        # SQLite: any UPDATE takes the one write lock, and waits for it, as a first SELECT would not.
        cursor.execute(f"UPDATE {table} SET {name} = {name} WHERE {name} = %s", row)  # noqa: S608
        return cursor.rowcount > 0


@contextmanager
def _bounded(connection: Any, seconds: float) -> Iterator[None]:
    """Let PostgreSQL wait for a lock no longer than this; the other databases have a limit of their own."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout')")
        (before,) = cursor.fetchone()
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{ceil(seconds * 1000)}ms"])
        yield
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [before])
