"""Export and import of scopes as JSON lines."""

import logging
from collections.abc import AsyncIterator, Iterable, Iterator
from functools import partial
from typing import Any, BinaryIO, cast

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.contrib.admin.models import CHANGE
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils.html import format_html
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from statestore.admin import history
from statestore.admin.base import Page
from statestore.admin.permissions import require
from statestore.admin.tree import name_html
from statestore.backends.base import StateStore
from statestore.loading import FAIL, REPLACE, SKIP, Loader, lines_of
from statestore.logs import event
from statestore.names import check_prefix, check_scope
from statestore.transfer import BadLine, begun, dump, dump_scope

CHUNK = 64 * 1024
NOTED = 1000  # scopes of one import or export that the history names
IF_EXISTS = {
    SKIP: gettext_lazy("Leave what exists"),
    REPLACE: gettext_lazy("Replace what exists"),
    FAIL: gettext_lazy("Stop at the first entry that exists"),
}

logger = logging.getLogger("statestore")


class LeftOut:
    """The scopes with entries that can't be read, which an export is without: logged, and told to who asked."""

    def __init__(self, request: HttpRequest, alias: str) -> None:
        self._request, self._alias = request, alias
        self._scopes: list[str] = []

    def __call__(self, scope: str, key: str | None, why: str) -> None:
        """Take in one entry, or a scope of which some can't be read."""
        if self._scopes[-1:] != [scope]:
            self._scopes.append(scope)
            told = event("export_incomplete", store=self._alias, scope=scope)
            logger.warning("An export leaves out entries of a scope: they can't be read.", extra=told)

    def noted(self, lines: Iterator[bytes]) -> Iterator[bytes]:
        """Yield these lines, then write into the history what was left out."""
        yield from lines
        named = [(self._alias, scope) for scope in self._scopes[:NOTED]]
        history.note(self._request, CHANGE, named, "Exported without the entries that can't be read.")

    def say(self) -> None:
        """Leave a message about what is known by now, which is all unless the export is long."""
        if not self._scopes:
            return
        said = ngettext(
            "Entries of {scope} that can't be read are left out of the export.",
            "Entries of {n} scopes that can't be read are left out of the export, the first is {scope}.",
            len(self._scopes),
        )
        said = format_html(said, n=len(self._scopes), scope=name_html(self._scopes[0]))
        messages.warning(self._request, said)


def export(request: HttpRequest, store: StateStore, alias: str, scopes: list[str]) -> StreamingHttpResponse:
    """Return the download of these scopes."""
    checked = [check_scope(name) for name in scopes]
    store.records(checked[0], [])  # is reading switched on? Nothing is touched
    name = checked[0] if len(checked) == 1 else "scopes"
    left_out = LeftOut(request, alias)
    lines = (line for scope in checked for line in dump_scope(store, scope, on_corrupt=left_out))
    return _download(request, lines, left_out, f"{alias}-{name}")


def _download(request: HttpRequest, lines: Iterator[bytes], left_out: LeftOut, name: str) -> StreamingHttpResponse:
    chunks: Any = begun(_chunks(left_out.noted(lines)))
    left_out.say()
    if isinstance(request, ASGIRequest):
        chunks = _async(chunks)
    response = StreamingHttpResponse(chunks, content_type="application/x-ndjson")
    filename = f"{name}.jsonl".replace("/", "_").replace("\\", "_")
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=filename)
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _chunks(lines: Iterable[bytes]) -> Iterator[bytes]:
    waiting, size = [], 0
    for line in lines:
        waiting.append(line)
        size += len(line)
        if size >= CHUNK:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


async def _async(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    advance = sync_to_async(partial(next, chunks, None))
    while (chunk := await advance()) is not None:
        yield chunk


class ExportPage(Page):
    """Download one scope, or all whose names start with a prefix."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Return the download."""
        if self.scope:
            if not self.store.keys(self.scope):
                raise Http404(_("There is no such scope."))
            return export(request, self.store, self.alias, [self.scope])
        prefix = check_prefix(request.GET.get("q", ""))
        self.store.records("global", [])
        self.store.open()
        left_out = LeftOut(request, self.alias)
        lines = dump(self.store, prefix=prefix, on_corrupt=left_out)
        return _download(request, lines, left_out, f"{self.alias}-{prefix.rstrip(':') or 'all'}")


class ImportPage(Page):
    """Load a dump into this store."""

    template = "admin/statestore/import.html"
    needs = ("view", "add")
    verb = ("SET", "set")

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Show the form."""
        return self._form()

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Load the file; the page says what was loaded, and where it stopped."""
        file, if_exists = request.FILES.get("file"), request.POST.get("if_exists", "")
        if file is None or if_exists not in IF_EXISTS:
            return self._form(problem=_("Choose a file, and what is to happen with what exists."))
        if if_exists == REPLACE:
            require(request, "change")
        written: dict[str, None] = {}
        loader = Loader(self.store, if_exists=if_exists, on_written=lambda scope, _key: written.setdefault(scope))
        try:
            loader.load(lines_of(cast("BinaryIO", file), self.store))
        except BadLine as error:
            return self._form(problem=str(error), loaded=loader.loaded)
        finally:
            self._note(written)
        self.say(messages.SUCCESS, said(loader))
        return self.go("scopes", self.alias)

    def _note(self, written: dict[str, None]) -> None:
        named = [(self.alias, scope) for scope in list(written)[:NOTED]]
        history.note(self.request, CHANGE, named, "Imported entries.")
        if len(written) > NOTED:
            message = f"Imported entries of {len(written)} scopes; {NOTED} of them are named."
            history.note(self.request, CHANGE, [(self.alias,)], message)

    def _form(self, **extra: Any) -> HttpResponseBase:
        chosen = self.request.POST.get("if_exists") or SKIP
        choices = [(word, label, word == chosen) for word, label in IF_EXISTS.items()]
        return self.page(title=_("Import"), choices=choices, **extra)


def said(loader: Loader) -> str:
    """Return what a load did, as a sentence."""
    done = loader.loaded
    parts = [ngettext("%d entry was imported", "%d entries were imported", done.written) % done.written]
    if done.skipped:
        parts.append(ngettext("%d exists and was left", "%d exist and were left", done.skipped) % done.skipped)
    if done.expired:
        parts.append(ngettext("%d has expired", "%d have expired", done.expired) % done.expired)
    return f"{', '.join(parts)}."
