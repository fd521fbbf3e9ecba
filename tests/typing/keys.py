"""What mypy and pyright must know of typed keys; read by them, never run."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal, TypedDict, assert_type

from statestore import Key, Scope, State, StateContext, StateStore, get_context, store, stores


class Address(TypedDict):
    city: str


@dataclass
class Point:
    x: int


theme = Key("theme", type=Literal["light", "dark"], default="light")
port = Key("port", type=int, default=8080)
age = Key("age", type=int)
born = Key("born", type=dt.date)
home = Key("home", type=Address)
points = Key("points", type=list[Point], default=[])
either = Key("either", type=int | str, default=1)
free = Key("free")

assert_type(store, StateStore)
assert_type(stores["fast"], StateStore)


def through_the_store() -> None:
    assert_type(store.get("user:1", theme), Literal["light", "dark"])
    assert_type(store.get("user:1", port), int)
    assert_type(store.get("user:1", age), int | None)
    assert_type(store.get("user:1", age, "?"), int | str)
    assert_type(store.get("user:1", born), dt.date | None)
    assert_type(store.get("user:1", home), Address | None)
    assert_type(store.get("user:1", points), list[Point])
    assert_type(store.get("user:1", either), int | str)
    assert_type(store.get("user:1", free), Any)
    assert_type(store.get("user:1", "plain"), Any)
    assert_type(store.get("user:1", home, at="/city"), Any)
    assert_type(store.get("user:1", [theme, port]), list[Any])
    assert_type(store.update("user:1", port, lambda number: number + 1), int)
    assert_type(store.update("user:1", age, lambda years: (years or 0) + 1), int)
    assert_type(store.update("user:1", "plain", lambda value: value), Any)
    assert_type(store.keys("user:1"), list[str])
    assert_type(store.set("user:1", theme, "dark", ttl=60), str)


def through_a_scope(scope: Scope) -> None:
    assert_type(scope.get(theme), Literal["light", "dark"])
    assert_type(scope.get(age), int | None)
    assert_type(scope.get(age, "?"), int | str)
    assert_type(scope.get("plain"), Any)
    assert_type(scope.get([theme, port]), list[Any])
    assert_type(scope[theme], Literal["light", "dark"])
    assert_type(scope["plain"], Any)
    assert_type(scope.pop(port), int)
    assert_type(scope.update(port, lambda number: number + 1), int)
    assert_type(scope.update({"a": 1}), None)
    assert_type(scope.keys(), list[str])


async def awaited(scope: Scope) -> None:
    assert_type(await store.aget("user:1", theme), Literal["light", "dark"])
    assert_type(await store.aget("user:1", age), int | None)
    assert_type(await store.aget("user:1", "plain"), Any)
    assert_type(await store.akeys("user:1"), list[str])
    assert_type(await store.aupdate("user:1", port, lambda number: number + 1), int)
    assert_type(await scope.aget(theme), Literal["light", "dark"])
    assert_type(await scope.aget(age, 0), int)
    assert_type(await scope.akeys(), list[str])


def through_the_context(request: object) -> None:
    context = get_context(request)
    assert_type(context, StateContext)
    assert_type(context.user, Scope)
    assert_type(context["tenant"], Scope)
    assert_type(context.user.get(theme), Literal["light", "dark"])
    assert_type(context.lookup(theme, "session", "user"), Literal["light", "dark"])
    assert_type(context.lookup(age), int | None)
    assert_type(context.lookup("plain"), Any)


class Checkout(State):
    step: int = 1


def as_one_class(scope: Scope) -> None:
    with Checkout(scope) as checkout:
        assert_type(checkout.step, int)
        checkout.step += 1
    assert_type(Checkout(scope).load(), Checkout)
