"""Who may do what. The policy is asked by names alone, before any store is: what is there makes no difference."""

from typing import Any

PERMISSIONS = {
    "view": "statestore.view_entry",
    "change": "statestore.change_entry",
    "delete": "statestore.delete_entry",
    "clean": "statestore.clean_entry",
}


class Policy:
    """Staff, each by the permissions on statestore's entries. Subclass it to say otherwise: one method is enough.

        class Ours(Policy):
            def allows(self, request, action, store, scope):
                return scope == "global" and action == "view" or super().allows(request, action, store, scope)

    ``STATESTORE["API"]["POLICY"]`` names the class.
    """

    def allows(self, request: Any, action: str, store: str, scope: str | None) -> bool:
        """Say whether the request may ``view``, ``change``, ``delete`` or ``clean`` a scope of a store.

        ``scope`` is None for the store as a whole: to list its scopes (view) and to clean it (clean).
        """
        user = request.user
        return bool(user and user.is_active and user.is_staff and user.has_perm(PERMISSIONS[action]))

    def listed(self, request: Any, store: str) -> list[str] | None:
        """Return the scopes that a listing may show to one who may not see all of the store, None for none."""
        return None


class ReadOnly(Policy):
    """Staff may read what their permissions let them see; nobody writes. Put it before another policy to have
    that one without its writes: ``class Mine(ReadOnly, OwnScopes)``."""

    def allows(self, request: Any, action: str, store: str, scope: str | None) -> bool:
        """Let nothing through but reading."""
        return action == "view" and super().allows(request, action, store, scope)


class OwnScopes(Policy):
    """A signed-in person reaches the scope ``user:<own id>`` and nothing else."""

    def allows(self, request: Any, action: str, store: str, scope: str | None) -> bool:
        """Let everything through to the person's own scope."""
        return scope is not None and scope == own_scope(request)

    def listed(self, request: Any, store: str) -> list[str] | None:
        """Return the one scope."""
        own = own_scope(request)
        return None if own is None else [own]


def own_scope(request: Any) -> str | None:
    """Return the scope of the signed-in person, or None."""
    user = request.user
    if not (user and user.is_authenticated and user.is_active and user.pk is not None):
        return None
    return f"user:{user.pk}"
