"""Outlives its owner by a moment: ends the servers and wipes the directories it left behind.

Reads lines such as `+process 123`, `-process 123`, `+directory /tmp/x` from its owner. When the
owner dies, however it dies, the pipe closes and what is still on the list goes. It is run as a
script of its own, so it imports nothing from this package.
"""

import contextlib
import shutil
import signal
import sys

import psutil


def read(lines):
    """Everything that was added and not taken off again."""
    left = set()
    for line in lines:
        change, thing = line[0], line[1:].rstrip("\n")
        (left.add if change == "+" else left.discard)(thing)
    return left


def remove(kind, name):
    if kind == "directory":
        shutil.rmtree(name, ignore_errors=True)
        return
    for process in family(int(name)):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def family(pid):
    """A server's process and all below it: PostgreSQL's workers leave its process group."""
    try:
        server = psutil.Process(pid)
        return [server, *server.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []  # it went by itself


def main():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    # "process" sorts after "directory": reversed, so nothing writes into what is being removed.
    for thing in sorted(read(sys.stdin), reverse=True):
        remove(*thing.split(" ", 1))


if __name__ == "__main__":
    main()
