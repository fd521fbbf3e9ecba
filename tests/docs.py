"""The documentation's examples, to be run."""

import re
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"


def examples(page):
    """The Python code blocks of a page, in order."""
    return re.findall(r"^```python\n(.*?)^```", (DOCS / page).read_text("utf-8"), re.DOTALL | re.MULTILINE)


def run(page, *numbers):
    """Run some of a page's examples one after the other; answer the names they leave."""
    names = {"__name__": __name__}
    blocks = examples(page)
    for number in numbers:
        exec(compile(blocks[number], f"docs/{page}", "exec"), names)
    return names
