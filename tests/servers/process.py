"""What every server has in common: a process, a port, a directory, and a certain end."""

import atexit
import contextlib
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from functools import cache
from pathlib import Path

import psutil

HOST = "127.0.0.1"
PATIENCE = 180  # seconds for a server to come up, on a machine that is busy with seven of them


class ServerUnavailable(Exception):
    """A server can't run here; the message says why."""


class Server:
    """One real server process.

    `start()` returns when it answers, or raises ServerUnavailable with the end of its log.
    `stop()` ends it and keeps its port and data, so `start()` continues where it was; `close()`, and
    leaving a `with` block, wipes the data too. `kill()` is SIGKILL; `pause()` and `resume()` are
    SIGSTOP and SIGCONT: connections stay open, nothing answers.
    """

    name = ""
    stop_signal = signal.SIGTERM
    as_root = True  # False: the server refuses root, or should not be given it

    def __init__(self, *, port=None):
        self.host = HOST
        self.port = port or free_port()
        self.version = None
        self.directory = None
        self._process = None

    # What a kind of server has to say

    def prepare(self):
        """Fill the new, empty `self.directory`."""

    def command(self):
        """The command line, run inside `self.directory`."""
        raise NotImplementedError

    def ask_version(self):
        """Connect, ask, return the version; raise anything while it isn't ready."""
        raise NotImplementedError

    def address(self):
        """What a test has to know to connect, as plain JSON."""
        return {"name": self.name, "host": self.host, "port": self.port, "version": self.version}

    # What all of them can do

    def start(self):
        if not self.running:
            self._make_directory()
            self._process = self._launch()
            self._wait_until_ready()
        return self

    def stop(self):
        self._end(self.stop_signal)

    def kill(self):
        self._end(signal.SIGKILL)

    def restart(self):
        self.stop()
        return self.start()

    def pause(self):
        """Stop it where it stands, and return when every thread of it does: a signal takes its time."""
        self._signal_all(signal.SIGSTOP)
        if self.running:
            eventually(lambda: all(_stands_still(process.pid) for process in self._processes()))

    def resume(self):
        self._signal_all(signal.SIGCONT)

    def close(self):
        self.stop()
        if self.directory:
            shutil.rmtree(self.directory, ignore_errors=True)
            guard(f"-directory {self.directory}")
            self.directory = None

    @property
    def running(self):
        return self._process is not None and self._process.poll() is None

    def log(self, lines=15):
        """The end of what the server has printed."""
        path = self.directory and self.directory / "server.log"
        if not path or not path.exists():
            return ""
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *exc_info):
        self.close()

    def __repr__(self):
        state = "running" if self.running else "stopped"
        return f"<{type(self).__name__} {self.version or ''} on port {self.port}, {state}>"

    # How

    def run(self, *command):
        """Run a helper program (initdb, say) the way the server itself is run."""
        done = subprocess.run(
            list(map(str, command)),
            check=False,  # its own words say more than CalledProcessError
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            **self._identity(),
        )
        if done.returncode:
            raise ServerUnavailable(f"{command[0]} failed: {done.stdout.decode(errors='replace')[-1500:]}")

    def _identity(self):
        return {} if self.as_root else not_root()

    def _make_directory(self):
        if self.directory:
            return
        self.directory = Path(tempfile.mkdtemp(prefix=f"statestore-{self.name}-"))
        guard(f"+directory {self.directory}")
        identity = self._identity()
        if identity:
            os.chown(self.directory, identity["user"], identity["group"])
        self.prepare()

    def _launch(self):
        with (self.directory / "server.log").open("ab") as log:
            process = subprocess.Popen(
                list(map(str, self.command())),
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us; we stop the servers in good order
                **self._identity(),
            )
        guard(f"+process {process.pid}")
        return process

    def _wait_until_ready(self):
        def version():
            if not self.running:
                raise ServerUnavailable(f"{self.name} ended at once:\n{self.log()}")
            return self.ask_version()

        try:
            self.version = eventually(version)
        except TimeoutError as error:
            log = self.log()
            self.kill()
            raise ServerUnavailable(f"{self.name} does not answer ({error}):\n{log}") from error

    def _processes(self):
        try:
            parent = psutil.Process(self._process.pid)
            return [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def _signal_all(self, number):
        for process in self._processes() if self.running else ():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def _end(self, number):
        if self._process is None:
            return
        if number == signal.SIGKILL:
            self._kill_all()
        elif self.running:
            self.resume()  # a paused process would not hear the signal
            self._process.send_signal(number)
        self._reap()

    def _kill_all(self):
        """None is left when this returns, whatever the server was forking: it is made to stand still first."""
        self.pause()
        processes = self._processes()
        self._signal_all(signal.SIGKILL)
        eventually(lambda: not any(map(_is_alive, processes)))

    def _reap(self):
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._signal_all(signal.SIGKILL)
            self._process.wait()
        guard(f"-process {self._process.pid}")
        self._process = None


def _is_alive(process):
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _stands_still(pid):
    tasks = Path(f"/proc/{pid}/task")
    states = {(task / "stat").read_text().rpartition(") ")[2][0] for task in tasks.iterdir()}
    return states <= {"T", "t", "Z", "X"}


def eventually(ask, *, within=PATIENCE):
    """The first answer of `ask()` that is true; its errors are forgiven until the time is over."""
    deadline = time.monotonic() + within
    while True:
        try:
            if answer := ask():
                return answer
            problem = "not ready yet"
        except ServerUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 whatever it is, it is not ready yet
            problem = error
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {within} s: {problem}")
        time.sleep(0.05)


def find(program, package, *places):
    """The path of a server program: in one of `places`, else on the machine."""
    system = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin:/usr/local/bin"
    found = next((str(place) for place in places if Path(place).exists()), None)
    found = found or shutil.which(program, path=system)
    if not found:
        raise ServerUnavailable(f"no {program} here; install {package}")
    return found


def not_root():
    """The `subprocess` arguments that make root a nobody; nothing for anybody else."""
    if os.geteuid():
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


PORTS = 15_000, 31_000, 8  # from, to, and the number of processes that draw no port of another's
_given = set()
_lock = threading.Lock()


def free_port(*offsets):
    """A port nobody listens on, with the ports at `offsets` above it free too.

    From below the range that outgoing connections use, so a stopped server finds its port again. Of those that
    pytest's processes draw side by side, each has its own: a port is free until its server has started.
    """
    first, end, step = PORTS
    share = int(os.environ.get("PYTEST_XDIST_WORKER", "gw7").removeprefix("gw")) % step
    with _lock:
        while True:
            port = random.SystemRandom().randrange(first + share, end - max(offsets, default=0), step)
            wanted = {port, *(port + offset for offset in offsets)}
            if not wanted & _given and all(map(_is_free, wanted)):
                _given.update(wanted)
                return port


def _is_free(port):
    with socket.socket() as candidate:
        try:
            candidate.bind((HOST, port))
        except OSError:
            return False
        return True


@cache
def _guard_of(owner):
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("guard.py"))],
        stdin=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    atexit.register(process.communicate)  # closes the pipe and waits, so nothing is left behind
    return process


def guard(change):
    """Tell this process's guard what to end should we die; it is started at the first word."""
    with _lock:
        pipe = _guard_of(os.getpid()).stdin
        pipe.write(change + "\n")
        pipe.flush()
