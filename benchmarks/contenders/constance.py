"""django-constance: settings by name, without scopes; here below its `config`, which would be slower still."""

from .base import Contender


class Constance(Contender):
    """One of its backends. It has no way to write many, list or remove."""

    is_peer = True
    backend = ""

    def open(self):
        from django.utils.module_loading import import_string

        self.store = import_string(f"constance.backends.{self.backend}")()
        return self

    def get(self, scope, key):
        return self.store.get(f"{scope}/{key}")

    def set(self, scope, key, value):
        self.store.set(f"{scope}/{key}", value)

    def get_list(self, scope, keys):
        found = self.store.mget([f"{scope}/{key}" for key in keys])
        return [found.get(f"{scope}/{key}") for key in keys]

    def set_many(self, scope, mapping):
        for key, value in mapping.items():
            self.store.set(f"{scope}/{key}", value)
