"""The site on a real server, in a process of its own, and what that takes of the processor."""

import os
import socket
import subprocess
import sys
import time
from contextlib import closing, contextmanager

import psutil

SERVERS = {
    "gunicorn": "gunicorn benchmarks.http.site:wsgi --bind 127.0.0.1:{} --workers 1 --log-level warning",
    "uvicorn": "uvicorn benchmarks.http.site:asgi --port {} --log-level warning --no-access-log",
}
PATIENCE = 30  # seconds


class Site:
    """One of the two sites on one of the servers."""

    def __init__(self, server, port, process):
        self.server, self.port = server, port
        self._processes = [process, *process.children(recursive=True)]

    def seconds(self):
        """Return the seconds of processor time that the server's processes have taken."""
        return sum(times.user + times.system for times in (each.cpu_times() for each in self._processes))


def cookie(directory):
    """Make the closed site's tables and a person; return the cookie."""
    made = subprocess.run(
        [sys.executable, "-m", "benchmarks.http.site"],
        env=_environment("closed", directory),
        capture_output=True,
        text=True,
        check=True,
    )
    return made.stdout.strip()


@contextmanager
def serving(server, site, directory):
    """Have a site running on a server."""
    port = _free_port()
    command = [sys.executable, "-m", *SERVERS[server].format(port).split()]
    with subprocess.Popen(command, env=_environment(site, directory)) as process:
        try:
            _wait(port, process)
            yield Site(server, port, psutil.Process(process.pid))
        finally:
            process.terminate()


def _environment(site, directory):
    return os.environ | {"BENCH_SITE": site, "BENCH_DIRECTORY": str(directory)}


def _free_port():
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _wait(port, process):
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                connection.sendall(b"GET / HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
                connection.recv(1)  # the worker is there, not only the socket
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("The server did not come up.")
