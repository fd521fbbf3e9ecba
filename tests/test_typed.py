"""Typed keys and schemas: what is written fits its type, and what is read too."""

import dataclasses
import datetime as dt
import decimal
import enum
import json
import sys
import uuid
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pydantic
import pytest
from django.core.exceptions import ImproperlyConfigured
from pydantic.alias_generators import to_camel
from pydantic_core import core_schema
from typing_extensions import TypedDict  # pydantic wants this one before Python 3.12

from statestore import InvalidKey, InvalidValue, Key, MemoryStore, SchemaViolation, ValueTooLarge

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


class Holder(pydantic.BaseModel):
    data: dict[str, Any] = {}
    number: int = 0


class Renamed(pydantic.BaseModel):
    number: int = pydantic.Field(alias="No.")


class Closed(pydantic.BaseModel, extra="forbid"):
    number: int

    @pydantic.computed_field
    @property
    def double(self) -> int:
        return 2 * self.number


class Sloppy(pydantic.BaseModel):
    """Its defaults are not of their types, which pydantic lets pass."""

    share: float = 0
    price: decimal.Decimal = 1
    names: list[str] = ()
    home: pydantic.HttpUrl = "https://example.com"
    seen: set[str] = []
    day: dt.date = "2026-01-02"


class Camel(pydantic.BaseModel, alias_generator=to_camel, populate_by_name=True):
    first_name: str
    at_work: str = pydantic.Field("", serialization_alias="working")


class Plain:
    """A type of somebody's own, which has no equality."""

    def __init__(self, number):
        self.number = number

    @classmethod
    def __get_pydantic_core_schema__(cls, source, handler):
        to_number = core_schema.plain_serializer_function_ser_schema(lambda one: one.number)
        return core_schema.json_or_python_schema(
            core_schema.no_info_after_validator_function(cls, core_schema.int_schema()),
            core_schema.is_instance_schema(cls),
            serialization=to_number,
        )


class Array(Plain):
    """Asked whether it equals another, it answers for each of its members."""

    __hash__ = None

    def __eq__(self, other):
        raise ValueError("the truth of an array is ambiguous")


class Transient(pydantic.BaseModel):
    number: int = pydantic.Field(default=0, exclude=True)


class Secret(pydantic.BaseModel):
    word: pydantic.SecretStr


class Open(pydantic.BaseModel, extra="allow"):
    number: int


@dataclasses.dataclass
class Node:
    names: frozenset[str]
    below: list["Node"]
    looked_at: float = dataclasses.field(default=0.0, compare=False)


class Level(enum.IntEnum):
    HIGH = 1


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
        (dict[int, int], {1: 2}, {"1": 2}),
        (dict[dt.date, Level], {dt.date(2026, 1, 2): Level.HIGH}, {"2026-01-02": 1}),
        (Level, Level.HIGH, 1),
        (float, -0.0, -0.0),
        (bytes, b"ok", "ok"),
        (dt.timedelta, dt.timedelta(days=1, microseconds=1), "P1DT0.000001S"),
        (
            Node,
            Node(frozenset("a"), [Node(frozenset(), [])]),
            {"names": ["a"], "below": [{"names": [], "below": [], "looked_at": 0.0}], "looked_at": 0.0},
        ),
        (
            Holder,
            Holder(data={"a": [1, 1.0, None, {"b": True}]}),
            {"data": {"a": [1, 1.0, None, {"b": True}]}, "number": 0},
        ),
        (Renamed, Renamed(**{"No.": 1}), {"number": 1}),
        (Closed, Closed(number=1), {"number": 1}),
        (Open, Open(number=1, more=2), {"number": 1, "more": 2}),
        (Any, {"a": [1]}, {"a": [1]}),
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


LOOP: list[Any] = []
LOOP.append(LOOP)
NAN = float("nan")


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (NAN, ""),
        ({"x": NAN}, "/x"),
        ([0, {"a/b": float("inf")}], "/1/a~1b"),
        ({1: 2}, ""),
        ({"x": {True: 1, "true": 2}}, "/x"),
        ({"x": {1}}, "/x"),
        ([b"x"], "/0"),
        ([b"\xff"], "/0"),
        ([dt.date(2026, 1, 2)], "/0"),
        ([Level.HIGH], "/0"),
        ({"x": object()}, "/x"),
        ({"x": "\ud800"}, "/x"),
        ({"x": 2**63}, "/x"),
        (LOOP, "/0" * 64),
    ],
)
@pytest.mark.parametrize("kind", ["none", "Any", "object", "dict", "model"])
def test_a_type_lets_nothing_past_the_codec(store, kind, value, place):
    key = {
        "none": Key("k"),
        "Any": Key("k", type=list[Any]),
        "object": Key("k", type=object),
        "dict": Key("k", type=dict),
        "model": Key("k", type=Holder),
    }[kind]
    if kind == "Any":
        value, place = [value], f"/0{place}"[:128]
    if kind == "dict":
        value, place = {"v": value}, f"/v{place}"[: 2 * 64]
    if kind == "model":
        value, place = Holder.model_construct(data={"v": value}), f"/data/v{place}"
    with pytest.raises(InvalidValue) as caught:
        store.set(SCOPE, key, value)
    assert store.keys(SCOPE) == []
    assert (caught.value.scope, caught.value.key) == (SCOPE, "k")
    assert caught.value.pointer in ({place, None} if kind == "model" else {place})


