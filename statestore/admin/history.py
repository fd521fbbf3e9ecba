"""The admin's history: who changed what when. Names of scopes and keys go in, values never."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import unquote
from django.contrib.contenttypes.models import ContentType
from django.core.paginator import Paginator
from django.db import router, transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from statestore.admin.addresses import from_object_id, to_object_id
from statestore.admin.base import Page
from statestore.admin.tree import plain
from statestore.models import Entry

PER_PAGE = 100
ADDED, DELETED = '[{"added": {}}]', ""  # as the admin itself writes them


def together() -> AbstractContextManager[Any]:
    """Let a change and its history be final together, where the store is in the database of the history."""
    return transaction.atomic(using=router.db_for_write(LogEntry))


def note(request: Any, action: int, objects: Iterable[tuple[str, ...]], message: str = "") -> None:
    """Write down that the user did this to these objects, each a store, a store and a scope, or those and a key."""
    LogEntry.objects.bulk_create([line(request, action, names, message) for names in objects], batch_size=500)


def line(request: Any, action: int, names: tuple[str, ...], message: str) -> LogEntry:
    """Return such a line, not yet written down."""
    return LogEntry(
        user_id=request.user.pk,
        content_type=ContentType.objects.get_for_model(Entry),
        object_id=to_object_id(*names),
        object_repr=plain(" / ".join(names))[:200],
        action_flag=action,
        change_message=message,
    )


class HistoryPage(Page):
    """What was done to a scope and its entries."""

    template = "admin/statestore/history.html"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Show it, the latest first."""
        whole = to_object_id(self.alias, self.scope)
        found = (
            LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(Entry))
            .filter(Q(object_id=whole) | Q(object_id__startswith=f"{whole}|"))
            .select_related("user")
            .order_by("-action_time", "-pk")
        )
        page = Paginator(found, PER_PAGE).get_page(request.GET.get("p"))
        # The database may take letters for others that look alike; these are the ones.
        page.object_list = [one for one in page.object_list if self._is_mine(one)]
        return self.page(title=_("Change history"), action_list=page)

    def _is_mine(self, logged: Any) -> bool:
        names = from_object_id(logged.object_id or "")
        logged.key = names[2] if len(names) > 2 else ""
        return names[:2] == [self.alias, self.scope]


class LoggedObject(Page):
    """Where "Recent actions" leads to: the place that a line of the history is about."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Redirect to the store, the scope or the entry."""
        names = from_object_id(unquote(self.kwargs["object_id"]))
        if not 1 <= len(names) <= 3 or not all(names):
            raise Http404
        return self.go(("scopes", "scope", "entry")[len(names) - 1], *names)
