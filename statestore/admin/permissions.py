"""Who may do what: Django's permissions of the model ``Entry``, whatever store it is about."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

VERBS = ("view", "add", "change", "delete", "clean")


def may(request: HttpRequest, verb: str) -> bool:
    """Say whether the user has this permission; who may change may also look, as everywhere in the admin."""
    has = request.user.has_perm  # pyright: ignore[reportAttributeAccessIssue]
    return has(f"statestore.{verb}_entry") or (verb == "view" and has("statestore.change_entry"))


def require(request: HttpRequest, *verbs: str) -> None:
    """Raise ``PermissionDenied`` unless the user has all of these permissions."""
    if not all(may(request, verb) for verb in verbs):
        raise PermissionDenied


def rights(request: HttpRequest) -> dict[str, bool]:
    """Return every permission by its verb, for templates."""
    return {verb: may(request, verb) for verb in VERBS}
