"""Any legal name has an address and an object id of the history, and each leads back to that name alone."""

import re

import pytest
from django.urls import resolve, reverse
from hypothesis import given
from hypothesis import strategies as st

from statestore.admin.addresses import NameConverter, from_object_id, to_object_id
from statestore.testing.contract.names import LEGAL, LOOKALIKES, NEIGHBOURS

NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=200).filter(
    lambda name: name not in (".", "..")
)
CONVERTER = NameConverter()


@given(NAMES)
def test_name_survives_its_segment(name):
    segment = CONVERTER.to_url(name)
    assert re.fullmatch(CONVERTER.regex, segment)
    assert CONVERTER.to_python(segment) == name


@pytest.mark.parametrize(
    "name", [".", "..", "...", "./..", "a/../b", "%2e%2e", "%", "~", "~~", "~2E", "//", "", "?#"]
)
def test_segment_says_nothing_to_a_browser_or_a_proxy(name):
    segment = CONVERTER.to_url(name)
    assert not set(segment) & set("/%?#&;\\")
    assert segment not in (".", "..")
    assert CONVERTER.to_python(segment) == name


@pytest.mark.parametrize("name", [*LEGAL, *LOOKALIKES], ids=lambda name: ascii(name)[:20])
def test_page_of_any_legal_name_is_found_again(name):
    found = resolve(reverse("admin:statestore_entry", args=["default", name, name]))
    assert found.url_name == "statestore_entry"
    assert (found.kwargs["scope"], found.kwargs["key"]) == (name, name)


def test_two_names_never_share_an_address():
    pairs = [*NEIGHBOURS, *((name, name) for name in {*LEGAL, *LOOKALIKES})]
    assert len({reverse("admin:statestore_entry", args=["default", *pair]) for pair in pairs}) == len(set(pairs))


def test_longest_names_fit_into_a_request_line():
    longest = "\U0001d4b3" * 200
    assert len(reverse("admin:statestore_raw", args=["default", longest, longest])) < 4000


@pytest.mark.parametrize("segment", ["~FF", "~~A", "~C3", "~~_w"])
def test_segment_that_says_no_name_leads_nowhere(segment, boss):
    assert boss.get(f"/admin/statestore/default/scope/{segment}/").status_code == 404


@given(st.lists(NAMES, min_size=1, max_size=3))
def test_object_id_leads_back_to_its_names(names):
    assert from_object_id(to_object_id(*names)) == names
