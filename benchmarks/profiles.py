"""docs/profiles.md: what is left in `get` and `set` of each store, and in what did not reach its target."""

from inspect import cleandoc

from .machine import load, machine
from .profiling import profile_of
from .remarks import LEFT, UNMET
from .report import DOCS, markdown, number

HEAD = """# Profiles

Written by `make bench`; do not edit.

Where the time of a call goes, values of 100 bytes unless said otherwise. The first line of each has the time of a
call without the profiler, and what of it our own process takes of a processor; the rest is waiting for the server.
*Share* is of the time under Python's profiler, which makes more of short functions than they take; each function
is without those that it calls. *µs* is that share of a call without the profiler.

{machine}; load {load}.
"""
NAMES = {
    "memory": "MemoryStore",
    "sqlite": "ModelStore on SQLite",
    "postgres": "ModelStore on PostgreSQL",
    "redis": "CacheStore on Redis",
    "layered": "LayeredStore",
}
LINES = 12


def write_profiles(calls):
    """Write the page."""
    parts = [HEAD.format(machine=machine(), load=load())]
    for alias, remark in LEFT.items():
        parts += [f"## {NAMES[alias]}\n", cleandoc(remark), ""]
        for verb in ("get", "set"):
            parts += section(alias, verb, "100 B", calls)
    parts += ["## What is out of reach\n", "[Targets](benchmarks.md#targets) that are not met, or only just.\n"]
    for (alias, verb, size), why in UNMET.items():
        parts += section(alias, verb, size, calls, f"{NAMES[alias]}, {verb} of {size}", why)
    (DOCS / "profiles.md").write_text("\n".join(parts), encoding="utf-8")


def section(alias, verb, size, calls, title=None, why=""):
    """Return the paragraphs and the table of one profile."""
    calls = {"90 KB": calls // 50}.get(size, calls // 20 if verb == "set 100" else calls)
    found = profile_of(alias, verb, max(1, calls), LINES, size)
    took = f"{number(found.wall)} µs a call, {number(found.processor)} µs of them of our processor.\n"
    rows = [["µs", "share", "calls", "function"]]
    for share, times, function in found.rows:
        rows.append([f"{share * found.wall:.2f}", f"{share:.1%}", f"{times:.1f}", f"`{function}`"])
    return [f"### {title or verb}\n", *([cleandoc(why), ""] if why else []), took, *markdown(rows), ""]
