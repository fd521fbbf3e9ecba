"""python -m benchmarks.http [--quick] [--rounds N]   measure over HTTP, print, write docs/benchmarks-http.md"""

import argparse
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.measuring import rotated, say
from benchmarks.servers import running

from . import report
from .cells import CELLS, CONTENDERS, check, request, tidy
from .load import load
from .servers import cookie, serving

ROUNDS, SECONDS = 6, 1


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.http", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--quick", action="store_true", help="two rounds; nothing is written")
    options = parser.parse_args()
    with running(["redis"]), tempfile.TemporaryDirectory() as directory:
        results = measure(2 if options.quick else options.rounds, Path(directory))
    report.show(results)
    if not options.quick:
        report.write(results, options.rounds)
    return 0


def measure(rounds, directory):
    """Return cell -> contender -> samples by round."""
    signed_in = cookie(directory)
    results = {cell: {name: [] for name in CONTENDERS} for cell in CELLS}
    with ExitStack() as stack:
        sites = {
            (cell.server, cell.site): stack.enter_context(serving(cell.server, cell.site, directory))
            for cell in {(cell.server, cell.site): cell for cell in CELLS}.values()
        }
        for cell in CELLS:
            for name in CONTENDERS:
                check(sites[cell.server, cell.site].port, cell, name, signed_in)
        for number in range(rounds):
            say(f"round {number + 1} of {rounds}")
            for turn, cell in enumerate(CELLS, number):
                for name in rotated(list(CONTENDERS), turn):
                    site = sites[cell.server, cell.site]
                    results[cell][name].append(sample(site, request(cell, name, signed_in), directory))
        tidy(sites["gunicorn", "open"].port)
    say("")
    return results


def sample(site, asked, directory):
    """Return a run and the processor time that a request took of the server."""
    before = site.seconds()
    run = load(site.port, asked, SECONDS, directory)
    if run.failures or not run.requests:
        raise SystemExit(f"{run.failures} of {run.requests} requests failed: {asked}")
    return report.Sample(run.requests / run.seconds, run.p50, run.p99, (site.seconds() - before) / run.requests)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    sys.exit(main())
