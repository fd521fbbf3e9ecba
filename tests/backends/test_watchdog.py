"""The thread that cuts a connection when its server does not answer; here the server is a socket that is silent."""

import os
import socket
import subprocess
import sys
import threading
import time
import timeit
from pathlib import Path
from types import SimpleNamespace

import pytest

from statestore import ModelStore
from statestore.backends import watchdog
from statestore.backends.watchdog import Watch

SOON = 30  # seconds: who is not given up by then is not watched
ROOT = Path(watchdog.__file__).parents[2]


class Connection:
    """What of Django's connection is looked at."""

    in_atomic_block = False

    def __init__(self):
        self.server, self.connection = socket.socketpair()
        self.closed = False

    def close(self):
        self.closed = True
        self.connection.close()

    def wait_for_an_answer(self):
        self.connection.settimeout(SOON)
        return self.connection.recv(1)


@pytest.fixture
def connection():
    connection = Connection()
    yield connection
    connection.close()
    connection.server.close()


def test_silent_server_is_given_up_at_the_deadline(connection):
    began = time.monotonic()
    with Watch(connection, 0.2) as watch:
        assert connection.wait_for_an_answer() == b""
    assert 0.2 <= time.monotonic() - began < SOON
    assert watch.was_cut
    assert connection.closed


def test_connection_within_a_transaction_is_left_to_django(connection):
    connection.in_atomic_block = True
    with Watch(connection, 0.1) as watch:
        connection.wait_for_an_answer()
    assert watch.was_cut
    assert not connection.closed


def test_answer_in_time_leaves_the_connection_alone(connection, monkeypatch):
    for _ in range(3):
        with Watch(connection, 60) as watch:
            connection.server.sendall(b"x")
            assert connection.wait_for_an_answer() == b"x"
        assert not watch.was_cut
    with Watch(other := Connection(), 60) as late:
        past_the_deadlines = time.monotonic() + 90
        clock = SimpleNamespace(monotonic=lambda: past_the_deadlines, sleep=time.sleep)
        monkeypatch.setattr(watchdog, "time", clock)
        watchdog._cut_late()
    other.server.close()
    assert late.was_cut
    connection.server.sendall(b"y")
    assert connection.wait_for_an_answer() == b"y"


def test_each_of_many_statements_has_its_own_deadline(connection):
    other = Connection()
    with Watch(connection, 60), Watch(other, 0.1) as short:
        assert other.wait_for_an_answer() == b""
        connection.server.sendall(b"x")
        assert connection.wait_for_an_answer() == b"x"
    assert short.was_cut
    other.server.close()


def test_statement_without_a_deadline_is_not_watched(connection):
    with Watch(connection, None) as watch:
        assert id(watch) not in watchdog._under_way
    assert not watch.was_cut


def test_thread_sleeps_when_there_is_nothing_to_watch_and_wakes_again(connection, monkeypatch):
    monkeypatch.setattr(watchdog, "LINGER", 1)
    with Watch(connection, 60):
        pass
    deadline = time.monotonic() + SOON
    while watchdog._thread.looks and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not watchdog._thread.looks
    with Watch(connection, 0.1) as watch:
        connection.wait_for_an_answer()
    assert watch.was_cut


def test_there_is_one_thread(connection):
    for _ in range(5):
        with Watch(connection, 60):
            pass
    assert [thread.name for thread in threading.enumerate()].count("statestore-watchdog") == 1


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of a fork where there are threads: that is the point
def test_child_of_a_fork_has_a_watch_of_its_own(connection):
    with Watch(connection, 60):
        child = os.fork()
        if not child:
            try:
                mine = Connection()
                with Watch(mine, 0.1) as watch:
                    mine.wait_for_an_answer()
                os._exit(0 if watch.was_cut and len(watchdog._under_way) == 0 else 1)
            finally:
                os._exit(2)  # never on in the tests of the parent
    assert os.waitpid(child, 0)[1] == 0


def test_watching_costs_microseconds(connection):
    def watched():
        with Watch(connection, 60):
            pass

    assert min(timeit.repeat(watched, time.thread_time, number=2000, repeat=5)) / 2000 < 20e-6


@pytest.mark.parametrize("timeout", [0, -1, True, "5", None, float("nan"), float("inf"), 3601])
def test_what_is_no_time_out_is_refused(timeout):
    (problem,) = ModelStore.option_problems("s", {"OPTIONS": {"timeout": timeout}})
    assert "timeout" in problem


def test_time_out_is_a_number_of_seconds():
    assert ModelStore.option_problems("s", {"OPTIONS": {"timeout": 0.5}}) == []
    assert ModelStore("s", {"OPTIONS": {"timeout": 3}})._db.seconds == 3
    assert ModelStore("s")._db.seconds == 10


def test_importing_starts_nothing():
    program = "import threading, statestore.backends.watchdog as w; print(threading.active_count(), w._under_way)"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert said.stdout.split() == ["1", "{}"]
