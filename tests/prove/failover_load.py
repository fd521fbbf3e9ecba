"""Clients under way while something happens to their servers: processes of a few threads that note every call."""

import multiprocessing
import os
import pickle
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count, takewhile
from pathlib import Path

import psutil

from tests.prove.failover_check import FAILED, HALVES, MISSING, OK, UNKNOWN, Event
from tests.prove.site import fork

PROCESSES = 2
NEAR, FAR = "near", "far"  # what happens befalls some scopes, and not the others
CROWD = "crowd"  # threads that open many connections at first, which then lie idle, and come again in the end
MANY = 16  # of them
ROUND = 4  # as many turns as there are scopes
LONGEST = 180  # seconds; nobody may be left to tell a client to end
PACE, BREATH = 0.001, 0.02  # seconds after a call, and after one that failed


class Load:
    """Drives a store; ``threads[role]`` has the events of each thread when it has ended."""

    def __init__(self, store, scopes, threads):
        self._store, self._scopes, self._plan = store, scopes, threads
        fork_context = multiprocessing.get_context("fork")
        self._gate, self._over = fork_context.Barrier(PROCESSES + 1), fork_context.Event()
        self.threads = {NEAR: [], FAR: [], CROWD: []}
        self.sockets = []  # of each process in the end, the ports that it is connected to

    @contextmanager
    def under_way(self, primary):
        """Run the clients meanwhile. The primary stands still at first, so that they open many connections."""
        with tempfile.TemporaryDirectory(prefix="statestore-failover-") as folder:
            files = [Path(folder, str(number)) for number in range(PROCESSES)]
            processes = [fork(self._client, number, path) for number, path in enumerate(files)]
            try:
                self._crowd_at(primary)
                yield
                self._over.set()
                self._collect(processes, files)
            finally:
                for process in processes:
                    process.kill()

    def _crowd_at(self, primary):
        self._gate.wait(120)  # they have connected
        primary.pause()
        try:
            self._gate.wait(120)
            time.sleep(0.2)  # they are to come, and nobody is to think the primary dead
        finally:
            primary.resume()
        self._gate.wait(120)

    def _collect(self, processes, files):
        for process in processes:
            process.join(60)
        if any(process.exitcode != 0 for process in processes):
            raise RuntimeError(f"exit codes of the clients: {[process.exitcode for process in processes]}")
        for path in files:
            threads, sockets = pickle.loads(path.read_bytes())
            self.sockets.append(sockets)
            for role, events in threads:
                self.threads[role].append(events)

    def _client(self, process, path):
        for scope in self._scopes[NEAR] + self._scopes[FAR]:
            self._store.get(scope, "warm")
        self._gate.wait(120)
        self._gate.wait(120)
        at_once(MANY, lambda _: self._store.get(self._scopes[NEAR][0], "warm"))
        crowd = [self._worker(f"{process}-crowd-{number}", CROWD) for number in range(MANY)]
        workers = [self._worker(f"{process}-{number}", role) for number, role in enumerate(self._plan)]
        all_at_once(crowd + workers, lambda: range(ROUND))
        self._gate.wait(120)
        all_at_once(workers, self._until_over)
        all_at_once(crowd, lambda: range(ROUND, 2 * ROUND))
        threads = [(worker.role, worker.events) for worker in workers + crowd]
        path.write_bytes(pickle.dumps((threads, connected_ports())))

    def _worker(self, name, role):
        return Worker(self._store, name, role, self._scopes[FAR if role == FAR else NEAR])

    def _until_over(self):
        end = time.monotonic() + LONGEST
        return takewhile(lambda _: not self._over.is_set() and time.monotonic() < end, count(ROUND))


def all_at_once(workers, numbers):
    at_once(len(workers), lambda number: workers[number].work(numbers()))


def at_once(number, work):
    """Call `work(n)` in so many threads; what one raises is raised."""
    with ThreadPoolExecutor(number) as pool:
        list(pool.map(work, range(number)))


class Worker:
    """Writes and reads its own keys of a few scopes in turn."""

    def __init__(self, store, name, role, scopes):
        self.store, self.name, self.role, self.scopes, self.events = store, name, role, scopes, []

    def work(self, numbers):
        for number in numbers:
            for act in (self.write_pair, self.set, self.read_back, self.increment, self.add):
                act(self.scopes[number % len(self.scopes)], number)

    def write_pair(self, scope, number):
        key = f":{self.name}:{number}"
        pair = {f"{half}{key}": number for half in HALVES}
        self.note("pair", scope, key, number, lambda: self.store.set_many(scope, pair))

    def set(self, scope, number):
        key = f"register:{self.name}"
        self.note("set", scope, key, number, lambda: self.store.set(scope, key, number))

    def read_back(self, scope, number):
        key = f"register:{self.name}"
        self.note("get", scope, key, number, lambda: self.store.get(scope, key, MISSING))

    def increment(self, scope, number):
        key = f"counter:{self.name}"
        self.note("increment", scope, key, number, lambda: self.store.increment(scope, key))

    def add(self, scope, number):
        self.note("add", scope, "shared", number, lambda: self.store.increment(scope, "shared"))

    def note(self, kind, scope, key, number, call):
        from statestore import StoreTimeout, StoreUnavailable

        began, found = time.monotonic(), None
        try:
            answer, outcome = call(), OK
            found = answer if isinstance(answer, int) else None
        except StoreTimeout:
            outcome = UNKNOWN
        except StoreUnavailable:
            outcome = FAILED
        self.events.append(Event(kind, scope, key, number, began, time.monotonic(), outcome, found))
        time.sleep(PACE if outcome == OK else BREATH)


def connected_ports():
    """Return the port of the other end of every connection of this process."""
    found = psutil.Process(os.getpid()).net_connections("tcp")
    return [each.raddr.port for each in found if each.raddr]
