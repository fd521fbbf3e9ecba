"""Within one process."""

import orjson

from .base import Contender, OurStore
from .django_caches import DjangoCache


class Dict(Contender):
    """A dict of encoded bytes."""

    name = "dict of encoded bytes"

    def open(self):
        self.scopes = {}
        return self

    def get(self, scope, key):
        return orjson.loads(self.scopes[scope][key])

    def set(self, scope, key, value):
        self.scopes.setdefault(scope, {})[key] = orjson.dumps(value)

    def get_list(self, scope, keys):
        found = self.scopes[scope]
        return [orjson.loads(found[key]) for key in keys]

    def set_many(self, scope, mapping):
        self.scopes.setdefault(scope, {}).update({key: orjson.dumps(value) for key, value in mapping.items()})

    def keys(self, scope):
        return sorted(self.scopes.get(scope, ()))

    def delete(self, scope):
        self.scopes.pop(scope, None)


class Memory(OurStore):
    name = "statestore MemoryStore"
    alias = "memory"


class LocMem(OurStore):
    name = "statestore CacheStore on locmem"
    alias = "locmem"


class DjangoLocMem(DjangoCache):
    name = "Django LocMemCache"
    alias = "locmem"


CONTENDERS = [Dict, Memory, LocMem, DjangoLocMem]
