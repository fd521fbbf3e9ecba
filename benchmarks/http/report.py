"""The tables of what was measured over HTTP, printed and written to docs/benchmarks-http.md."""

from importlib.metadata import version
from typing import NamedTuple

from benchmarks.figures import Figure, ratios
from benchmarks.machine import load, machine, versions
from benchmarks.report import DOCS

from .cells import BASELINE, OURS, VALUE
from .load import CONNECTIONS, generator

HEAD = """# Benchmarks over HTTP

Written by `make bench-http`; do not edit.

One small value ({size} bytes of JSON) is read, written and counted up through the API, and beside it through
two views that do the same by hand on redis-py: one of Django's and one of Django REST framework's. They keep no
versions, know no conditions, names, limits or expiry, and take any JSON; the API keeps all its promises. Each
server has one process; load: {generator}, {connections} connections. Every contender has its second once a
round, in an order that changes from round to round; there are {rounds} rounds. A ratio is the median over the
rounds of *the contender's figure ÷ that of the Django view in the same round*, with its quartiles below it:
more requests are better, less time is. *Processor* is what the server's process takes of a processor for one
request, which other programs on the machine change least.

{machine}; load {load}.
{versions}.
"""
PARTS = {"Python", "Django", "orjson", "redis", "django-redis", "Valkey"}
SITES = {
    "open": "no middleware, nobody signs in",
    "closed": "the middleware of `startproject`, staff with a session and their permissions",
}
COLUMNS = ["requests a second", "ratio", "p50", "p99", "ratio of p99", "processor", "ratio of processor"]


class Sample(NamedTuple):
    """Of one second's run: requests a second, latencies and processor time a request in seconds."""

    rate: float
    p50: float
    p99: float
    processor: float


def show(results):
    """Print the tables."""
    for cell, samples in results.items():
        print(f"\n{title(cell)}")
        for name, *line in table(samples, " "):
            print(f"{name:>32}" + "".join(f"{text:>20}" for text in line))
    print("\n" + target(results))


def write(results, rounds):
    """Write docs/benchmarks-http.md."""
    names = ["gunicorn", "uvicorn", "djangorestframework"]
    known = {name: each for name, each in versions().items() if name in PARTS}
    known |= {name: version(name) for name in names}
    parts = [
        HEAD.format(
            size=len(VALUE),
            generator=generator(),
            connections=CONNECTIONS,
            rounds=rounds,
            machine=machine(),
            load=load(),
            versions=", ".join(f"{name} {each}" for name, each in known.items()),
        )
    ]
    for cell, samples in results.items():
        parts += [f"## {title(cell)}\n", *_markdown(table(samples, "<br>")), ""]
    parts += ["## Target\n", target(results), ""]
    (DOCS / "benchmarks-http.md").write_text("\n".join(parts), encoding="utf-8")


def title(cell):
    """Return what a table is of."""
    return f"{cell.verb} under {cell.server}: {SITES[cell.site]}"


def table(samples, between):
    """Return the lines of a cell's table, the first of them its head."""
    lines = [["", *COLUMNS]]
    for name, mine in samples.items():
        rate, p50, p99, processor = (Figure.of(figures).middle for figures in zip(*mine, strict=True))
        of_rate, _, of_p99, of_processor = (shown(each, between) for each in _ratios(mine, samples[BASELINE]))
        times = [f"{p50 * 1e3:.2f} ms", f"{p99 * 1e3:.2f} ms", of_p99, f"{processor * 1e6:.0f} µs", of_processor]
        lines.append([name, f"{rate:,.0f}", of_rate, *times])
    return lines


def target(results):
    """Say whether the API answers as many reads as the Django view."""
    sentences = []
    for cell, samples in results.items():
        if cell.verb == "GET":
            found = _ratios(samples[OURS], samples[BASELINE])[0]
            said = "met" if found.middle >= 1 else "met within the noise" if found.high >= 1 else "not met"
            sentences.append(
                f"{title(cell)}: {found.middle:.2f} of the Django view's rate, at least 1 wanted: {said}."
            )
    return "\n\n".join(sentences)


def shown(figure, between):
    """Return a median with its quartiles."""
    return f"{figure.middle:.2f}{between}{figure.low:.2f}-{figure.high:.2f}"


def _ratios(mine, baseline):
    """Return the ratio of every figure, as a median over the rounds."""
    pairs = zip(zip(*mine, strict=True), zip(*baseline, strict=True), strict=True)
    return [Figure.of(ratios(figures, others)) for figures, others in pairs]


def _markdown(lines):
    head, *rest = (f"| {' | '.join(line)} |" for line in lines)
    return [head, f"|{'---|' * len(lines[0])}", *rest]
