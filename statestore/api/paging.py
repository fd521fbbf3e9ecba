"""Pages of a listing, by the name that the one before ended with: writes in between move nothing."""

from base64 import b64decode, urlsafe_b64encode
from datetime import datetime
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from django.utils.encoding import escape_uri_path

from statestore.api.options import option
from statestore.api.problems import BadRequest
from statestore.api.query import since
from statestore.entries import ScopeInfo
from statestore.exceptions import UsageError
from statestore.names import check_scope


def to_cursor(name: str) -> str:
    """Return an opaque text that stands for the place behind ``name``."""
    return urlsafe_b64encode(name.encode()).decode().rstrip("=")


def from_cursor(cursor: str | None) -> str:
    """Return the name behind which a page begins, or raise ``BadRequest``."""
    if cursor is None:
        return ""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        name = check_scope(b64decode(padded, altchars=b"-_", validate=True).decode())
    except (ValueError, UsageError):
        name = ""
    if not name or to_cursor(name) != cursor:
        raise BadRequest("'cursor' is not one of this API.")
    return name


def page(view: Any, names: list[str] | None) -> tuple[list[ScopeInfo], str | None]:
    """Return one page of scopes and the URL of the next; ``names`` are all that may be shown, None for any."""
    query, size = view.query, option("PAGE_SIZE")
    prefix, after = query.one("prefix") or "", from_cursor(query.one("cursor"))
    idle = query.one("idle")
    used = None if idle is None else since(view.store, idle)
    if names is None:
        found = view.store.scopes(prefix, after=after, limit=size + 1, idle_since=used)
    else:
        found = _among(view.store, sorted(name for name in names if name.startswith(prefix) and name > after), used)
    infos = list(islice(found, size + 1))
    following = _next_url(view, infos[size - 1].name) if len(infos) > size else None
    return infos[:size], following


def _among(store: Any, names: list[str], used: datetime | None) -> Any:
    infos = (store.info(name) for name in names)
    return (info for info in infos if info and (used is None or info.updated_at < used))


def _next_url(view: Any, last: str) -> str:
    request = view.request
    given = {name: view.query.one(name) for name in ("prefix", "idle") if name in view.query}
    path = f"{escape_uri_path(request.path)}?{urlencode(given | {'cursor': to_cursor(last)})}"
    return request.build_absolute_uri(path)
