"""What may be a name, and how scopes relate to one another."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statestore import InvalidKey, InvalidScope
from statestore.names import (
    Active,
    check_key,
    check_prefix,
    check_scope,
    family,
    is_active,
    leading,
    prefix_end,
)

LEGAL = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=200).filter(
    lambda text: text not in (".", "..")
)
CHECKS = [(check_scope, InvalidScope), (check_key, InvalidKey)]
checks = pytest.mark.parametrize(("check", "refusal"), CHECKS, ids=["scope", "key"])


@checks
@given(name=LEGAL)
def test_legal_name_passes_as_it_is(check, refusal, name):
    assert check(name) == name


@checks
@given(name=st.text(st.characters(categories=["Cc", "Cs"]), min_size=1, max_size=3), around=st.text(max_size=5))
def test_control_characters_and_surrogates_are_refused_wherever_they_are(check, refusal, name, around):
    with pytest.raises(refusal):
        check(around + name + around)


@checks
def test_exactly_the_control_characters_are_refused(check, refusal):
    bad, good = [], []
    for letter in map(
        chr, [*range(0x3000), *range(0xD7F0, 0xE010), *range(0xFE00, 0x10010), *range(0xE0000, 0xE0080)]
    ):
        (bad if unicodedata.category(letter) in ("Cc", "Cs") else good).append(letter)
    for letter in bad:
        with pytest.raises(refusal):
            check(f"a{letter}")
    for start in range(0, len(good), 200):
        check("".join(good[start : start + 200]))


@checks
@pytest.mark.parametrize("length", [0, 201, 1000])
def test_length_is_1_to_200_code_points(check, refusal, length):
    with pytest.raises(refusal, match=f"not {length}"):
        check("\U0001f600" * length)


@checks
def test_error_says_what_is_wrong_and_shows_it_briefly(check, refusal):
    with pytest.raises(refusal, match="position 1"):
        check("a\nb")
    with pytest.raises(refusal, match="not a bytes"):
        check(b"a")
    with pytest.raises(refusal) as caught:
        check("x" * 100_000)
    assert len(str(caught.value)) < 200
    assert str(caught.value).isascii()


@checks
def test_text_of_another_class_becomes_plain_text(check, refusal):
    class Name(str):
        __slots__ = ()

    assert type(check(Name("a"))) is str


@pytest.mark.parametrize("text", ["", ".", "..", "a", "user:", " "])
def test_prefix_may_also_be_nothing_or_dots(text):
    assert check_prefix(text) == text


@pytest.mark.parametrize("text", ["\x00", "\ud800", "x" * 201, None, 5, b""])
def test_prefix_of_no_name_is_refused(text):
    with pytest.raises(InvalidScope):
        check_prefix(text)


def test_family_is_the_first_segment():
    assert [family(scope) for scope in ("user:42", "user", "a:b:c", ":a", "user:")] == [
        "user",
        "user",
        "a",
        "",
        "user",
    ]


def test_leading_segments_come_shortest_first():
    assert list(leading("a:b:c")) == ["a", "a:b", "a:b:c"]
    assert list(leading("a")) == ["a"]
    assert list(leading("a::b")) == ["a", "a:", "a::b"]


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        ("n1", True), ("n1:f7", True), ("n1:f7:x", True), ("n1:", True), ("n12", False), ("n12:f7", False),
        ("f7", False), ("f7:n1", False), ("N1", False), ("n", False), ("n1 ", False), ("global", True),
        ("global:x", False), ("Global", False),
    ],
)  # fmt: skip
def test_active_id_covers_its_scope_and_what_lies_below(scope, covered):
    assert is_active(scope, {"n1"}) is covered


SCOPES = st.lists(st.text("ab:", min_size=1, max_size=6) | st.just("global"))


@given(ids=SCOPES, names=SCOPES)
def test_active_ids_know_of_many_names_what_each_is(ids, names):
    assert Active(ids).others(names) == [name for name in names if not is_active(name, set(ids))]


@given(prefix=st.text(max_size=5), text=st.text(max_size=5))
def test_prefix_end_is_the_first_text_after_all_that_begin_so(prefix, text):
    end = prefix_end(prefix)
    if end is None:
        assert prefix.strip("\U0010ffff") == ""
    else:
        assert prefix < end
        assert not end.startswith(prefix)
        assert prefix + text < end
        assert (prefix <= text < end) == text.startswith(prefix)


def test_prefix_end_skips_the_surrogates():
    assert prefix_end("a\ud7ff") == "a\ue000"
    assert prefix_end("a\U0010ffff") == "b"
    assert prefix_end("") is prefix_end("\U0010ffff") is None
