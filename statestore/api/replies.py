"""Answers that are JSON."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from django.http import HttpResponse

from statestore.api.conditions import etag
from statestore.api.jsonreply import JSONReply
from statestore.entries import Record, ScopeInfo

MEDIA_TYPE = "application/json"


def text_reply(text: bytes, status: int = 200, version: str | None = None) -> HttpResponse:
    """Return JSON text as a response, with the entity tag of ``version``."""
    return _tagged(JSONReply(text, status=status, content_type=MEDIA_TYPE), version)


def reply(data: Any, status: int = 200, version: str | None = None) -> HttpResponse:
    """Return plain data as a response."""
    return text_reply(orjson.dumps(data), status, version)


def bare_reply(status: int, version: str | None = None) -> HttpResponse:
    """Return a response without a body."""
    response = _tagged(HttpResponse(status=status), version)
    del response.headers["Content-Type"]
    return response


def members(records: Mapping[str, Record]) -> bytes:
    """Return the JSON object of these records, their text as it is stored."""
    return b"{%s}" % b",".join(b"%s:%s" % (orjson.dumps(key), record.text) for key, record in records.items())


def described(info: ScopeInfo) -> dict[str, Any]:
    """Return what a listing says of a scope."""
    return {
        "name": info.name,
        "entries": info.entries,
        "bytes": info.bytes,
        "updated_at": instant(info.updated_at),
    }


def instant(when: datetime) -> str:
    """Return a moment in UTC as ISO 8601."""
    return when.isoformat().replace("+00:00", "Z")


def _tagged(response: HttpResponse, version: str | None) -> HttpResponse:
    if version is not None:
        response.headers["ETag"] = etag(version)
    return response
