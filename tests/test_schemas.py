"""SCHEMAS: types for a whole store, what they make of typed keys, and that no mistake in them passes unsaid."""

import dataclasses
import datetime as dt
import sys
from typing import Annotated, Any, ClassVar, Literal, NotRequired

import pydantic
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from typing_extensions import TypedDict  # pydantic wants this one before Python 3.12

from statestore import Key, MemoryStore, SchemaViolation, checks

MEMORY = {"BACKEND": "statestore.backends.MemoryStore"}
SCOPE = "user:1"


class UserState(TypedDict):
    theme: Literal["light", "dark"]
    born: dt.date
    age: NotRequired[Annotated[int, pydantic.Field(gt=0)]]
    size: Annotated[NotRequired[int], pydantic.Field(gt=0)]


class Declared:
    kind: ClassVar[str] = "device"
    port: Annotated[int, pydantic.Field(lt=65536)]


@dataclasses.dataclass
class Started:
    port: int
    secret: dataclasses.InitVar[str] = ""


class Ordinary:
    pass


class Later(pydantic.BaseModel):
    never: "Nowhere"  # noqa: F821 (that is the mistake)


def store_with(schemas):
    return MemoryStore("schemas", {"SCHEMAS": schemas})


def said_of(schemas):
    """What the checks say of a store with these SCHEMAS."""
    with override_settings(STATESTORE={"STORES": {"default": {**MEMORY, "SCHEMAS": schemas}}}):
        found = checks.check_settings()
    assert {message.id for message in found} <= {"statestore.E016"}
    return [message.msg for message in found]


def test_schemas_speak_for_a_whole_store():
    store = store_with({"user:*": UserState, "cart:*": {"*": int}, "flag": {"on": "builtins.bool"}, "d": Declared})
    store.set("user:1", "born", dt.date(2000, 1, 1))
    assert store.get_many("user:1") == {"born": dt.date(2000, 1, 1)}
    assert store.set("user:1:more", "unknown", "free")
    for scope, key, value in [
        ("user:1", "theme", 5),
        ("user:1:x", "theme", 5),
        ("user:1", "age", 0),
        ("user:1", "size", 0),
        ("cart:9", "any", "x"),
        ("flag", "on", 1),
        ("d", "port", 65536),
    ]:
        with pytest.raises(SchemaViolation):
            store.set(scope, key, value)
    assert store.set("users:1", "theme", 5)
    assert store.set("user", "theme", 5)
    assert store.set("user:1", "age", 1)
    assert store.set("d", "kind", 1)


@pytest.mark.parametrize("key", [Key("n"), Key("n", default=7)], ids=["bare", "default"])
def test_a_key_without_a_type_has_that_of_the_schema_and_its_own_default(key):
    store = store_with({"user:*": {"n": int}})
    with pytest.raises(SchemaViolation):
        store.set(SCOPE, key, "text")
    assert store.get(SCOPE, key) == key.default
    store.set(SCOPE, key, 1)
    assert store.get(SCOPE, key) == 1


def test_what_a_typed_key_writes_fits_the_schema_too():
    store = store_with({"user:*": {"n": int, "day": str, "free": Any}})
    small, text = Key("n", type=Literal[1, 2]), Key("n", type=str)
    for key, value in [(text, "text"), (text, 1), (small, 3), (small, "text")]:
        with pytest.raises(SchemaViolation):
            store.set(SCOPE, key, value)
    assert store.keys(SCOPE) == []
    store.set_many(SCOPE, {small: 2, Key("day", type=dt.date): dt.date(2026, 1, 2), Key("free", type=int): 5})
    assert store.get_many(SCOPE) == {"n": 2, "day": "2026-01-02", "free": 5}
    assert store.get(SCOPE, Key("day", type=dt.date)) == dt.date(2026, 1, 2)
    assert store.update(SCOPE, small, lambda number: number - 1) == 1
    with pytest.raises(SchemaViolation):
        store.increment(SCOPE, small, 5)
    store.set(SCOPE, "n", 3)
    with pytest.raises(SchemaViolation):
        store.get(SCOPE, small)


@pytest.mark.parametrize(
    ("schemas", "place"),
    [
        ({"user:*": {"theme": Ordinary}}, "SCHEMAS['user:*']: Key('theme'"),
        ({"user:*": {"theme": 5}}, "SCHEMAS['user:*']: Key('theme'"),
        ({"user:*": {"theme": object()}}, "SCHEMAS['user:*']: Key('theme'"),
        ({"user:*": {"theme": pydantic.TypeAdapter(int)}}, "SCHEMAS['user:*']: Key('theme'"),
        ({"user:*": {"theme": "os.path.join"}}, "SCHEMAS['user:*']: Key('theme'"),
        ({"user:*": {"theme": Later}}, "SCHEMAS['user:*']: Key('theme'"),
        ({"user:*": {"theme": Key("theme", type=5)}}, "SCHEMAS['user:*']: Key('theme'"),
        ({"user:*": {"theme": "no.such.Theme"}}, "SCHEMAS['user:*']['theme']: 'no.such.Theme'"),
        ({"user:*": {5: int}}, "SCHEMAS['user:*'][5]: A key is a string"),
        ({"user:*": {5: Key("theme")}}, "SCHEMAS['user:*'][5]: A key is a string"),
        ({"user:*": {"": int}}, "SCHEMAS['user:*']['']: A key has 1 to 200"),
        ({"": {"theme": str}}, "SCHEMAS['']: A scope has 1 to 200"),
        ({5: {"theme": str}}, "SCHEMAS[5]: A scope is a string"),
        ({"user:**": {"theme": str}}, "SCHEMAS['user:**']: * stands for a whole segment"),
        ({"user*": {"theme": str}}, "SCHEMAS['user*']: * stands for a whole segment"),
        ({"user:*": 5}, "SCHEMAS['user:*'] is a dict of types"),
        ({"user:*": Ordinary}, "SCHEMAS['user:*'] is a dict of types"),
        ({"user:*": "os.path.join"}, "SCHEMAS['user:*'] is a dict of types"),
        ({"user:*": "no.such.Types"}, "SCHEMAS['user:*']: 'no.such.Types'"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_is_no_riddle_when_it_is_met(schemas, place):
    (said,) = said_of(schemas)
    assert said.startswith(f"STATESTORE['STORES']['default']: {place}")
    store = store_with(schemas)
    with pytest.raises(ImproperlyConfigured):
        store.set(SCOPE, "theme", "x")


def test_every_mistake_is_told():
    assert len(said_of({"a": {"x": Ordinary, "y": 5, "z": int}, "b:**": {"x": int}, "c": {"x": str}})) == 3


@pytest.mark.parametrize(
    "schemas",
    [{"user:*": UserState}, {"user:*": Declared}, {"user:*": {}}, {"*": {"*": Any}}, {"a::b": {"x": int}}],
)
def test_what_is_right_passes(schemas):
    assert said_of(schemas) == []


def test_types_without_pydantic_are_a_mistake_that_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydantic", None)
    (said,) = said_of({"user:*": {"theme": str}})
    assert "install statestore[typed]" in said
    with pytest.raises(ImproperlyConfigured, match=r"statestore\[typed\]"):
        store_with({"user:*": {"theme": str}}).set(SCOPE, "theme", "x")
    assert said_of({"user:*": {"theme": Any}}) == []


def test_what_a_class_takes_only_to_start_is_no_key():
    assert said_of({"s": Started}) == []
    assert store_with({"s": Started}).set("s", "secret", 5)
