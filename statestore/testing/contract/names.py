"""Rule 3: what may be a name, and that two names are two names."""
# ruff: noqa: S101 (a suite of tests, shipped)

from statestore.exceptions import InvalidKey, InvalidScope
from statestore.testing.contract.calls import BY_KEY, BY_SCOPE, each
from statestore.testing.contract.suite import Suite

ASTRAL = "\U0001d4b3"
LEGAL = [
    "x", "x" * 200, ASTRAL * 200, "é" * 200, " ", "  two  ", "a.b/c d", "...", "./..", ":", "::a:", "~", "~1",
    "*", "?", "[a-z]", "{tag}", "}{", "%", "%s", "_", "\\", "\\\\", "'", '"', "''; --", "`", "|", "#", "&amp;",
    "null", "0", "-1", "True", "global", "index", "\u00a0", "\u200b", "\u202e", "\u2028", "\ufeff", "\ufffe",
    "\uffff", "\ue000", "\U0010ffff", "\ud7ff",
]  # fmt: skip
ILLEGAL = [
    "", ".", "..", "x" * 201, ASTRAL * 201, "\x00", "a\x00b", "a\n", "\t", "a\x1f", "\x7f", "\x80", "a\x85", "\x9f",
    "\ud800", "a\udfff", None, 5, 1.5, True, b"bytes", 10**5000, {"a": 1}, object(),
]  # fmt: skip
HASHABLE = [name for name in ILLEGAL if type(name) is not dict]  # set_many takes keys of a dict
LOOKALIKES = [
    "a", "A", "a ", " a", "a  ", "\u00e1", "a\u0301", "\u00e0", "\uff41", "\u0430", "a\u200b", "a\u00ad",
    "\u00aa", "a.", "ss", "\u00df", "SS", "\u1e9e", "i", "I", "\u0131", "\u0130", "i\u0307", "\u212b", "\u00c5",
    "A\u030a", "\u2126", "\u03a9", "\ufb01", "fi", "\u03c3", "\u03c2", "1", "\u00b9", "\u0661", "01", "1.0",
    "1 ", "\u304b", "\u30ab", "\uff76", "\U0001f600", "\U0001f601", "\ufffd", "?", "%", "_", "*", "a%", "a_",
    "a*", "[a]", "\\", "\\\\", "{a}", "{a}b", "{b}a", "{}", "a:", ":a", "a:b", "a::b", "a:b:", "b:a", "a/b",
    "a\u2215b",
]  # fmt: skip
NEIGHBOURS = [  # pairs of (scope, key) that a careless address would mix up
    ("a", "b:c"), ("a:b", "c"), ("a:", "b:c"), ("a", ":b:c"), ("a:b:", "c"), ("a::b", "c"), ("a", "b::c"),
    ("{a}", "b"), ("a", "{b}"), ("{a", "}b"), ("a}", "{b"), ("a|b", "c"), ("a", "b|c"), ("a/b", "c"), ("a", "b/c"),
    ("a%3Ab", "c"), ("a.b", "c"), ("a", "b.c"), ("a b", "c"), ("a", "b c"), ("ab", "c"), ("a", "bc"), ("1:a", "b"),
    ("a~1b", "c"), ("a_b", "c"), ("a", "b_c"), ("a-b", "c"), ("a", "b-c"), ("a#b", "c"), ("a", "b#c"),
]  # fmt: skip


class Names(Suite):
    def test_legal_name_is_stored_and_listed_as_it_is(self, store):
        for name in LEGAL:
            store.set(name, name, 1)
            assert store.get(name, name) == 1
            assert store.get_many(name) == {name: 1}
            assert store.keys(name) == [name]
            assert [info.name for info in store.scopes()] == [name]
            assert store.delete(name) == 1

    @each(BY_KEY)
    def test_illegal_name_is_refused_before_the_store_is_touched(self, store, refuses, call):
        for name in ILLEGAL:
            refuses(InvalidScope, call, store, name, "k")
        for name in HASHABLE:
            refuses(InvalidKey, call, store, "s", name)

    @each(BY_SCOPE)
    def test_illegal_scope_is_refused_by_verbs_of_a_whole_scope(self, store, refuses, call):
        for name in ILLEGAL:
            refuses(InvalidScope, call, store, name)

    def test_scope_of_an_illegal_name_is_refused(self, bare, refuses):
        for name in ILLEGAL:
            refuses(InvalidScope, bare.scope, name)

    def test_error_names_the_scope_or_key(self, store, refuses):
        assert refuses(InvalidScope, store.get, "a\x00", "k").scope == "a\x00"
        assert refuses(InvalidKey, store.get, "s", "a\x00").key == "a\x00"

    def test_one_bad_key_among_good_ones_refuses_all(self, store, refuses):
        refuses(InvalidKey, store.get, "s", ["a", ""])
        refuses(InvalidKey, store.get_many, "s", ["a", 5])
        refuses(InvalidKey, store.remove, "s", ["a", "\x00"])

    def test_names_that_look_alike_are_two_keys(self, store):
        values = {name: number for number, name in enumerate(LOOKALIKES)}
        store.set_many("s", values)
        assert store.get_many("s") == values
        assert store.get("s", LOOKALIKES) == list(range(len(LOOKALIKES)))
        assert store.keys("s") == sorted(LOOKALIKES)
        for name in LOOKALIKES[::2]:
            assert store.get("s", name) == values[name]
        assert store.remove("s", LOOKALIKES[::2]) == len(LOOKALIKES[::2])
        assert store.keys("s") == sorted(LOOKALIKES[1::2])

    def test_names_that_look_alike_are_two_scopes(self, store):
        for number, name in enumerate(LOOKALIKES):
            store.set(name, "k", number)
        assert [store.get(name, "k") for name in LOOKALIKES] == list(range(len(LOOKALIKES)))
        assert [info.name for info in store.scopes()] == sorted(LOOKALIKES)
        assert [store.delete(name) for name in LOOKALIKES[::2]] == [1] * len(LOOKALIKES[::2])
        assert [info.name for info in store.scopes()] == sorted(LOOKALIKES[1::2])

    def test_no_two_pairs_of_scope_and_key_share_an_address(self, store):
        for number, (scope, key) in enumerate(NEIGHBOURS):
            store.set(scope, key, number)
        assert [store.get(scope, key) for scope, key in NEIGHBOURS] == list(range(len(NEIGHBOURS)))
        for scope, key in NEIGHBOURS:
            assert store.remove(scope, key) == 1
        assert list(store.scopes()) == []

    def test_text_of_another_class_is_its_text(self, store):
        class Name(str):
            __slots__ = ()

            def __str__(self):
                return "other"

        store.set(Name("s"), Name("k"), 1)
        assert store.get("s", "k") == 1
        assert store.get(Name("s"), [Name("k")]) == [1]
        assert store.get_many(Name("s"), [Name("k")]) == {"k": 1}
        assert list(map(type, store.keys("s"))) == [str]
