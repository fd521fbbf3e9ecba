"""Load on a server: by wrk where it is installed, else by a small program in Python that does the same."""

import json
import shutil
import socket
import subprocess
import sys
import time
from statistics import quantiles
from threading import Thread
from typing import NamedTuple

CONNECTIONS = 4
SCRIPT = """
wrk.method = "{method}"
wrk.body = {body}
{headers}
function done(summary, latency, requests)
  local bad = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
  local figures = {{summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), bad}}
  io.write("\\n[", table.concat(figures, ","), "]\\n")
end
"""


class Request(NamedTuple):
    """What is sent, over and over."""

    method: str
    path: str
    body: str = ""
    cookie: str = ""

    def headers(self):
        given = {"Cookie": self.cookie, "Content-Type": "application/json" if self.body else ""}
        return {name: value for name, value in given.items() if value}


class Run(NamedTuple):
    """What came of it: requests, seconds, the latency of half and of 99 % of them in seconds, failures."""

    requests: int
    seconds: float
    p50: float
    p99: float
    failures: int


def generator():
    """Return the name of what makes the load."""
    return "wrk" if shutil.which("wrk") else "a program in Python, as wrk is not installed"


def load(port, request, seconds, directory):
    """Send the request over some connections for so long."""
    return (_by_wrk if shutil.which("wrk") else _by_python)(port, request, seconds, directory)


def _by_wrk(port, request, seconds, directory):
    script = directory / "load.lua"
    headers = "\n".join(
        f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}" for name, value in request.headers().items()
    )
    body = json.dumps(request.body) if request.body else "nil"
    script.write_text(SCRIPT.format(method=request.method, body=body, headers=headers), encoding="utf-8")
    words = f"wrk -t1 -c{CONNECTIONS} -d{seconds}s -s {script} http://127.0.0.1:{port}{request.path}".split()
    printed = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    requests, micro, p50, p99, bad = json.loads(printed.strip().splitlines()[-1])
    return Run(requests, micro / 1e6, p50 / 1e6, p99 / 1e6, bad)


def _by_python(port, request, seconds, directory):
    words = [sys.executable, "-m", "benchmarks.http.load", str(port), str(seconds), json.dumps(request)]
    return Run(*json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout))


def _send(port, data, deadline, took, failed):
    connection = None
    while time.perf_counter() < deadline:
        began = time.perf_counter()
        connection = connection or socket.create_connection(("127.0.0.1", port))
        connection.sendall(data)
        head, is_last = _answer(connection)
        took.append(time.perf_counter() - began)
        failed += [head] if head[9:10] != b"2" else []
        if is_last:
            connection = connection.close()


def _answer(connection):
    """Return the head of an answer, read to its end, and whether the connection ends with it."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    lower = head.lower()
    length = int(lower.partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head, b"connection: close" in lower


def main(port, seconds, request):
    method, path, body, cookie = json.loads(request)
    asked = Request(method, path, body, cookie)
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body.encode())}"]
    lines += [f"{name}: {value}" for name, value in asked.headers().items()]
    data = "\r\n".join([*lines, "", body]).encode()
    began, took, failed = time.perf_counter(), [], []
    threads = [
        Thread(target=_send, args=(int(port), data, began + float(seconds), took, failed))
        for _ in range(CONNECTIONS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    percentiles = quantiles(took, n=100)
    print(json.dumps([len(took), time.perf_counter() - began, percentiles[49], percentiles[98], len(failed)]))


if __name__ == "__main__":
    main(*sys.argv[1:])
