"""Who may use the API."""

from statestore import OwnScopes, Policy


class StaffAndOwners(OwnScopes):
    """Staff by their permissions; anybody who is signed in, what is their own."""

    def allows(self, request, action, store, scope):
        """Let through what either of the two policies lets through."""
        return super().allows(request, action, store, scope) or Policy.allows(self, request, action, store, scope)