def test_a_tuple_without_a_type_is_read_back_as_a_list(store):
    for key in (Key("k"), Key("k", type=dict), Key("k", type=dict[str, Any])):
        store.set(SCOPE, key, {"x": (1, (2,))})
        assert store.get(SCOPE, key) == {"x": [1, [2]]}
    holder = Key("h", type=Holder)
    store.set(SCOPE, holder, Holder(data={"x": (1,)}))
    assert store.get(SCOPE, holder).data == {"x": [1]}


def test_a_model_that_was_changed_into_what_does_not_fit_is_refused(store):
    key = Key("holder", type=Holder)
    version = store.set(SCOPE, key, Holder(number=1))
    holder = store.get(SCOPE, key)
    holder.number = "bad"
    with pytest.raises(SchemaViolation, match="/number") as caught:
        store.set(SCOPE, key, holder)
    assert caught.value.pointer == "/number"
    with pytest.raises(SchemaViolation, match="/number"):
        store.update(SCOPE, key, lambda current: setattr(current, "number", None) or current)
    assert store.entry(SCOPE, "holder").version == version


@pytest.mark.parametrize(
    ("kind", "value", "place"),
    [
        (Secret, Secret(word="x"), "/word"),
        (list[Secret], [Secret(word="x")], "/0/word"),
        (Transient, Transient(number=1), "/number"),
        (set, {Level.HIGH}, ""),
        (Holder, type("Below", (Holder,), {"__annotations__": {"more": int}})(more=1), ""),
        (bytes, b"\xff", ""),
    ],
)
def test_what_would_be_read_as_something_else_is_refused(store, kind, value, place):
    with pytest.raises(InvalidValue) as caught:
        store.set(SCOPE, Key("k", type=kind), value)
    assert (caught.value.pointer or "") == place
    assert store.keys(SCOPE) == []


def test_a_model_with_defaults_of_other_types_is_read_back_equal(store):
    key = Key("sloppy", type=Sloppy)
    store.set(SCOPE, key, Sloppy())
    known = Sloppy(share=0.0, price=decimal.Decimal(1), names=[], seen=set(), day=dt.date(2026, 1, 2))
    known.home = pydantic.HttpUrl("https://example.com")
    assert store.get(SCOPE, key) == known


def test_a_part_of_a_model_is_written_by_its_name_or_its_alias(store):
    key = Key("person", type=Camel)
    store.set(SCOPE, key, Camel(firstName="Ann", at_work="x"))
    assert store.get(SCOPE, "person") == {"first_name": "Ann", "at_work": "x"}
    store.set(SCOPE, key, "Bob", at="/first_name")
    assert store.get(SCOPE, key) == Camel(first_name="Bob", at_work="x")
    store.set(SCOPE, "person", {"firstName": "Eve"})
    assert store.get(SCOPE, key).first_name == "Eve"


@pytest.mark.parametrize("fold", [0, 1])
@pytest.mark.parametrize(("month", "day"), [(10, 25), (3, 29)])
def test_moment_in_an_hour_that_comes_twice_or_never_is_stored(store, month, day, fold):
    moment = dt.datetime(2026, month, day, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=fold)
    store.set(SCOPE, Key("k", type=dt.datetime), moment)
    found = store.get(SCOPE, Key("k", type=dt.datetime))
    assert (found.timestamp(), found.utcoffset()) == (moment.timestamp(), moment.utcoffset())


@pytest.mark.parametrize("kind", [Plain, Array])
def test_a_type_that_has_no_equality_is_stored(store, kind):
    key = Key("k", type=kind)
    store.set(SCOPE, key, kind(5))
    assert store.get(SCOPE, key).number == 5


@pytest.mark.parametrize(("kind", "text"), [(Transient, b"{}"), (Secret, b'{"word":"x"}')])
def test_what_can_only_be_read_is_passed_on_as_it_is_stored(store, kind, text):
    key = Key("k", type=kind)
    store.set(SCOPE, "k", json.loads(text))
    record = store.record(SCOPE, "k")
    assert store.sound(SCOPE, key, record) == record
    assert record.text == text


def test_a_large_value_of_a_type_is_too_large(store):
    for key in (Key("k"), Key("k", type=str)):
        with pytest.raises(ValueTooLarge):
            store.set(SCOPE, key, "x" * store.config.max_value_bytes)


@pytest.mark.parametrize("name", [5, None, b"x", ["x"], 1.5], ids=str)
def test_a_name_is_a_string(name):
    with pytest.raises(InvalidKey):
        Key(name, type=int)


def test_a_key_without_a_type_needs_no_pydantic(store, monkeypatch):
    monkeypatch.setitem(sys.modules, "pydantic", None)
    key = Key("k", default=[])
    assert store.get(SCOPE, key) == []
    store.set(SCOPE, key, [1])
    assert store.get(SCOPE, key) == store.update(SCOPE, key, lambda value: value) == [1]
    with pytest.raises(ImproperlyConfigured, match=r"statestore\[typed\]"):
        store.get(SCOPE, Key("k", type=int))


@pytest.mark.parametrize(
    "kind",
    [type("Ordinary", (), {}), 5, pydantic.TypeAdapter(int), len, lambda x: x],
    ids=["class", "number", "adapter", "builtin", "function"],
)
def test_what_is_no_type_is_said_to_be_none(store, kind):
    with pytest.raises(ImproperlyConfigured, match=r"Key\('k', type="):
        store.set(SCOPE, Key("k", type=kind), "x")
