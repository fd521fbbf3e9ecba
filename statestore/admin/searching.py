"""What was asked for on the page of scopes, and what was found: by name at any size, else among so many at most."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from statestore.backends.base import StateStore
from statestore.durations import back, parse_age
from statestore.entries import ScopeInfo, to_datetime
from statestore.exceptions import InvalidScope, InvalidValue
from statestore.names import check_prefix

PER_PAGE = 100
IDLE_STEPS = 5  # reads of STRIDE scopes, at most, in search of idle ones
STRIDE = 1000
SORTED = 5000  # scopes that are sorted by anything but their names
WAY_BACK = 5  # pages
SORTS: dict[str, Callable[[ScopeInfo], Any]] = {
    "entries": lambda info: info.entries,
    "bytes": lambda info: info.bytes,
    "used": lambda info: info.updated_at,
}


@dataclass(frozen=True)
class Found:
    """One page of scopes; ``last`` is the name up to which everything was looked at, None at the end.

    ``total`` is the number of all there are, where they were sorted; ``is_too_much`` says that they could not be.
    """

    infos: list[ScopeInfo]
    last: str | None = None
    total: int | None = None
    is_too_much: bool = False


@dataclass(frozen=True)
class Query:
    """What was searched for, and where in the list we are."""

    prefix: str = ""
    idle: str = ""
    after: str = ""
    back: tuple[str, ...] = ()
    age: timedelta | None = None
    sort: str = ""
    number: int = 0
    problem: str = ""

    @classmethod
    def of(cls, given: Any) -> "Query":
        """Read it from a query string; ``problem`` says what is wrong with it."""
        prefix, idle, after = (given.get(name, "") for name in ("q", "idle", "after"))
        back = tuple(given.getlist("back"))
        sort = given.get("o", "") if given.get("o", "").removeprefix("-") in SORTS else ""
        page = given.get("p", "")
        number = int(page) if page.isascii() and page.isdigit() and len(page) < 5 else 0
        try:
            check_prefix(prefix)
            check_prefix(after)
            age = parse_age(idle) if idle else None
        except (InvalidScope, InvalidValue) as error:
            return cls(prefix, idle, sort=sort, problem=str(error))
        return cls(prefix, idle, after, back, age, sort, number)

    def link(self, **others: str) -> str:
        """Return the link to the first page of this search, or of one that differs in ``others``."""
        said = {
            "q": others.get("prefix", self.prefix),
            "idle": others.get("idle", self.idle),
            "o": others.get("sort", self.sort),
        }
        return f"?{urlencode({name: text for name, text in said.items() if text})}"

    def sort_link(self, by: str, *, first: str = "") -> str:
        """Return the link that sorts by this column; ``first`` is the sign of the order that is tried first."""
        other = "" if first else "-"
        return self.link(sort=f"{other}{by}" if self.sort == f"{first}{by}" else f"{first}{by}")

    def next_link(self, found: Found) -> str:
        """Return the link to the page after this one, which knows the way back; "" at the end."""
        if found.total is not None:
            return f"{self.link()}&p={self.number + 1}" if found.total > (self.number + 1) * PER_PAGE else ""
        if found.last is None:
            return ""
        back = (*self.back, self.after)[-WAY_BACK:]
        return f"{self.link()}&{urlencode([('after', found.last), *(('back', name) for name in back)])}"

    def back_link(self) -> str:
        """Return the link to the page before this one; "" where the way back is forgotten, or there is none."""
        if self.number:
            return f"{self.link()}&p={self.number - 1}"
        if not self.back:
            return ""
        *earlier, before = self.back
        return f"{self.link()}&{urlencode([('after', before), *(('back', name) for name in earlier)])}"


def search(store: StateStore, query: Query) -> Found:
    """Return the page that was asked for. What it costs grows with neither the store nor the number of the page."""
    if query.sort:
        return _sorted(store, query)
    if query.age is None:
        return _page(list(store.scopes(query.prefix, after=query.after, limit=PER_PAGE + 1)), more=False)
    since = back(to_datetime(store.now()), query.age)
    found: list[ScopeInfo] = []
    after = query.after
    for _step in range(IDLE_STEPS):
        infos = list(store.scopes(query.prefix, after=after, limit=STRIDE))
        found += [info for info in infos if info.updated_at < since]
        if len(infos) < STRIDE:
            return _page(found, more=False)
        after = infos[-1].name
        if len(found) > PER_PAGE:
            return _page(found, more=True)
    return Found(found, after)


def _sorted(store: StateStore, query: Query) -> Found:
    """Sort all there are; by name where that is too much, since no store keeps its scopes in another order."""
    infos = list(store.scopes(query.prefix, limit=SORTED + 1))
    if len(infos) > SORTED:
        plain = search(store, replace(query, sort="", number=0))
        return replace(plain, is_too_much=True)
    if query.age is not None:
        since = back(to_datetime(store.now()), query.age)
        infos = [info for info in infos if info.updated_at < since]
    infos.sort(key=SORTS[query.sort.removeprefix("-")], reverse=query.sort.startswith("-"))
    start = query.number * PER_PAGE
    return Found(list(islice(infos, start, start + PER_PAGE)), total=len(infos))


def _page(infos: list[ScopeInfo], *, more: bool) -> Found:
    if len(infos) > PER_PAGE or (more and len(infos) == PER_PAGE):
        return Found(infos[:PER_PAGE], infos[PER_PAGE - 1].name)
    return Found(infos)
