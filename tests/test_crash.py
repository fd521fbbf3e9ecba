"""The proof by crashes, in small; `python -m tests.prove.crash` is the long one."""

import pytest

from tests.prove import crash
from tests.servers import ServerUnavailable

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("victim", ["server", "writers"])
@pytest.mark.parametrize("name", ["postgres", "valkey"])
def test_no_acknowledged_write_is_lost_when(name, victim, django_db_blocker):
    assert proved(name, victim, django_db_blocker)[-1] == "ok"


def test_checker_sees_the_losses_of_a_server_that_keeps_nothing(django_db_blocker):
    row = proved("valkey", "server", django_db_blocker, safe=False)
    assert row[-1] == "ok"
    assert row[5] > 0


def proved(name, victim, blocker, **how):
    try:
        with blocker.unblock():
            return crash.prove(name, victim, 1, **how)
    except ServerUnavailable as reason:
        pytest.skip(f"NOT TESTED: {reason}")


def test_verdicts():
    assert crash.verdict(1, 19, 0, 0, safe=True).startswith("VOID")
    assert crash.verdict(1, 20, 0, 0, safe=True) == "ok"
    assert crash.verdict(1, 20, 1, 0, safe=True) == "BROKEN"
    assert crash.verdict(1, 20, 0, 1, safe=True) == "BROKEN"
    assert crash.verdict(1, 19, 1, 0, safe=True) == "BROKEN"
    assert crash.verdict(1, 20, 1, 0, safe=False) == "ok"
    assert crash.verdict(1, 19, 1, 0, safe=False) == "ok"
    assert crash.verdict(1, 19, 0, 1, safe=False).startswith("VOID")
    assert crash.verdict(1, 20, 0, 0, safe=False) == "THE CONTROL LOST NOTHING"
