"""Two texts side by side: what changed between them, line by line, in bounded time."""

from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import takewhile

MOST = 1000  # lines on either side that are compared; time grows with their product
AROUND = 3  # lines of what stayed the same


@dataclass(frozen=True)
class Line:
    """A line of a comparison. ``sign``: "-" only in the first text, "+" only in the second, " " in both.

    "…" stands for lines that are left out.
    """

    sign: str
    text: str = ""


def difference(before: str, after: str) -> list[Line]:
    """Return what makes the second text differ from the first."""
    old, new = before.splitlines(), after.splitlines()
    start = _same(zip(old, new, strict=False))
    end = _same(zip(reversed(old[start:]), reversed(new[start:]), strict=False))
    old_part, new_part = old[start : len(old) - end], new[start : len(new) - end]
    first = old[max(start - AROUND, 0) : start]
    last = old[len(old) - end :][:AROUND]
    return [
        *([Line("…")] if start > AROUND else []),
        *(Line(" ", text) for text in first),
        *_middle(old_part, new_part),
        *(Line(" ", text) for text in last),
        *([Line("…")] if end > AROUND else []),
    ]


def _same(pairs: "zip[tuple[str, str]]") -> int:
    return sum(1 for _pair in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _middle(old: list[str], new: list[str]) -> list[Line]:
    if max(len(old), len(new)) > MOST:
        return [*_cut("-", old), *_cut("+", new)]
    lines: list[Line] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            lines += _shortened(old[a:b])
        else:
            lines += [*(Line("-", text) for text in old[a:b]), *(Line("+", text) for text in new[c:d])]
    return lines


def _shortened(same: list[str]) -> list[Line]:
    if len(same) <= 2 * AROUND + 1:
        return [Line(" ", text) for text in same]
    first, last = same[:AROUND], same[-AROUND:]
    return [*(Line(" ", text) for text in first), Line("…"), *(Line(" ", text) for text in last)]


def _cut(sign: str, lines: list[str]) -> list[Line]:
    shown = [Line(sign, text) for text in lines[:MOST]]
    return [*shown, Line("…")] if len(lines) > MOST else shown
