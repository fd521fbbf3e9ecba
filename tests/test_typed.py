"""Typed keys and schemas: what is written fits its type, and what is read too."""

import dataclasses
import datetime as dt
import decimal
import enum
import uuid
from typing import Literal

import pydantic
import pytest
from typing_extensions import TypedDict  # pydantic wants this one before Python 3.12

from statestore import Key, MemoryStore, SchemaViolation

SCOPE = "user:1"
THEME = Key("theme", type=Literal["light", "dark"], default="light")


class Colour(enum.Enum):
    RED = "red"


class Address(TypedDict):
    city: str
    zip: int


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0


class Profile(pydantic.BaseModel):
    name: str
    born: dt.date


@pytest.fixture
def store():
    return MemoryStore("typed")


def test_a_typed_key_goes_wherever_a_name_goes(store):
    store.set(SCOPE, THEME, "dark")
    assert store.get(SCOPE, THEME) == store.get(SCOPE, "theme") == "dark"
    assert store.get(SCOPE, [THEME, "other"]) == ["dark", None]
    assert store.get_many(SCOPE, [THEME]) == {"theme": "dark"}
    assert store.entry(SCOPE, THEME).value == "dark"
    assert store.keys(SCOPE) == ["theme"]
    assert type(store.keys(SCOPE)[0]) is str
    store.set_many(SCOPE, {THEME: "light", "other": 1})
    store.set(SCOPE, [THEME, "other"], ["dark", 2])
    assert store.scope(SCOPE)[THEME] == "dark"
    assert store.remove(SCOPE, [THEME]) == 1


def test_a_missing_value_reads_as_the_keys_default(store):
    assert store.get(SCOPE, THEME) == "light"
    assert store.get(SCOPE, THEME, "dark") == "dark"
    assert store.get(SCOPE, [THEME, "other"]) == ["light", None]
    first, second = (store.get(SCOPE, Key("list", type=list, default=[])) for _ in range(2))
    assert first == second == []
    assert first is not second


@pytest.mark.parametrize("write", ["set", "set_many", "pair", "update", "part"])
def test_what_does_not_fit_is_refused_and_nothing_changes(store, write):
    version = store.set(SCOPE, THEME, "dark")
    with pytest.raises(SchemaViolation, match=r"light.*dark"):
        {
            "set": lambda: store.set(SCOPE, THEME, "purple"),
            "set_many": lambda: store.set_many(SCOPE, {"a": 1, THEME: "purple"}),
            "pair": lambda: store.set(SCOPE, ["a", THEME], [1, "purple"]),
            "update": lambda: store.update(SCOPE, THEME, lambda theme: theme.upper()),
            "part": lambda: store.set(SCOPE, THEME, "purple", at=""),
        }[write]()
    assert store.entry(SCOPE, "theme").version == version
    assert store.keys(SCOPE) == ["theme"]


def test_nothing_is_coerced(store):
    with pytest.raises(SchemaViolation):
        store.set(SCOPE, Key("port", type=int), "8080")
    with pytest.raises(SchemaViolation):
        store.set(SCOPE, Key("name", type=str), 5)


def test_a_stored_value_that_does_not_fit_is_an_error_that_says_why(store):
    store.set(SCOPE, "theme", "purple")
    with pytest.raises(SchemaViolation, match=r"theme.*light") as caught:
        store.get(SCOPE, THEME)
    assert (caught.value.scope, caught.value.key) == (SCOPE, "theme")
    assert "purple" not in str(caught.value)


def test_on_invalid_answers_instead(store):
    lenient = Key("theme", type=Literal["light", "dark"], on_invalid=lambda stored: f"not {stored}")
    store.set(SCOPE, "theme", "purple")
    assert store.get(SCOPE, lenient) == "not purple"


@pytest.mark.parametrize(
    ("kind", "value", "stored"),
    [
        (dt.date, dt.date(2026, 1, 2), "2026-01-02"),
        (dt.datetime, dt.datetime(2026, 1, 2, tzinfo=dt.UTC), "2026-01-02T00:00:00Z"),
        (decimal.Decimal, decimal.Decimal("1.10"), "1.10"),
        (uuid.UUID, uuid.UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        (Colour, Colour.RED, "red"),
        (Point, Point(1, 2), {"x": 1, "y": 2}),
        (Address, {"city": "Ulm", "zip": 89073}, {"city": "Ulm", "zip": 89073}),
        (Profile, Profile(name="A", born=dt.date(2000, 1, 1)), {"name": "A", "born": "2000-01-01"}),
        (tuple[int, str], (1, "a"), [1, "a"]),
        (set[int], {1}, [1]),
        (dict[str, list[int]], {"a": [1]}, {"a": [1]}),
    ],
)
def test_types_survive_the_round_trip(store, kind, value, stored):
    key = Key("value", type=kind)
    store.set(SCOPE, key, value)
    assert store.get(SCOPE, "value") == stored
    assert store.get(SCOPE, key) == value
    assert type(store.get(SCOPE, key)) is type(value)
    assert store.update(SCOPE, key, lambda current: current) == value
    store.set(SCOPE, key, stored)  # the plain JSON of a value, as another program writes it
    assert store.get(SCOPE, key) == value


def test_parts_and_counters_work_on_typed_keys(store):
    port = Key("port", type=int, default=8080)
    assert store.increment(SCOPE, port) == 1
    home = Key("home", type=Address)
    store.set(SCOPE, home, {"city": "Ulm", "zip": 1})
    store.set(SCOPE, home, 2, at="/zip")
    assert store.get(SCOPE, home) == {"city": "Ulm", "zip": 2}
    assert store.get(SCOPE, home, at="/zip") == 2
    with pytest.raises(SchemaViolation, match="/zip"):
        store.set(SCOPE, home, "x", at="/zip")
    with pytest.raises(SchemaViolation):
        store.remove(SCOPE, home, at="/zip")


class UserState(TypedDict):
    theme: Literal["light", "dark"]
    born: dt.date


def test_schemas_speak_for_a_whole_store():
    store = MemoryStore(
        "typed",
        {"SCHEMAS": {"user:*": UserState, "cart:*": {"*": int}, "flag": {"on": "builtins.bool"}}},
    )
    store.set("user:1", "born", dt.date(2000, 1, 1))
    assert store.get_many("user:1") == {"born": dt.date(2000, 1, 1)}
    assert store.set("user:1:more", "unknown", "free")
    for scope, key, value in [
        ("user:1", "theme", 5),
        ("user:1:x", "theme", 5),
        ("cart:9", "any", "x"),
        ("flag", "on", 1),
    ]:
        with pytest.raises(SchemaViolation):
            store.set(scope, key, value)
    assert store.set("users:1", "theme", 5)
    assert store.set("user", "theme", 5)
