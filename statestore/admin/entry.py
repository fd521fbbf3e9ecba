"""One entry: its facts, its value as a tree or a part of that, and the editor."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.models import ADDITION, CHANGE
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from statestore import pointer
from statestore.admin import history
from statestore.admin.base import Page
from statestore.admin.difference import difference
from statestore.admin.editing import Draft
from statestore.admin.permissions import may, require
from statestore.admin.scope import part_link, raw_text, show
from statestore.admin.source import pretty
from statestore.admin.tree import Tree, kind_name, name_html, visible
from statestore.entries import ABSENT, Record
from statestore.exceptions import (
    CorruptState,
    InvalidKey,
    InvalidScope,
    InvalidValue,
    ValueTooLarge,
    VersionConflict,
)
from statestore.names import check_key, check_scope
from statestore.values import decode, encode

NODES, CHILDREN = 1000, 200


class EditorPage(Page):
    """A page with the editor on it."""

    template = "admin/statestore/entry.html"
    conflict_template = "admin/statestore/conflict.html"

    def save(self, draft: Draft) -> HttpResponseBase | None:
        """Write what the draft says and go back to the scope; None where the draft is not fit to be written."""
        if not draft.is_valid():
            return None
        try:
            with history.together():
                is_new = draft.write(self.store, self.scope, self.key)
                self._note(draft, is_new=is_new)
        except VersionConflict:
            return self._conflict(draft)
        except (InvalidValue, ValueTooLarge, CorruptState) as error:
            draft.refuse(error)
            return None
        said = _("The entry {} was added.") if is_new else _("The entry {} was changed.")
        self.say(messages.SUCCESS, format_html(said, name_html(self.key)))
        if not may(self.request, "view"):
            return HttpResponseRedirect(reverse("admin:index", current_app=self.site.name))
        where = ("entry", self.alias, self.scope, self.key) if "_continue" in self.request.POST else None
        return self.go(*(where or ("scope", self.alias, self.scope)))

    def _note(self, draft: Draft, *, is_new: bool) -> None:
        action, message = (ADDITION, history.ADDED) if is_new else (CHANGE, draft.changes())
        history.note(self.request, action, [(self.alias, self.scope, self.key)], message)

    def _conflict(self, draft: Draft) -> HttpResponseBase:
        """Show both versions. Saving from here is for the version that is shown, and for no later one."""
        record = self.store.records(self.scope, [self.key]).get(self.key)
        theirs = "" if record is None else _text(record)[0]
        self.template = self.conflict_template
        return self.page(
            title=_("Somebody else was quicker"),
            draft=draft.over("" if record is None else record.version),
            theirs=theirs,
            is_gone=record is None,
            lines=difference(theirs, pretty(draft.value)),
        )


class EntryPage(EditorPage):
    """Look at an entry, and change it."""

    needs_to_post = ("change",)

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Show the entry, or the part of its value at the pointer in ``at``."""
        record = self._record()
        if "at" in request.GET:
            return self._part(record, request.GET["at"])
        text, is_corrupt = _text(record)
        return self._show(record, Draft.of(record, text, is_corrupt=is_corrupt))

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Change it, unless somebody else was quicker."""
        draft = Draft.given(request.POST)
        if not draft.version:
            require(request, "add")  # it was removed meanwhile, and is to be added again
        return self.save(draft) or self._show(self._record(), draft)

    def _record(self) -> Record:
        try:
            record = self.store.records(self.scope, [self.key]).get(self.key)
        except CorruptState as error:
            record = Record(str(error).encode(), "", 0, None)
        if record is None:
            raise Http404(_("There is no such entry."))
        return record

    def _show(self, record: Record, draft: Draft) -> HttpResponseBase:
        return self.page(
            title=_("Entry"),
            entry=show(self, self.key, record, nodes=NODES, children=CHILDREN),
            draft=draft,
        )

    def _part(self, record: Record, at: str) -> HttpResponseBase:
        value = _find(record, at)
        start = self.request.GET.get("from", "")
        first = int(start) if start.isascii() and start.isdigit() and len(start) < 10 else 0
        address = self.url("entry", self.alias, self.scope, self.key)
        tree = Tree(lambda place, begin: part_link(address, place, begin), nodes=NODES, children=CHILDREN)
        self.template = "admin/statestore/part.html"
        return self.page(
            title=_("Part of an entry"),
            at=at,
            start=first,
            before=part_link(address, at, max(first - CHILDREN, 0)) if first else "",
            kind=kind_name(value),
            parents=_parents(address, at),
            text=_whole_text(value) if isinstance(value, str) else "",
            tree="" if isinstance(value, str) else tree.draw(value, at, first),
            raw=f"{self.url('raw', self.alias, self.scope, self.key)}?{urlencode({'at': at})}",
        )


class AddPage(EditorPage):
    """Add an entry, to a scope that there is or to a new one."""

    needs = ("add",)
    verb = ("SET", "set")

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Show an empty editor."""
        return self._show(Draft(text="", version=""))

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Add it, unless there is one by this name already."""
        draft = Draft.given(request.POST)
        draft.version = ""
        self._name(draft)
        return self.save(draft) or self._show(draft)

    def _name(self, draft: Draft) -> None:
        """Take the names that are not in the address from the form."""
        names = self.request.POST
        try:
            self.scope = self.scope or check_scope(names.get("scope", ""))
        except InvalidScope as error:
            draft.errors["scope"] = str(error)
        try:
            self.key = check_key(names.get("key", ""))
        except InvalidKey as error:
            draft.errors["key"] = str(error)

    def _conflict(self, draft: Draft) -> HttpResponseBase:
        draft.errors["key"] = _("There is an entry by this name already.")
        return self._show(draft)

    def _show(self, draft: Draft) -> HttpResponseBase:
        names = self.request.POST
        self.template = "admin/statestore/add.html"
        return self.page(
            title=_("Add entry"),
            draft=draft,
            asks_scope="scope" in draft.errors or self.request.path == self.url("add_scope", self.alias),
            given_scope=names.get("scope", ""),
            given_key=names.get("key", ""),
        )


class RawPage(Page):
    """The JSON text of a value or a part of it, byte for byte."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Return it as plain text, which no browser takes for a page."""
        record = self.store.records(self.scope, [self.key]).get(self.key)
        if record is None:
            raise Http404
        at = request.GET.get("at", "")
        text = encode(_find(record, at)) if at else record.text
        return HttpResponse(
            text, content_type="text/plain; charset=utf-8", headers={"X-Content-Type-Options": "nosniff"}
        )


def _text(record: Record) -> tuple[str, bool]:
    """Return a record's value as text to edit, and whether it is corrupt."""
    try:
        return pretty(decode(record.text)), False
    except ValueError:
        return raw_text(record.text), True


def _find(record: Record, at: str) -> Any:
    try:
        found = pointer.find(decode(record.text), pointer.parse(at))
    except ValueError as error:
        raise Http404(str(error)) from error
    if found is ABSENT:
        raise Http404(_("There is nothing at this place."))
    return found


def _parents(address: str, at: str) -> list[tuple[str, str]]:
    """Return the name and the link of every part around the one at ``at``."""
    tokens = pointer.parse(at)
    return [(token, part_link(address, pointer.join(tokens[:n]), 0)) for n, token in enumerate(tokens, 1)]


def _whole_text(text: str) -> SafeString:
    """Return a whole text as HTML, its lines as they are."""
    return mark_safe("\n".join(visible(line) for line in text.split("\n")))
