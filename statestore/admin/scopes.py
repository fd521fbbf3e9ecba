"""The scopes of one store, page by page."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from statestore.admin.base import Page
from statestore.admin.exchange import export
from statestore.admin.permissions import require
from statestore.admin.removal import confirm_scopes
from statestore.admin.sampling import families
from statestore.durations import parse_age
from statestore.entries import ScopeInfo, to_datetime
from statestore.exceptions import InvalidScope, InvalidValue
from statestore.names import check_prefix

PER_PAGE = 100
IDLE_STEPS = 5  # reads of STRIDE scopes, at most, in search of idle ones
STRIDE = 1000
WAY_BACK = 5  # pages
IDLE = [
    ("", gettext_lazy("Any time")),
    ("1h", gettext_lazy("Not for an hour")),
    ("1d", gettext_lazy("Not for a day")),
    ("7d", gettext_lazy("Not for 7 days")),
    ("30d", gettext_lazy("Not for 30 days")),
    ("90d", gettext_lazy("Not for 90 days")),
    ("365d", gettext_lazy("Not for a year")),
]
SELECTED = "_selected_action"


@dataclass(frozen=True)
class Found:
    """One page of scopes; ``last`` is the name up to which everything was looked at, None at the end."""

    infos: list[ScopeInfo]
    last: str | None


class ScopesPage(Page):
    """Search, filter, page on, and act on what was selected."""

    template = "admin/statestore/scopes.html"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Show a page of scopes."""
        query = Query.of(request.GET)
        found = Found([], None) if query.problem else self._search(query)
        return self.page(
            title=_("Scopes in %s") % self.alias,
            query=query,
            found=found,
            per_page=PER_PAGE,
            families=[(one, query.link(prefix=one)) for one in families(self.store)],
            all_families=query.link(prefix=""),
            ages=[(age, label, query.link(idle=age)) for age, label in IDLE],
            first_link=query.link() if query.after else "",
            back_link=query.back_link(),
            next_link=query.next_link(found.last) if found.last else "",
        )

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Do the chosen action to the selected scopes, after a confirmation where something goes."""
        names = request.POST.getlist(SELECTED)
        action = request.POST.get("action")
        if not names or action not in ("delete_selected", "export_selected"):
            what = _("Select some scopes first.") if not names else _("No action selected.")
            self.say(messages.WARNING, what)
            return self.go("scopes", self.alias)
        if action == "export_selected":
            return export(request, self.store, self.alias, names)
        require(request, "delete")
        return confirm_scopes(self, names)

    def _search(self, query: "Query") -> Found:
        if query.age is None:
            infos = list(self.store.scopes(query.prefix, after=query.after, limit=PER_PAGE + 1))
            return _page(infos, more=False)
        since = to_datetime(self.store.now()) - query.age
        found: list[ScopeInfo] = []
        after = query.after
        for _step in range(IDLE_STEPS):
            infos = list(self.store.scopes(query.prefix, after=after, limit=STRIDE))
            found += [info for info in infos if info.updated_at < since]
            if len(infos) < STRIDE:
                return _page(found, more=False)
            after = infos[-1].name
            if len(found) > PER_PAGE:
                return _page(found, more=True)
        return Found(found, after)


def _page(infos: list[ScopeInfo], *, more: bool) -> Found:
    if len(infos) > PER_PAGE or (more and len(infos) == PER_PAGE):
        return Found(infos[:PER_PAGE], infos[PER_PAGE - 1].name)
    return Found(infos, None)


@dataclass(frozen=True)
class Query:
    """What was searched for, and where in the list we are."""

    prefix: str = ""
    idle: str = ""
    after: str = ""
    back: tuple[str, ...] = ()
    age: timedelta | None = None
    problem: str = ""

    @classmethod
    def of(cls, given: Any) -> "Query":
        """Read it from a query string; ``problem`` says what is wrong with it."""
        prefix, idle, after = (given.get(name, "") for name in ("q", "idle", "after"))
        back = tuple(given.getlist("back"))
        try:
            check_prefix(prefix)
            check_prefix(after)
            age = parse_age(idle) if idle else None
        except (InvalidScope, InvalidValue) as error:
            return cls(prefix, idle, problem=str(error))
        return cls(prefix, idle, after, back, age)

    def link(self, **others: str) -> str:
        """Return the link to the first page of this search, or of one that differs in ``others``."""
        said = {"q": others.get("prefix", self.prefix), "idle": others.get("idle", self.idle)}
        return f"?{urlencode({name: text for name, text in said.items() if text})}"

    def next_link(self, last: str) -> str:
        """Return the link to the page after this one, which knows the way back."""
        back = (*self.back, self.after)[-WAY_BACK:]
        return f"{self.link()}&{urlencode([('after', last), *(('back', name) for name in back)])}"

    def back_link(self) -> str:
        """Return the link to the page before this one; "" where the way back is forgotten, or there is none."""
        if not self.back:
            return ""
        *earlier, before = self.back
        return f"{self.link()}&{urlencode([('after', before), *(('back', name) for name in earlier)])}"
