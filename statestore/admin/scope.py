"""One scope: its entries, each with its value as a tree."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from statestore.admin.base import Page
from statestore.admin.tree import Tree, kind_name
from statestore.entries import Record, to_datetime
from statestore.exceptions import CorruptState
from statestore.values import decode

PER_PAGE = 50  # entries
NODES, CHILDREN = 60, 30  # of each value's tree
CLIP = 300  # characters of what can't be read


@dataclass(frozen=True)
class Shown:
    """An entry as pages show it. ``problem``: it is corrupt, and ``raw`` is the beginning of what is stored."""

    key: str
    kind: str = ""
    tree: SafeString | str = ""
    size: int | None = None
    version: str = ""
    updated_at: datetime | None = None
    expires_at: datetime | None = None
    problem: str = ""
    raw: str = ""


class ScopePage(Page):
    """A scope's entries, page by page, in the order of their names."""

    template = "admin/statestore/scope.html"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Show them; a scope that is not there has a page too, which says so."""
        keys = self.store.keys(self.scope)
        query = request.GET.get("q", "")
        found = [key for key in keys if query.casefold() in key.casefold()] if query else keys
        after = request.GET.get("after", "")
        waiting = [key for key in found if key > after] if after else found
        keys_here = waiting[:PER_PAGE]
        more = keys_here[-1] if len(waiting) > PER_PAGE else ""
        can_read = "GET" in self.store.config.enabled
        return self.page(
            status=200 if keys else 404,
            title=_("Scope"),
            info=self.store.info(self.scope) if keys else None,
            entries=list(self._entries(keys_here)) if can_read else [Shown(key) for key in keys_here],
            can_read=can_read,
            query=query,
            found=len(found),
            after=after,
            next_link=more and f"?{urlencode({'q': query, 'after': more})}",
        )

    def _entries(self, keys: list[str]) -> Iterable[Shown]:
        if not keys:
            return
        try:
            records = self.store.records(self.scope, keys)
        except CorruptState:  # of one of them, who knows which
            records = None
        for key in keys:
            shown = self._one(key) if records is None else self._shown(key, records.get(key))
            if shown:
                yield shown

    def _one(self, key: str) -> Shown | None:
        try:
            return self._shown(key, self.store.records(self.scope, [key]).get(key))
        except CorruptState as error:
            return Shown(key, problem=str(error))

    def _shown(self, key: str, record: Record | None) -> Shown | None:
        return record and show(self, key, record, nodes=NODES, children=CHILDREN)


def show(page: Page, key: str, record: Record, *, nodes: int, children: int) -> Shown:
    """Return what is to be seen of a record."""
    facts: dict[str, Any] = {
        "key": key,
        "size": len(record.text),
        "version": record.version,
        "updated_at": to_datetime(record.updated_at),
        "expires_at": None if record.expires_at is None else to_datetime(record.expires_at),
    }
    try:
        value = decode(record.text)
    except ValueError as error:
        return Shown(**facts, problem=str(error), raw=raw_text(record.text[:CLIP]))
    address = page.url("entry", page.alias, page.scope, key)
    tree = Tree(lambda pointer, start: part_link(address, pointer, start), nodes=nodes, children=children)
    return Shown(**facts, kind=kind_name(value), tree=tree.draw(value))


def part_link(address: str, pointer: str, start: int) -> str:
    """Return where a part of a value is shown, from its child number ``start`` on."""
    asked = {"at": pointer} | ({"from": start} if start else {})
    return f"{address}?{urlencode(asked)}"


def raw_text(stored: bytes) -> str:
    """Return what is stored as text, whatever bytes it is made of."""
    return stored.decode("utf-8", "backslashreplace")
