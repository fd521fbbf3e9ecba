"""One event loop for all async calls of synchronous tests: ``async_to_sync`` would make and end a loop for each."""

import asyncio
import os
import threading
from concurrent.futures import Future
from contextlib import contextmanager

from asgiref.sync import SyncToAsync


@contextmanager
def one_loop():
    """Run a loop aside, and let ``async_to_sync`` in this thread believe that it was called out of it.

    That is how it finds the loop in a synchronous view below an async one. Were it to look elsewhere one day, every
    call would have a loop of its own again, and the tests would only be slower.
    """
    looping, known = Future(), SyncToAsync.threadlocal
    thread = threading.Thread(target=asyncio.run, args=[_until_told(looping)])
    thread.start()
    loop, ended = looping.result(30)
    known.main_event_loop, known.main_event_loop_pid = loop, os.getpid()
    try:
        yield
    finally:
        del known.main_event_loop, known.main_event_loop_pid
        loop.call_soon_threadsafe(ended.set)
        thread.join(30)


async def _until_told(looping):
    ended = asyncio.Event()
    looping.set_result((asyncio.get_running_loop(), ended))
    await ended.wait()
