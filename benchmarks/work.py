"""The work that is measured: what each verb is asked to do, with which values."""

import random
from itertools import cycle, islice

ALPHABET = "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ äöüß…0123456789"
VARIANTS = 4  # of every value, so that a write changes something
KEYS = [f"key-{number:03}" for number in range(100)]
SIZES = {"100 B": 100, "2 KB": 2_000, "90 KB": 90_000}


def values(size):
    """Return a few different JSON objects of about ``size`` bytes, always the same ones."""
    chance = random.Random(size)
    return [_value(chance, size) for _ in range(VARIANTS)]


def _value(chance, size):
    if size <= 100:
        return {"name": _text(chance, 30), "count": chance.randrange(10**6), "on": True, "rate": chance.random()}
    return {"title": _text(chance, 40), "nodes": [_node(chance) for _ in range(size // 190)]}


def _node(chance):
    return {
        "id": f"{chance.getrandbits(64):016x}",
        "label": _text(chance, 60),
        "at": [chance.randrange(2000), chance.randrange(2000)],
        "wires": [f"{chance.getrandbits(64):016x}"],
        "share": chance.random(),
        "on": chance.random() < 0.5,
        "note": None,
    }


def _text(chance, length):
    return "".join(chance.choices(ALPHABET, k=length))


class Work:
    """One verb with values of one size, on one contender; ``burst(n)`` does it n times."""

    method = ""
    keys = KEYS

    def __init__(self, contender, size):
        self.contender = contender
        self.verb = getattr(contender, self.method)
        self.scope = f"{type(self).__name__}:{size}".lower().replace(" ", "-")
        self.values = values(SIZES[size])
        if size == "90 KB":
            self.keys = KEYS[:4]
        self.begin()

    def begin(self):
        """Make what the verb will find."""
        if hasattr(self.contender, "delete"):
            self.contender.delete(self.scope)
        self.contender.set_many(self.scope, dict(zip(self.keys, cycle(self.values))))

    def prepare(self, n):
        """Make ready for a burst, off the clock."""

    def burst(self, n):
        raise NotImplementedError


class Get(Work):
    method = "get"

    def burst(self, n):
        verb, scope = self.verb, self.scope
        for key in islice(cycle(self.keys), n):
            verb(scope, key)


class Set(Work):
    method = "set"

    def burst(self, n):
        verb, scope = self.verb, self.scope
        for key, value in islice(zip(cycle(self.keys), cycle(self.values[1:])), n):
            verb(scope, key, value)


class GetList(Work):
    method = "get_list"
    count = 0

    def begin(self):
        super().begin()
        self.wanted = self.keys[: self.count]

    def burst(self, n):
        verb, scope, wanted = self.verb, self.scope, self.wanted
        for _ in range(n):
            verb(scope, wanted)


class Get10(GetList):
    count = 10


class Get100(GetList):
    count = 100


class SetMany(Work):
    method = "set_many"
    count = 0

    def begin(self):
        super().begin()
        turns = [islice(cycle(self.values), turn, None) for turn in range(VARIANTS)]
        self.mappings = [dict(zip(self.keys[: self.count], turn, strict=False)) for turn in turns]

    def burst(self, n):
        verb, scope = self.verb, self.scope
        for mapping in islice(cycle(self.mappings), n):
            verb(scope, mapping)


class Set10(SetMany):
    count = 10


class Set100(SetMany):
    count = 100


class Keys(Work):
    method = "keys"

    def burst(self, n):
        verb, scope = self.verb, self.scope
        for _ in range(n):
            verb(scope)


class Delete(Work):
    """Removes scopes of ten entries."""

    method = "delete"
    keys = KEYS[:10]

    def prepare(self, n):
        mapping = dict(zip(self.keys, cycle(self.values)))
        for number in range(n):
            self.contender.set_many(f"{self.scope}:{number}", mapping)

    def burst(self, n):
        verb, scope = self.verb, self.scope
        for number in range(n):
            verb(f"{scope}:{number}")


VERBS = {
    "get": Get,
    "set": Set,
    "get 10": Get10,
    "get 100": Get100,
    "set 10": Set10,
    "set 100": Set100,
    "keys": Keys,
    "delete": Delete,
}
CELLS = [
    *((verb, "100 B") for verb in VERBS),
    *((verb, "2 KB") for verb in ("get", "set", "get 100", "set 100")),
    *((verb, "90 KB") for verb in ("get", "set")),
]
