"""Lengths of time."""

import math
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statestore import InvalidValue
from statestore.durations import MAX_TTL, check_ttl, parse_age


@pytest.mark.parametrize(
    ("ttl", "microseconds"),
    [
        (None, None),
        (1, 1_000_000),
        (0.5, 500_000),
        (1e-6, 1),
        (1e-9, 1),
        (5e-324, 1),
        (MAX_TTL, MAX_TTL * 1_000_000),
    ],
)
def test_ttl_is_seconds(ttl, microseconds):
    assert check_ttl(ttl) == microseconds


@given(st.integers(1, MAX_TTL) | st.floats(1e-6, MAX_TTL))
def test_ttl_is_exact_to_the_microsecond(ttl):
    assert abs(check_ttl(ttl) - ttl * 1_000_000) <= max(1, ttl * 1e-9)


@pytest.mark.parametrize(
    "ttl",
    [
        0, 0.0, -0.0, -1, -1e-9, math.nan, math.inf, -math.inf, True, False, "60", "", b"60", [], timedelta(1),
        Decimal(1), MAX_TTL + 1, 10**400, -(10**400),
    ],
)  # fmt: skip
def test_anything_else_is_no_ttl(ttl):
    with pytest.raises(InvalidValue, match="ttl"):
        check_ttl(ttl)


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("30d", timedelta(30)),
        ("1.5h", timedelta(hours=1.5)),
        ("90s", timedelta(seconds=90)),
        ("5m", timedelta(minutes=5)),
        ("2w", timedelta(14)),
        ("0s", timedelta(0)),
    ],
)
def test_age_is_a_number_with_its_unit(text, age):
    assert parse_age(text) == age


@pytest.mark.parametrize(
    "text",
    [
        "", "30", "d", "30 d", " 30d", "30d ", "-1d", "+1d", "1e3s", "30D", "30days", "1y", "\u0663d", "1,5h",
        ".5h", "1.h", "30d\n", "9" * 12 + "w", None, 30, b"30d",
    ],
)  # fmt: skip
def test_anything_else_is_no_age(text):
    with pytest.raises(InvalidValue):
        parse_age(text)
