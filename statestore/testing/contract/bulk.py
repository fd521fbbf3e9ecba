"""Rule 6: many keys in one call, at most 1,000."""
# ruff: noqa: S101 (a suite of tests, shipped)

from statestore.exceptions import InvalidKey, TooManyKeys, ValueTooLarge
from statestore.testing.contract.suite import Suite

THOUSAND = [f"k{number:04}" for number in range(1000)]
TOO_MANY = [*THOUSAND, "one more"]


class Bulk(Suite):
    def test_a_thousand_keys_go_in_one_call(self, store):
        store.set("s", THOUSAND, list(range(1000)))
        assert store.get("s", THOUSAND) == list(range(1000))
        store.set_many("s", dict.fromkeys(THOUSAND, "x"))
        assert store.get_many("s", THOUSAND) == store.get_many("s") == dict.fromkeys(THOUSAND, "x")
        assert store.keys("s") == THOUSAND
        assert [(info.entries, info.bytes) for info in store.scopes()] == [(1000, 3000)]
        assert store.remove("s", THOUSAND) == 1000
        assert list(store.scopes()) == []

    def test_more_are_refused_before_anything_is_touched(self, store, refuses):
        for call in (
            lambda: store.get("s", TOO_MANY),
            lambda: store.get("s", tuple(TOO_MANY)),
            lambda: store.get_many("s", TOO_MANY),
            lambda: store.set("s", TOO_MANY, 1),
            lambda: store.set_many("s", dict.fromkeys(TOO_MANY)),
            lambda: store.remove("s", TOO_MANY),
        ):
            error = refuses(TooManyKeys, call)
            assert isinstance(error, InvalidKey)
            assert isinstance(error, ValueTooLarge)

    def test_repeated_keys_count_too(self, store, refuses):
        assert store.get("s", ["k"] * 1000, 0) == [0] * 1000
        refuses(TooManyKeys, store.get, "s", ["k"] * 1001)

    def test_scope_may_have_more_than_a_thousand_entries(self, store):
        store.set_many("s", dict.fromkeys(THOUSAND, 1))
        store.set_many("s", dict.fromkeys([f"l{number:04}" for number in range(1000)], 2))
        assert len(store.get_many("s")) == len(store.keys("s")) == 2000
        assert store.delete("s") == 2000

    def test_of_a_key_set_twice_the_last_value_stays(self, store):
        store.set("s", ["a", "b", "a"], [1, 2, 3])
        assert store.get_many("s") == {"a": 3, "b": 2}
