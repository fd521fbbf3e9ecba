"""Several keys of a scope as one class."""

import datetime as dt
from typing import ClassVar, Literal

import pydantic
import pytest
from asgiref.sync import async_to_sync

from statestore import InvalidValue, MemoryStore, SchemaViolation, State

SCOPE = "session:1"


class Checkout(State):
    step: int = 1
    items: list[str] = []
    delivery: Literal["post", "shop"] = "post"
    coupon: str | None = None
    on: dt.date
    steps: ClassVar[int] = 3
    _private: int = 0


class Prefixed(State, prefix="checkout."):
    step: int = 1


class Longer(Prefixed):
    gift: bool = False


@pytest.fixture
def store():
    return MemoryStore("state")


@pytest.fixture
def scope(store):
    return store.scope(SCOPE)


@pytest.fixture
def asked(store, monkeypatch):
    """The hooks that were called, by name."""
    store.open()
    found = []
    for name in ("_read", "_read_one", "_write", "_remove"):
        hook = getattr(store, name)
        monkeypatch.setattr(store, name, lambda *args, name=name, hook=hook: found.append(name) or hook(*args))
    return found


def test_all_is_read_in_one_round_trip_when_something_is_asked_for(scope, asked):
    checkout = Checkout(scope)
    assert asked == []
    assert (checkout.step, checkout.items, checkout.delivery, checkout.coupon) == (1, [], "post", None)
    assert asked == ["_read"]
    assert checkout.steps == 3


def test_what_changed_is_written_in_one_round_trip_and_nothing_else(scope, asked):
    checkout = Checkout(scope)
    checkout.step += 1
    checkout.items.append("tea")
    checkout.on = dt.date(2026, 1, 2)
    version = checkout.save()
    assert asked == ["_read", "_write"]
    assert scope.get_many() == {"step": 2, "items": ["tea"], "on": "2026-01-02"}
    assert scope.entry("step").version == version
    assert checkout.save() is None
    assert asked.count("_write") == 1
    assert Checkout(scope).on == dt.date(2026, 1, 2)


def test_two_who_change_different_keys_do_not_undo_each_other(scope):
    one, other = Checkout(scope).load(), Checkout(scope).load()
    one.step, other.delivery = 2, "shop"
    one.save()
    other.save()
    assert scope.get_many() == {"step": 2, "delivery": "shop"}


def test_what_was_set_before_the_first_read_stays_set(scope):
    scope.set_many({"step": 5, "delivery": "shop"})
    checkout = Checkout(scope)
    checkout.step = 7
    assert (checkout.delivery, checkout.step) == ("shop", 7)
    assert checkout.save()
    assert scope["step"] == 7
    assert checkout.load().step == 7


def test_what_was_saved_unread_does_not_hide_the_rest(scope):
    scope.set("delivery", "shop")
    checkout = Checkout(scope)
    checkout.step = 2
    checkout.save()
    assert (checkout.delivery, checkout.step) == ("shop", 2)


def test_defaults_are_not_shared(scope):
    Checkout(scope).items.append("x")
    assert Checkout(scope).items == []


@pytest.mark.parametrize("attribute", ["on", "nothing", "_private"])
def test_what_has_no_value_is_an_attribute_error(scope, asked, attribute):
    checkout = Checkout(scope)
    if attribute == "_private":
        assert checkout._private == 0
        return
    for _ in range(2):
        with pytest.raises(AttributeError, match=attribute):
            getattr(checkout, attribute)
    assert asked == ["_read"] * (attribute == "on")


def test_what_is_not_declared_can_not_be_set(scope):
    with pytest.raises(AttributeError, match="stepp"):
        Checkout(scope).stepp = 2


def test_what_does_not_fit_is_refused_and_nothing_is_written(scope):
    checkout = Checkout(scope)
    checkout.step, checkout.delivery = 2, "drone"
    with pytest.raises(SchemaViolation, match=r"delivery.*post.*shop"):
        checkout.save()
    assert scope.keys() == []
    checkout.load().on = "tomorrow"
    with pytest.raises(SchemaViolation, match="session:1 / on"):
        checkout.save()
    scope.set("step", "two")
    with pytest.raises(SchemaViolation, match="step"):
        Checkout(scope).load()


def test_a_prefix_keeps_groups_apart_and_subclasses_inherit(scope):
    state = Longer(scope)
    state.step, state.gift = 2, True
    state.save(ttl=60)
    assert scope.get_many() == {"checkout.step": 2, "gift": True}
    assert scope.entry("gift").expires_at is not None
    assert Prefixed(scope).step == 2


def test_a_block_saves_at_its_end_unless_it_fails(scope):
    with Checkout(scope) as checkout:
        checkout.step = 2
    assert scope["step"] == 2
    with pytest.raises(ZeroDivisionError), Checkout(scope) as checkout:
        checkout.step = 1 / 0
    assert scope["step"] == 2


def test_clear_removes_its_keys_and_no_other(scope):
    scope.set_many({"step": 2, "delivery": "shop", "theirs": 1})
    checkout = Checkout(scope)
    assert checkout.step == 2
    assert checkout.clear() == 2
    assert checkout.step == 1
    assert scope.keys() == ["theirs"]


def test_awaited_it_does_the_same(scope):
    async def work():
        async with Checkout(scope) as checkout:
            checkout.step += 1
        assert (await Checkout(scope).aload()).step == 2
        return await Checkout(scope).aclear()

    assert async_to_sync(work)() == 1


def test_it_shows_what_it_knows(scope):
    assert repr(Checkout(scope)) == f"<Checkout in {scope!r}>"
    state = Prefixed(scope)
    assert state.step == 1
    assert repr(state) == f"<Prefixed in {scope!r}: step=1>"


class Token(pydantic.BaseModel):
    word: pydantic.SecretStr


class Access(State):
    token: Token
    step: int = 1


def test_what_can_only_be_read_is_no_hindrance_to_the_rest(store, scope):
    store.set(SCOPE, "token", {"word": "x"})
    access = Access(scope)
    assert access.token.word.get_secret_value() == "x"
    access.step = 2
    access.save()
    assert store.get_many(SCOPE) == {"token": {"word": "x"}, "step": 2}
    access.token = Token(word=pydantic.SecretStr("y"))
    with pytest.raises(InvalidValue, match="session:1 / token"):
        access.save()
    assert store.get(SCOPE, "token") == {"word": "x"}
