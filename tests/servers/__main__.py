"""python -m tests.servers run [--only NAME,NAME] -- COMMAND…   with the servers running, then stop them
python -m tests.servers up [--only NAME,NAME]                  keep them running until Ctrl-C
"""

import argparse
import json
import os
import shlex
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from . import SHARED, VARIABLE, ServerUnavailable


def main(arguments=None):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    options = parse(arguments)
    with running(options.only) as (addresses, problems):
        report(addresses, problems)
        if problems and os.environ.get("CI"):
            return 1
        code = options.act(addresses, options)
    report({}, problems)
    return code


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="python -m tests.servers", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="run | up")
    for name, act in {"run": run, "up": up}.items():
        command = commands.add_parser(name)
        command.set_defaults(act=act, command=[])
        command.add_argument("--only", type=names, default=list(SHARED), help=", ".join(SHARED))
    commands.choices["run"].add_argument("command", nargs="+")
    return parser.parse_args(arguments)


def names(text):
    wanted = text.split(",")
    if unknown := set(wanted) - SHARED.keys():
        raise argparse.ArgumentTypeError(f"no server is called {', '.join(sorted(unknown))}")
    return wanted


@contextmanager
def running(wanted):
    """Start the servers side by side; yields (name -> address, name -> why it could not run)."""
    servers = {name: SHARED[name]() for name in wanted}
    try:
        with ThreadPoolExecutor(len(servers)) as pool:
            answers = dict(zip(servers, pool.map(start, servers.values()), strict=True))
        yield (
            {name: answer for name, answer in answers.items() if isinstance(answer, dict)},
            {name: str(answer) for name, answer in answers.items() if isinstance(answer, Exception)},
        )
    finally:
        with ThreadPoolExecutor(len(servers)) as pool:
            list(pool.map(lambda server: server.close(), servers.values()))


def start(server):
    """The server's address, or the reason why there is none."""
    try:
        return server.start().address()
    except (ServerUnavailable, TimeoutError, OSError) as error:
        return error


def report(addresses, problems):
    for name, address in addresses.items():
        say(f"{name:<10} {address['version']}  on port {address['port']}")
    for name, problem in problems.items():
        say(f"{name:<10} NOT RUNNING, its tests are left out: {problem}")


def say(line):
    print(f"servers: {line}", file=sys.stderr, flush=True)


def run(addresses, options):
    """Run the command; its exit code, as a shell would give it."""
    child = subprocess.Popen(options.command, env=environment(addresses))
    while True:
        try:
            code = child.wait()
            return code if code >= 0 else 128 - code
        except KeyboardInterrupt:
            pass  # the command has heard it too, and ends in its own way
        except BaseException:
            child.terminate()
            raise


def environment(addresses):
    """Ours, with the addresses, and with the programs that were installed beside this Python."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return os.environ | {"PATH": path, VARIABLE: json.dumps(addresses)}


def up(addresses, options):
    print(f"export {VARIABLE}={shlex.quote(json.dumps(addresses))}", flush=True)
    say("running until Ctrl-C")
    try:
        signal.pause()
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
