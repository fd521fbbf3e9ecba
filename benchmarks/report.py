"""Tables of what was measured, printed and written to docs/benchmarks.md."""

from pathlib import Path

from .families import peers
from .figures import Figure, ratios
from .machine import load, machine, versions
from .picture import draw
from .remarks import OVERTAKEN
from .targets import TARGETS, TITLES, target

DOCS = Path(__file__).parents[1] / "docs"
HEAD = """# Benchmarks

Written by `make bench`; do not edit.

Every contender does every piece of work once a round, in an order that changes from round to round, and after it
was checked that all come to the same outcome; the quickest of three bursts counts, as others use the machine too.
The ratio in a cell is the median over {rounds} rounds of *time of the contender ÷ time of the hand-written line, in
the same round*; below it stands the median time of one call. The tables of *processor time* count only what our own
process takes of a processor, without the servers and without waiting: the cost of the Python code and drivers. In
**bold** our stores, with all rules on. The servers run on the same machine, with one client, and PostgreSQL does
not wait for the disk: what is left is the cost of the software, which is what differs. Scopes have 100 entries,
those that are deleted 10, those with 90 KB values 4.

{machine}; load {load}.
{versions}.

![Times as long as the hand-written line](benchmarks.svg)
"""


def show(results):
    """Print a table a family, and what became of the targets."""
    for family, cells in results.items():
        print(f"\n{family}: times as long as the first line (microseconds)")
        _print(table(family, cells, plain=True))
    print("\ntargets")
    _print(targets(results))
    print("\npeers that are quicker somewhere")
    _print(quicker(results))


def write(results, rounds):
    """Write docs/benchmarks.md and the picture in it."""
    DOCS.mkdir(exist_ok=True)
    known = ", ".join(f"{name} {version}" for name, version in versions().items())
    parts = [HEAD.format(rounds=rounds, machine=machine(), load=load(), versions=known)]
    for family, cells in results["wall"].items():
        parts += [f"## {TITLES[family]}\n", *markdown(table(family, cells)), ""]
        parts += ["Processor time:\n", *markdown(table(family, results["cpu"][family])), ""]
    parts += ["## Targets\n", *markdown(targets(results["wall"])), ""]
    parts += ["The same in processor time:\n", *markdown(targets(results["cpu"])), ""]
    parts += ["What is out of reach, and the profile that says why: [profiles](profiles.md).\n"]
    parts += ["## Peers that are quicker somewhere\n", "*Ours* is our time in theirs, in the same round.\n"]
    parts += [*markdown(quicker(results["wall"])), ""]
    (DOCS / "benchmarks.md").write_text("\n".join(parts), encoding="utf-8")
    (DOCS / "benchmarks.svg").write_text(draw(results["wall"]), encoding="utf-8")


def table(family, cells, *, plain=False):
    """Return the rows of a family's table, the header first."""
    rows = [["", *(f"{verb}, {size}" if size != "100 B" else verb for verb, size in cells)]]
    for name in next(iter(cells.values())):
        ours = (family, name) in TARGETS and not plain
        rows.append([f"**{name}**" if ours else name, *(_cell(one, name, plain=plain) for one in cells.values())])
    return rows


def _cell(contenders, name, *, plain):
    if name not in contenders:
        return ""
    hand = next(iter(contenders.values()))
    times = Figure.of(ratios(contenders[name], hand))
    took = Figure.of(contenders[name]).middle * 1e6
    return f"{number(times.middle)} ({number(took)})" if plain else f"{number(times.middle)}<br>{number(took)} µs"


def targets(results):
    """Return the rows of what was to be reached and what was, the header first."""
    rows = [["store", "verb", "value", "target", "measured", "quartiles", ""]]
    for family, cells in results.items():
        for cell, contenders in cells.items():
            for name, samples in contenders.items():
                most = target(family, name, cell)
                if most is None:
                    continue
                times = Figure.of(ratios(samples, next(iter(contenders.values()))))
                met = "met" if times.middle <= most else "not met"
                between = f"{times.low:.2f} to {times.high:.2f}"
                rows.append([f"{name}, {TITLES[family]}", *cell, f"≤ {most}", f"{times.middle:.2f}", between, met])
    return rows


def quicker(results):
    """Return the rows of what peers do in less time than our store, the header first."""
    rows = [["peer", "verb", "value", "ours", "why"]]
    for family, cells in results.items():
        ours = next(name for known, name in TARGETS if known == family)
        for cell, contenders in cells.items():
            for name in peers(family) & contenders.keys() if ours in contenders else ():
                times = Figure.of(ratios(contenders[ours], contenders[name])).middle
                if times > 1:
                    rows.append([f"{name}, {TITLES[family]}", *cell, f"{times:.2f}", OVERTAKEN.get(name, "")])
    return rows


def number(value):
    """Return three digits that matter."""
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def markdown(rows):
    """Return the lines of a table, the first row its head."""
    head, *rest = ["| " + " | ".join(row) + " |" for row in rows]
    return [head, "|" + "---|" * len(rows[0]), *rest]


def _print(rows):
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
