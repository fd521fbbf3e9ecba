"""A JSON value as a tree of HTML: collapsible, escaped, and never more of it than a page can bear."""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from statestore.exceptions import json_kind
from statestore.pointer import join

CLIP = 200  # characters of a text
MAX_LEVELS = 64
# What a reader would not see, or what would turn the order of letters around: shown by its number.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)

Link = Callable[[str, int], str]


class Tree:
    """Draws one value; ``link(pointer, start)`` is where the rest of a part that was cut short is shown."""

    def __init__(self, link: Link, *, nodes: int = 1000, children: int = 200) -> None:
        self._link = link
        self._left = nodes
        self._children = children

    def draw(self, value: Any, pointer: str = "", start: int = 0) -> SafeString:
        """Return the tree of ``value``, which is at ``pointer``, from its child number ``start`` on."""
        path = [pointer] if pointer else []
        if isinstance(value, dict | list):
            inner = "".join(self._inside(value, path, start, 0))
            return mark_safe(f'<ul class="state-tree" data-pointer="{escape(pointer)}">{inner}</ul>')
        return mark_safe(f'<div class="state-tree">{self._leaf(value, path)}</div>')

    def _inside(self, value: dict[str, Any] | list[Any], path: list[str], start: int, level: int) -> Iterator[str]:
        pairs: Iterable[tuple[Any, Any]] = value.items() if isinstance(value, dict) else enumerate(value)
        stop = min(len(value), start + self._children)
        for at, (token, child) in enumerate(islice(pairs, start, stop), start):
            if self._left <= 0:
                stop = at
                break
            self._left -= 1
            yield self._node(token, child, [*path, join((str(token),))], level)
        if stop < len(value):
            yield f"<li>{self._more(path, stop, len(value) - stop)}</li>"

    def _node(self, token: str | int, child: Any, path: list[str], level: int) -> str:
        name = f'<span class="state-name">{token if isinstance(token, int) else quoted(token)}</span>'
        place = f'data-token="{escape(join((str(token),)))}"'
        if not isinstance(child, dict | list):
            return f'<li {place}>{name}<span class="state-colon">: </span>{self._leaf(child, path)}</li>'
        if not child:
            return (
                f'<li {place}>{name}<span class="state-colon">: </span>{"{}" if type(child) is dict else "[]"}</li>'
            )
        size = f'<span class="state-size">{_size(child)}</span>'
        if level + 1 >= MAX_LEVELS or self._left <= 0:
            return f"<li {place}>{name} {size} {self._more(path, 0, len(child))}</li>"
        is_open = " open" if level == 0 and len(child) <= 10 else ""
        inner = "".join(self._inside(child, path, 0, level + 1))
        return f"<li {place}><details{is_open}><summary>{name} {size}</summary><ul>{inner}</ul></details></li>"

    def _leaf(self, value: Any, path: list[str]) -> str:
        kind = kind_of(value)
        if not isinstance(value, str) or len(value) <= CLIP:
            shown = quoted(value) if isinstance(value, str) else escape(json.dumps(value))
            return f'<span class="state-{kind}">{shown}</span>'
        count = ngettext("%d character", "%d characters", len(value)) % len(value)
        where = escape(self._link("".join(path), 0))
        return f'<span class="state-{kind}">{quoted(value[:CLIP])}…</span> <a href="{where}">{escape(count)}</a>'

    def _more(self, path: list[str], start: int, count: int) -> str:
        said = ngettext("… %d more", "… %d more", count) % count
        return f'<a href="{escape(self._link("".join(path), start))}">{escape(said)}</a>'


def _size(container: dict[str, Any] | list[Any]) -> str:
    brackets = "{%s}" if isinstance(container, dict) else "[%s]"
    return brackets % len(container)


def kind_of(value: Any) -> str:
    """Return the JSON type of a value."""
    return json_kind(value).rpartition(" ")[2]


def kind_name(value: Any) -> str:
    """Return the JSON type of a value in the reader's language."""
    names = {
        "object": _("object"),
        "array": _("array"),
        "string": _("string"),
        "boolean": _("boolean"),
        "number": _("number"),
        "null": _("null"),
    }
    return names[kind_of(value)]


def quoted(text: str) -> str:
    """Return text as JSON writes it, escaped for HTML, set apart from the direction of what is around it."""
    return f"<bdi>{visible(json.dumps(text, ensure_ascii=False))}</bdi>"


def visible(text: str) -> str:
    """Return text as HTML in which every character can be seen."""
    return _UNSEEN.sub(lambda found: _sign(found[0]), escape(text))


def plain(text: str) -> str:
    """Return text for where there can be no HTML, such as a page's title, with every character visible."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def name_html(name: str) -> SafeString:
    """Return a name of a scope or key as HTML, set apart from the direction of what is around it."""
    return format_html('<bdi class="state-word">{}</bdi>', mark_safe(visible(name)))


def _sign(character: str) -> str:
    title = unicodedata.name(character, "CONTROL")
    return f'<span class="state-unseen" title="U+{ord(character):04X} {title}">\\u{ord(character):04x}</span>'
