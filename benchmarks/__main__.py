"""python -m benchmarks [measure] [--quick] [--rounds N] [--family NAME]…   measure, print, write docs/benchmarks.md
python -m benchmarks profile [--store ALIAS] [--verb get] [--calls N]       what a verb spends its time on
python -m benchmarks profiles [--calls N]                                   … of all stores, into docs/profiles.md
"""

import argparse
import sys

from .families import FAMILIES
from .measuring import CLOCKS, measure_families
from .servers import running
from .site import set_up

VERBS = ("get", "set", "get_list", "set_many", "keys", "delete")
STORES = {"memory": "memory", "sqlite": "sqlite", "postgres": "postgresql", "redis": "redis", "layered": "layered"}
CALLS = 3000


def main(arguments=None):
    options = parse(arguments)
    with running(options.needs(options)):
        set_up()
        return options.act(options)


def parse(arguments):
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in {"-h", "--help"}):
        arguments = ["measure", *arguments]
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="measure | profile | profiles")
    _measure(commands.add_parser("measure"))
    _profile(commands.add_parser("profile"))
    _profiles(commands.add_parser("profiles"))
    return parser.parse_args(arguments)


def _measure(parser):
    parser.set_defaults(act=measure, needs=lambda options: options.family or list(FAMILIES))
    parser.add_argument("--family", action="append", choices=list(FAMILIES))
    parser.add_argument("--rounds", type=int, default=0, help="30; with --quick 5")
    parser.add_argument("--quick", action="store_true", help="short samples; nothing is written")
    parser.add_argument("--clock", choices=list(CLOCKS), default="wall", help="print this process's own time: cpu")
    parser.add_argument("--only", action="append", help="contenders whose names contain this")


def _profile(parser):
    parser.set_defaults(act=profile, needs=lambda options: [STORES[name] for name in options.store or STORES])
    parser.add_argument("--store", action="append", choices=list(STORES))
    parser.add_argument("--verb", action="append", choices=VERBS)
    parser.add_argument("--calls", type=int, default=CALLS)
    parser.add_argument("--lines", type=int, default=20)


def _profiles(parser):
    parser.set_defaults(act=profiles, needs=lambda _: list(FAMILIES))
    parser.add_argument("--calls", type=int, default=CALLS)


def measure(options):
    from .profiles import write_profiles
    from .report import show, write

    rounds = options.rounds or (5 if options.quick else 30)
    results = measure_families(options.family or list(FAMILIES), rounds, options.only, quick=options.quick)
    show(results[options.clock])
    if not (options.quick or options.family or options.only):
        write(results, rounds)
        write_profiles(CALLS)
    return 0


def profiles(options):
    from .profiles import write_profiles

    write_profiles(options.calls)
    return 0


def profile(options):
    from .profiling import profile_store

    for name in options.store or STORES:
        for verb in options.verb or ("get", "set"):
            profile_store(name, verb, options.calls, options.lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
