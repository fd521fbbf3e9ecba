"""What contenders have in common."""

from contextlib import suppress


class Contender:
    """One way to keep values by scope and key.

    It declares those of these verbs that it can: ``get(scope, key)``, ``set(scope, key, value)``,
    ``get_list(scope, keys)``, ``set_many(scope, mapping)``, ``keys(scope)`` sorted, ``delete(scope)``.
    """

    name = ""
    is_peer = False
    """Is it what others offer, neither ours nor a driver's calls written by hand?"""

    @classmethod
    def is_here(cls):
        """Say whether what it is made of is installed."""
        return True

    def open(self):
        """Connect, make tables; return the contender."""
        return self


class OurStore(Contender):
    """A store of ours, by its alias, with all rules on."""

    alias = ""

    def open(self):
        from statestore import stores

        store = stores[self.alias]
        store.open()
        self.get, self.get_list, self.set = store.get, store.get, store.set
        self.set_many, self.keys, self.delete = store.set_many, store.keys, store.delete
        return self


def check(contender):
    """Raise ``AssertionError`` unless the verbs do their work: what is compared must be alike in outcome."""
    scope, mapping = "check:1", {"b": {"x": [1, 2.5, None, "ü"]}, "a": "text"}
    has = {verb for verb in ("get", "set", "get_list", "set_many", "keys", "delete") if hasattr(contender, verb)}
    with suppress(AttributeError):
        contender.delete(scope)
    for key, value in mapping.items():
        contender.set(scope, key, "before")
        contender.set(scope, key, value)
        assert contender.get(scope, key) == value, contender.name
    if "set_many" in has:
        contender.set_many(scope, mapping)
    if "get_list" in has:
        assert list(contender.get_list(scope, ["a", "b"])) == [mapping["a"], mapping["b"]], contender.name
    if "keys" in has:
        assert contender.keys(scope) == ["a", "b"], contender.name
    if "delete" in has:
        contender.delete(scope)
        assert "keys" not in has or contender.keys(scope) == [], contender.name
