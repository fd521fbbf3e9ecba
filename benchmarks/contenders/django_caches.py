"""Django's cache API, which knows no scopes: a key for every entry."""

from .base import Contender


class DjangoCache(Contender):
    """A cache by its alias, told to keep things for ever."""

    is_peer = True
    alias = ""

    def open(self):
        from django.core.cache import caches

        self.cache = caches[self.alias]
        return self

    def get(self, scope, key):
        return self.cache.get(f"{scope}/{key}")

    def set(self, scope, key, value):
        self.cache.set(f"{scope}/{key}", value, None)

    def get_list(self, scope, keys):
        found = self.cache.get_many([f"{scope}/{key}" for key in keys])
        return [found.get(f"{scope}/{key}") for key in keys]

    def set_many(self, scope, mapping):
        self.cache.set_many({f"{scope}/{key}": value for key, value in mapping.items()}, None)
