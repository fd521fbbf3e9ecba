"""The nouns."""

import copy
import pickle
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statestore import ABSENT, Entry, ScopeInfo
from statestore.entries import KEEP_TTL, STORE_TTL, Record, Stamp, summary, to_datetime, to_moment

LATEST = to_moment(datetime(9999, 12, 31, tzinfo=UTC))


@given(st.integers(0, LATEST))
def test_moment_and_datetime_are_the_same_to_the_microsecond(moment):
    assert to_moment(to_datetime(moment)) == moment
    assert to_datetime(moment).tzinfo is UTC


def test_moment_knows_time_zones():
    east = datetime(2024, 1, 1, 12, tzinfo=timezone(timedelta(hours=5)))
    assert to_datetime(to_moment(east)) == datetime(2024, 1, 1, 7, tzinfo=UTC)


@pytest.mark.parametrize("thing", [Stamp("v", 0, 100), Record(b"1", "v", 0, 100)])
def test_expiry_is_the_first_moment_that_is_too_late(thing):
    assert [thing.is_live(now) for now in (0, 99, 100, 101)] == [True, True, False, False]
    assert thing._replace(expires_at=None).is_live(LATEST)


def test_summary_counts_only_what_lives():
    records = [Record(b"1", "a", 10, None), Record(b"null", "b", 20, 50), Record(b"xx", "c", 30, 40)]
    assert summary("s", records, None, 39) == ScopeInfo("s", 3, 7, to_datetime(30))
    assert summary("s", records, None, 40) == ScopeInfo("s", 2, 5, to_datetime(20))
    assert summary("s", records, 35, 50) == ScopeInfo("s", 1, 1, to_datetime(35))
    assert summary("s", records, 5, 50) == ScopeInfo("s", 1, 1, to_datetime(10))
    assert summary("s", records[1:], 99, 50) is None
    assert summary("s", [], 99, 50) is None


@pytest.mark.parametrize("sentinel", [ABSENT, STORE_TTL, KEEP_TTL])
def test_sentinel_stays_itself_in_copies(sentinel):
    assert copy.copy(sentinel) is copy.deepcopy(sentinel) is sentinel
    assert pickle.loads(pickle.dumps(sentinel)) is sentinel
    assert repr(sentinel).isupper()


def test_nouns_do_not_change():
    with pytest.raises(FrozenInstanceError):
        Entry(1, "v", datetime.now(UTC)).value = 2


def test_nouns_can_be_pickled():
    entry = Entry({"a": 1}, "v", datetime.now(UTC))
    assert pickle.loads(pickle.dumps(entry)) == entry
