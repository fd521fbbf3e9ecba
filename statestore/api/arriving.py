"""The path of a request as it came, which Django under WSGI mends where it is no UTF-8. Loads no DRF."""

from importlib.util import find_spec
from typing import Any
from urllib.parse import quote_from_bytes

from django.core.signals import request_started

KEPT = "statestore.path"  # in the environment of the request


def keep_paths() -> None:
    """Have the paths of the requests to come kept, where there can be an API at all."""
    if find_spec("rest_framework"):
        request_started.connect(_keep, dispatch_uid=KEPT)


def path_as_it_came(request: Any) -> bytes | None:
    """Return the path of Django's request, percent-encoded; None where nobody knows it any more."""
    if not hasattr(request, "environ"):
        raw = request.scope.get("raw_path")
        return raw and raw.partition(b"?")[0]
    raw = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI")
    if raw:
        return raw.partition("?")[0].encode("latin-1", "replace")
    kept = request.environ.get(KEPT)
    return kept and quote_from_bytes(kept.encode("latin-1")).encode()


def _keep(environ: dict[str, Any] | None = None, **kwargs: Any) -> None:
    path = environ.get("PATH_INFO", "") if environ else ""
    if environ and ("%" in path or not path.isascii()):  # all others are as they came
        environ[KEPT] = path
