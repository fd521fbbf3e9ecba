"""``Scope``: what it does when somebody is quicker, and its awaited verbs. The rest is in the contract."""

import asyncio

import pytest
from asgiref.sync import async_to_sync, iscoroutinefunction

from statestore import ABSENT, MemoryStore
from statestore.backends.twins import AsyncVerbs
from statestore.scope import Scope


@pytest.fixture
def store():
    return MemoryStore("memory")


@pytest.fixture
def scope(store):
    return store.scope("user:1")


def overtaken(store, verb, by):
    """Let ``by`` happen once, just before the store does this verb."""
    really, pending = getattr(store, verb), [by]

    def overtake(*args, **kwargs):
        if pending:
            pending.pop()()
        return really(*args, **kwargs)

    setattr(store, verb, overtake)


def test_pop_answers_what_it_removed_and_not_what_was_there_before(scope, store):
    scope["a"] = "old"
    overtaken(store, "_remove", lambda: scope.set("a", "new"))
    assert scope.pop("a") == "new"
    assert "a" not in scope


def test_pop_of_what_somebody_else_popped_is_the_default(scope, store):
    scope["a"] = 1
    overtaken(store, "_remove", scope.delete)
    assert scope.pop("a", "gone") == "gone"


def test_setdefault_answers_the_winner(scope, store):
    overtaken(store, "_write", lambda: store.set("user:1", "a", "theirs"))
    assert scope.setdefault("a", "mine") == "theirs"
    assert dict(scope) == {"a": "theirs"}


def test_popitem_goes_on_to_the_next_when_one_was_taken(scope, store):
    scope.update(a=1, b=2)
    overtaken(store, "_read_to_change", lambda: MemoryStore.remove(store, "user:1", "a"))
    assert scope.popitem() == ("b", 2)


def test_items_and_values_are_one_round_trip(scope, store):
    scope.update(a=1, b=2)
    reads = []
    really = store._read
    store._read = lambda *args: reads.append(args) or really(*args)
    assert dict(scope.items()) == {"a": 1, "b": 2}
    assert sorted(scope.values()) == [1, 2]
    assert scope == {"a": 1, "b": 2}
    assert len(reads) == 3


def test_scope_shows_its_name_and_store(scope):
    assert repr(scope) == "<Scope 'user:1' in 'memory'>"


def test_scope_holds_nothing_but_its_store_and_name(scope):
    with pytest.raises(AttributeError):
        scope.anything = 1


def test_scopes_of_other_stores_are_others(scope):
    other = MemoryStore("memory").scope("user:1")
    assert scope != other
    assert scope == {} == other
    assert scope != []


def test_awaited_verbs_can_be_told_from_the_others():
    twins = [name for name in vars(AsyncVerbs) if hasattr(Scope, name) and not name.startswith("_")]
    assert "aget" in twins
    assert [name for name in twins if not iscoroutinefunction(getattr(Scope, name))] == []
    assert not iscoroutinefunction(Scope.get)


def test_awaited_verbs_do_what_the_others_do(scope):
    async def use():
        version = await scope.aset("a", 1)
        await asyncio.gather(*(scope.aincrement("n") for _ in range(5)))
        return [
            await scope.aget("a"),
            (await scope.aentry("a")).version == version,
            await scope.aupdate("a", lambda value: value + 1),
            await scope.aset_many({"b": {"x": 1}}) != version,
            await scope.aget(["b", "c"], ABSENT, at="/x"),
            await scope.akeys(),
            await scope.aremove("b", at="/x"),
            await scope.atouch(),
            await scope.asetdefault("d", 4),
            await scope.apop("d"),
            await scope.apop("d", 0),
            await scope.aclear(),
        ]

    assert async_to_sync(use)() == [1, True, 2, True, [1, ABSENT], ["a", "b", "n"], 1, True, 4, 4, 0, 3]
    with pytest.raises(KeyError):
        async_to_sync(scope.apop)("d")
