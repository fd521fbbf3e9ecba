"""The register history, in small; `python -m tests.prove.register` is the long one."""

import pytest
from django.db import connections

from tests.backends.redis_kit import each_server
from tests.prove import register
from tests.prove.linear import CONFLICT, NEVER, UNKNOWN, Call
from tests.prove.register import Figures
from tests.prove.register_work import Noted
from tests.prove.stores import SEVEN, known, named
from tests.servers import ServerUnavailable

pytestmark = [
    pytest.mark.slow,
    # Python warns of forking while threads run; here none does but pytest's own.
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]
on_databases = pytest.mark.django_db(transaction=True, databases=list(connections.settings))

SECONDS = 2, 4, 12, 36


def proved(name, prove):
    """Return the row, or rows, of the first run that proves something."""
    if name not in known():
        pytest.skip(f"NOT TESTED: no store {name}")
    with named(name) as store:
        return long_enough(lambda seconds: prove(name, store, seconds), SECONDS)


def long_enough(prove, lengths):
    """What the first run says that is long enough: on a busy machine a short one may say nothing."""
    for seconds in lengths:
        found = prove(seconds)
        if "VOID" not in str(found) and "NOT FOUND OUT" not in str(found):
            break
    return found


@on_databases
@pytest.mark.parametrize("name", SEVEN)
def test_every_key_is_a_register(name):
    row = proved(name, register.prove)
    assert row[-1] == "ok", row


@on_databases
@pytest.mark.parametrize("name", SEVEN)
def test_it_is_one_by_clocks_that_are_wrong(name):
    row = proved(name, register.prove_with_wrong_clocks)
    assert row[-1] == "ok", row


@on_databases
@pytest.mark.parametrize("name", ["default", *each_server("valkey")])
def test_controls_are_found_out(name):
    stale, losing = proved(name, register.prove_controls)
    assert (stale[-1], losing[-1]) == ("ok", "ok"), (stale, losing)


@pytest.mark.parametrize("name", ["postgres", "valkey"])
def test_it_stays_one_when_the_server_is_killed(name, django_db_blocker):
    try:
        with django_db_blocker.unblock():
            row = long_enough(lambda seconds: register.prove_under_kills(name, seconds, kills=1), (4, 12, 36))
    except ServerUnavailable as reason:
        pytest.skip(f"NOT TESTED: {reason}")
    assert row[-1] == "ok", row


def test_failed_calls_are_no_part_of_the_history_and_unknown_ones_are():
    notes = [
        Noted("a", Call("set", 1, None, 0, 1), failed=True),
        Noted("a", Call("set", 2, UNKNOWN, 2, NEVER)),
        Noted("a", Call("get", None, 2, 3, 4)),
        Noted("b", Call("set_if", ("", 1), CONFLICT, 0, 1)),
    ]
    figures, (fault,) = register.judge(notes)
    assert figures == Figures(calls=4, beside=0, conflicts=1, failed=1, unknown=1, faults=1)
    assert fault.call.answer is CONFLICT
    _, (fault, _) = register.judge([*notes, Noted("a", Call("get", None, 1, 5, 6))])
    assert fault.call == Call("get", None, 1, 5, 6)


GOOD = Figures(calls=100, beside=50, conflicts=5, failed=2, unknown=1, faults=0)


@pytest.mark.parametrize(
    ("figures", "how", "said"),
    [
        (GOOD, {}, "ok"),
        (GOOD._replace(calls=30), {}, "VOID: too little traffic"),
        (GOOD._replace(beside=3), {}, "VOID: too little traffic"),
        (GOOD._replace(conflicts=0), {}, "VOID: too little traffic"),
        (GOOD, {"kills": 3}, "ok"),
        (GOOD, {"kills": 4}, "VOID: nobody felt the kills"),
        (GOOD._replace(faults=1), {}, "BROKEN"),
        (GOOD._replace(faults=1), {"control": "x"}, "ok"),
        (GOOD, {"control": "x"}, "THE CONTROL WAS NOT FOUND OUT"),
    ],
)
def test_verdicts(figures, how, said):
    assert register.verdict(figures, seconds=1, **how) == said
