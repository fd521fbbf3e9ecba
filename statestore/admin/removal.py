"""What goes: scopes and entries, each after a page that lists it, each only in the version that page showed."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.admin.models import DELETION
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from statestore.admin import history
from statestore.admin.base import Page
from statestore.admin.tree import name_html
from statestore.entries import ScopeInfo, to_datetime
from statestore.exceptions import CorruptState, VersionConflict

KEYS_OF = 10  # scopes: of so many the confirmation lists the keys too
NAMES = 10  # in one message
MOST = 1000  # scopes that go at once


@dataclass(frozen=True)
class Going:
    """A scope that is about to go."""

    info: ScopeInfo
    version: str
    keys: list[str]


def confirm_scopes(page: Page, names: list[str]) -> HttpResponseBase:
    """List the scopes that are to go; or, when that was confirmed, delete them and go back to the list."""
    posted = page.request.POST
    if posted.get("post"):
        return _delete(page, list(zip(names, posted.getlist("version"), strict=False)))
    going = _going(page, names[:MOST])
    if not going:
        page.say(messages.WARNING, _("These scopes are gone already."))
        return page.go("scopes", page.alias)
    page.template = "admin/statestore/delete_scopes.html"
    return page.page(
        title=_("Are you sure?"),
        going=going,
        entries=sum(one.info.entries for one in going),
        bytes=sum(one.info.bytes for one in going),
    )


def _going(page: Page, names: list[str]) -> list[Going]:
    """Return those of these scopes that there are, with the versions they have before anything is said of them."""
    store, with_keys = page.store, len(names) <= KEYS_OF
    versions = store.versions(names)
    infos = [info for name in versions if (info := store.info(name))]
    return [Going(one, versions[one.name], store.keys(one.name) if with_keys else []) for one in infos]


def _delete(page: Page, versions: Iterable[tuple[str, str]]) -> HttpResponseBase:
    gone, changed = [], []
    for name, version in versions:
        try:
            with history.together():  # one by one: should the store fail on the way, what is gone is noted
                page.store.delete(name, if_version=version)
                history.note(page.request, DELETION, [(page.alias, name)], history.DELETED)
        except VersionConflict:
            changed.append(name)
        else:
            gone.append(name)
    if gone:
        said = ngettext("%d scope was deleted.", "%d scopes were deleted.", len(gone)) % len(gone)
        page.say(messages.SUCCESS, said)
    if changed:
        page.say(messages.WARNING, _changed(changed))
    return page.go("scopes", page.alias)


def _changed(names: list[str]) -> str:
    said = ngettext(
        "%d scope was not deleted, because it changed meanwhile or is gone:",
        "%d scopes were not deleted, because they changed meanwhile or are gone:",
        len(names),
    )
    listed = format_html_join(", ", "{}", ((name_html(name),) for name in names[:NAMES]))
    return format_html("{} {}{}", said % len(names), listed, " …" if len(names) > NAMES else "")


class DeleteScopePage(Page):
    """Ask whether this scope is to go. The answer is sent to the list of scopes."""

    needs = ("view", "delete")
    verb = ("REMOVE", "delete")

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Ask."""
        return confirm_scopes(self, [self.scope])


class RemoveEntryPage(Page):
    """Ask whether this entry is to go, and remove it."""

    template = "admin/statestore/remove_entry.html"
    needs = ("view", "delete")
    verb = ("REMOVE", "remove")

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Ask."""
        version, updated_at = self._facts()
        return self.page(title=_("Are you sure?"), version=version, updated_at=updated_at)

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Remove it, unless it changed since the question."""
        try:
            with history.together():
                gone = self.store.remove(self.scope, self.key, if_version=request.POST.get("version") or None)
                if gone:
                    history.note(request, DELETION, [(self.alias, self.scope, self.key)], history.DELETED)
        except VersionConflict:
            said = _("The entry {} changed meanwhile or is gone; it was not removed.")
            self.say(messages.WARNING, format_html(said, name_html(self.key)))
        else:
            self.say(messages.SUCCESS, format_html(_("The entry {} was removed."), name_html(self.key)))
        where = ("scope", self.alias, self.scope) if self.store.keys(self.scope) else ("scopes", self.alias)
        return self.go(*where)

    def _facts(self) -> tuple[str, object]:
        if "GET" not in self.store.config.enabled:
            return "", None
        try:
            record = self.store.records(self.scope, [self.key]).get(self.key)
        except CorruptState:
            return "", None  # not even its version can be read
        if record is None:
            raise Http404(_("There is no such entry."))
        return record.version, to_datetime(record.updated_at)
