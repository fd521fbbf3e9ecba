"""What goes wrong, as ``application/problem+json`` (RFC 9457)."""

import math
from http import HTTPStatus
from typing import Any

import orjson
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from rest_framework.exceptions import APIException
from rest_framework.views import set_rollback

from statestore import exceptions as ours
from statestore.api.jsonreply import JSONReply

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = 5  # seconds
STATUS: dict[type[Exception], int] = {
    ours.TooManyKeys: 413,
    ours.ValueTooLarge: 413,
    ours.InvalidScope: 400,
    ours.InvalidKey: 400,
    ours.InvalidValue: 409,  # of what is there: the caller's own mistakes were found before and are a BadRequest
    ours.SchemaViolation: 422,
    ours.VersionConflict: 412,
    ours.OperationDisabled: 405,
    ours.UnknownStore: 404,
    ours.ScopeUnavailable: 404,
    ours.StoreTimeout: 504,
    ours.StoreError: 503,
}
DJANGO_STATUS: dict[type[Exception], int] = {
    RequestDataTooBig: 413,
    SuspiciousOperation: 400,
    UnreadablePostError: 400,
    MultiPartParserError: 400,
    Http404: 404,
    PermissionDenied: 403,
    OperationalError: 503,
    InterfaceError: 503,
}
SENTENCES = {
    413: "The request is too large.",
    503: "The store is unavailable now.",
    504: "The store did not answer in time: the change may or may not have been made.",
}


class BadRequest(APIException):
    """The request is wrong by itself, whatever is stored. ``pointer`` names the place in the body."""

    status_code = 400
    default_detail = "The request is malformed."

    def __init__(self, detail: str | None = None, **members: Any) -> None:
        super().__init__(detail)
        self.members = members


class Missing(BadRequest):
    """There is no such thing."""

    status_code = 404
    default_detail = "There is no such resource."


class Conflict(BadRequest):
    """What is stored does not fit the request."""

    status_code = 409
    default_detail = "What is stored does not fit the request."


class TooLarge(BadRequest):
    """The request is larger than the API takes."""

    status_code = 413
    default_detail = "The request is too large."


class Encoded(BadRequest):
    """The body is compressed, or otherwise encoded (RFC 9110, section 12.5.3)."""

    status_code = 415
    default_detail = "The body is taken without a Content-Encoding."
    headers = {"Accept-Encoding": "identity"}


def respond(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """Return the response for an exception of a view; None for one that nobody foresaw."""
    response = _response(error)
    if response is not None:
        set_rollback()
        if response.status_code in {405, 415}:
            context["view"].tell_what_is_understood(response)
    return response


def problem(status: int, detail: str, kind: str = "about:blank", **members: Any) -> HttpResponse:
    """Return a response that says what is wrong; members that are None are left out."""
    body = {"type": kind, "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    body |= {name: value for name, value in members.items() if value is not None}
    return JSONReply(orjson.dumps(body), status=status, content_type=MEDIA_TYPE)


def _response(error: Exception) -> HttpResponse | None:
    if isinstance(error, ours.StateStoreError):
        return _of_store(error)
    if isinstance(error, APIException):
        return _of_framework(error)
    status = _by_class(DJANGO_STATUS, error)
    if status is None:
        return None
    return _wait(problem(status, SENTENCES.get(status, f"{HTTPStatus(status).description or 'No'}.")))


def _of_store(error: ours.StateStoreError) -> HttpResponse:
    status = _by_class(STATUS, error) or 503
    detail = SENTENCES[status] if isinstance(error, ours.StoreUnavailable) else str(error)
    place = {name: getattr(error, name) for name in ("pointer", "scope", "key")}
    return _wait(problem(status, detail, f"urn:statestore:{_kebab(type(error).__name__)}", **_texts(place)))


def _of_framework(error: APIException) -> HttpResponse:
    detail = str(error.detail) if not isinstance(error.detail, dict | list) else error.default_detail
    response = problem(error.status_code, str(detail), **getattr(error, "members", {}))
    for name, value in getattr(error, "headers", {}).items():
        response.headers[name] = value
    if header := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = header
    wait = getattr(error, "wait", None)
    if wait is not None:
        response["Retry-After"] = str(math.ceil(wait))
    return response


def _by_class(table: dict[type[Exception], int], error: Exception) -> int | None:
    return next((table[kind] for kind in type(error).__mro__ if kind in table), None)


def _wait(response: HttpResponse) -> HttpResponse:
    if response.status_code == 503:
        response["Retry-After"] = str(RETRY_AFTER)
    return response


def _texts(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if isinstance(value, str)}


def _kebab(name: str) -> str:
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).removeprefix("-")
