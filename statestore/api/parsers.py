"""The parsers: one for JSON, one for each kind of patch. All read the same strict JSON."""

import re
from typing import Any

from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import BaseParser

from statestore.api.options import option
from statestore.api.problems import BadRequest, Encoded, TooLarge
from statestore.api.strictjson import loads
from statestore.exceptions import shown

MADE_UP = "text/plain"  # which runserver says for a request that has no media type
_UTF8 = re.compile(r"""\s*(?:charset\s*=\s*["']?utf-?8["']?)?\s*""", re.IGNORECASE)


class StrictJSONParser(BaseParser):
    """``application/json`` in UTF-8."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return the value in the stream, or raise ``BadRequest``."""
        return loads(stream.read())


class MergePatchParser(StrictJSONParser):
    """``application/merge-patch+json`` (RFC 7396)."""

    media_type = "application/merge-patch+json"


class JSONPatchParser(StrictJSONParser):
    """``application/json-patch+json`` (RFC 6902)."""

    media_type = "application/json-patch+json"


def read_json(request: Any, kinds: list[type[StrictJSONParser]]) -> tuple[type[StrictJSONParser], Any]:
    """Return the body of Django's request with the parser that its media type chose; 415 if none did.

    A body that is not there needs no media type to be wrong.
    """
    if request.META.get("CONTENT_TYPE", "") not in {"", MADE_UP} and _announced(request) != 0:
        _kind(request, kinds)
    text = read_body(request)
    return read_json_of(request, text, kinds) if text else (kinds[0], loads(text))


def read_json_of(
    request: Any, text: bytes, kinds: list[type[StrictJSONParser]]
) -> tuple[type[StrictJSONParser], Any]:
    """``read_json`` of a body that was read already."""
    return _kind(request, kinds), loads(text)


def read_body(request: Any) -> bytes:
    """Return the bytes of the body: 413 if they are too many, 400 if they do not all come."""
    limit, announced = option("MAX_BODY_BYTES"), _announced(request)
    if announced is not None and announced > limit:
        raise TooLarge(f"The body has {announced:,} bytes; this API takes {limit:,}.")
    stream = _stream(request, announced)
    try:
        body = stream.read(limit + 1)
    except Exception:  # noqa: BLE001 (of a chunk that is none every server makes an error of its own)
        raise BadRequest("The body could not be read.") from None
    if len(body) > limit:
        raise TooLarge(f"The body has more than {limit:,} bytes.")
    if announced is not None and len(body) < announced:
        raise BadRequest("The body ended before the length that was announced.")
    return body


def _kind(request: Any, kinds: list[type[StrictJSONParser]]) -> type[StrictJSONParser]:
    if request.META.get("HTTP_CONTENT_ENCODING", "").strip().lower() not in {"", "identity"}:
        raise Encoded
    given = request.META.get("CONTENT_TYPE") or ""
    media_type, _, parameters = given.partition(";")
    for kind in kinds:
        if media_type.strip().lower() == kind.media_type and _UTF8.fullmatch(parameters):
            return kind
    wanted = " or ".join(kind.media_type for kind in kinds)
    raise UnsupportedMediaType(given, f"The body is {wanted} in UTF-8, not {shown(given)}.")


def _announced(request: Any) -> int | None:
    text = request.META.get("CONTENT_LENGTH") or ""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise BadRequest("Content-Length is not a number of bytes.")
    return int(text)


def _stream(request: Any, announced: int | None) -> Any:
    """Return what to read the body from. Django reads nothing where no length was announced."""
    environ = getattr(request, "environ", None)
    if environ is None or announced is not None or not environ.get("HTTP_TRANSFER_ENCODING"):
        return request
    if not environ.get("wsgi.input_terminated"):
        raise BadRequest("This server takes no body without a Content-Length.")
    return environ["wsgi.input"]
