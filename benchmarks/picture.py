"""The picture: a panel a family, a line a contender, a dot a verb, on a scale of ratios."""

from html import escape
from math import log10

from .figures import Figure, ratios
from .targets import TARGETS, TITLES

SHOWN = {
    ("get", "100 B"): "#3b82c4",
    ("set", "100 B"): "#d1495b",
    ("get 100", "100 B"): "#2a9d74",
    ("set 100", "100 B"): "#c98a1b",
}
WIDTH, LEFT, RIGHT, LINE, HEAD = 900, 290, 20, 24, 44
LOWEST, HIGHEST = 0.25, 160
TICKS = (0.25, 0.5, 1, 2, 5, 10, 20, 50, 100)
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .title { font-weight: 600 } .ours { font-weight: 600 }
  .tick { font-size: 11px; fill: #6e7781; text-anchor: middle }
  .grid { stroke: #8c959f55 } .hand { stroke: #6e7781; stroke-width: 1.5 } .band { fill: #3b82c414 }
  @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .tick { fill: #9198a1 } }
"""


def draw(results):
    """Return the SVG."""
    parts, top = [*_legend()], 30
    for family, cells in results.items():
        panel, height = _panel(family, cells, top)
        parts += panel
        top += height
    box = f'viewBox="0 0 {WIDTH} {top}" width="{WIDTH}" height="{top}"'
    title = "<title>Times as long as the hand-written line, by store and verb; further left is quicker</title>"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img">',
            title,
            f"<style>{STYLE}</style>",
            *parts,
            "</svg>",
            "",
        ]
    )


def place(ratio):
    """Return where a ratio is on the scale."""
    share = log10(min(max(ratio, LOWEST), HIGHEST) / LOWEST) / log10(HIGHEST / LOWEST)
    return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)


def _legend():
    for number, ((verb, _), colour) in enumerate(SHOWN.items()):
        x = LEFT + number * 95
        yield f'<circle cx="{x}" cy="16" r="5" fill="{colour}"/><text x="{x + 11}" y="20">{verb}</text>'


def _panel(family, cells, top):
    names = list(next(iter(cells.values())))
    bottom = top + HEAD + LINE * len(names)
    parts = [f'<text class="title" x="8" y="{top + 30}">{escape(TITLES[family])}</text>']
    for tick in TICKS:
        kind = "hand" if tick == 1 else "grid"
        x = place(tick)
        parts.append(f'<line class="{kind}" x1="{x}" x2="{x}" y1="{top + 36}" y2="{bottom}"/>')
        parts.append(f'<text class="tick" x="{x}" y="{top + 30}">{tick:g}</text>')
    for number, name in enumerate(names):
        parts += _line(family, cells, name, top + HEAD + LINE * number)
    return parts, bottom - top + 10


def _line(family, cells, name, top):
    ours = (family, name) in TARGETS
    if ours:
        yield f'<rect class="band" x="0" y="{top}" width="{WIDTH}" height="{LINE}"/>'
    yield f'<text class="{"ours" if ours else "peer"}" x="20" y="{top + 16}">{escape(name)}</text>'
    for cell, colour in SHOWN.items():
        contenders = cells.get(cell, {})
        if name in contenders:
            times = Figure.of(ratios(contenders[name], next(iter(contenders.values()))))
            yield _dot(times, colour, top + LINE / 2, f"{name}, {cell[0]}: {times.middle:.2f}")


def _dot(times, colour, y, label):
    low, middle, high = map(place, times)
    return (
        f'<line x1="{low}" x2="{high}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="2"/>'
        f'<circle cx="{middle}" cy="{y}" r="5" fill="{colour}"><title>{escape(label)}</title></circle>'
    )
