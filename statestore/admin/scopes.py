"""The scopes of one store, page by page."""

from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from statestore.admin.base import Page
from statestore.admin.exchange import export
from statestore.admin.permissions import require
from statestore.admin.removal import confirm_scopes
from statestore.admin.sampling import families
from statestore.admin.searching import SORTED, Found, Query, search
from statestore.backends.base import StateStore
from statestore.entries import ScopeInfo
from statestore.exceptions import CorruptState

READ = 2000  # entries of which one page reads the versions
IDLE = [
    ("", gettext_lazy("Any time")),
    ("1h", gettext_lazy("Not for an hour")),
    ("1d", gettext_lazy("Not for a day")),
    ("7d", gettext_lazy("Not for 7 days")),
    ("30d", gettext_lazy("Not for 30 days")),
    ("90d", gettext_lazy("Not for 90 days")),
    ("365d", gettext_lazy("Not for a year")),
]
# A column of the list, its name, and the sign of the order that is tried first.
COLUMNS = [
    ("entries", gettext_lazy("Entries"), "-"),
    ("bytes", gettext_lazy("Size"), "-"),
    ("used", gettext_lazy("Last use"), ""),
]
SELECTED = "_selected_action"


class ScopesPage(Page):
    """Search, filter, sort, page on, and act on what was selected."""

    template = "admin/statestore/scopes.html"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Show a page of scopes."""
        query = Query.of(request.GET)
        found = Found([]) if query.problem else search(self.store, query)
        return self.page(
            title=_("Scopes in %s") % self.alias,
            query=query,
            found=found,
            rows=versions(self.store, found.infos),
            columns=_columns(query, found),
            by_name=query.link(sort=""),
            most=SORTED,
            families=[(one, query.link(prefix=one)) for one in families(self.store)],
            all_families=query.link(prefix=""),
            ages=[(age, label, query.link(idle=age)) for age, label in IDLE],
            first_link=query.link() if query.after or query.number else "",
            back_link=query.back_link(),
            next_link=query.next_link(found),
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


def versions(store: StateStore, infos: Iterable[ScopeInfo]) -> list[tuple[ScopeInfo, str]]:
    """Return each scope with its version, in one round trip; "" where its entries are too many for a list."""
    left, few = READ, []
    for info in infos:
        if info.entries <= left:
            left -= info.entries
            few.append(info.name)
    try:
        found = store.versions(few)
    except CorruptState:  # one of them can't be read; its own page says which
        found = {}
    return [(info, found.get(info.name, "")) for info in infos]


def _columns(query: Query, found: Found) -> list[tuple[str, object, str, str]]:
    """Return each column that can be sorted by: its word, its name, the link, and how it is sorted now."""
    now = "" if found.is_too_much else query.sort
    return [(word, label, query.sort_link(word, first=first), _order(word, now)) for word, label, first in COLUMNS]


def _order(word: str, now: str) -> str:
    if now.removeprefix("-") != word:
        return ""
    return "descending" if now.startswith("-") else "ascending"
