"""``StateStore``: the one interface, with every rule in it. Backends only fill in the hooks."""

from statestore.backends.many import Many
from statestore.backends.taking import Taking
from statestore.backends.twins import AsyncVerbs
from statestore.backends.walking import Walking
from statestore.names import check_scope
from statestore.scope import Scope


class StateStore(Many, Taking, Walking, AsyncVerbs):
    """Keeps JSON values by scope and key. Subclass it and write the hooks to make a store of your own."""

    def scope(self, name: str) -> Scope:
        """Return this store bound to one scope."""
        return Scope(self, check_scope(name))
