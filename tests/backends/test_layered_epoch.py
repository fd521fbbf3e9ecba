"""The epoch of a ``LayeredStore``: which servers it names, and when the next one begins."""

import threading
from types import SimpleNamespace

import pytest
from redis.exceptions import ResponseError

from statestore.backends import layered_epoch
from statestore.backends.layered_epoch import COPY, Belief, Epoch, State
from statestore.backends.redis import RedisStore
from statestore.backends.redis_connections import Line
from statestore.backends.redis_guard import UNKNOWN, WHO, name_in
from statestore.handler import StoreHandler
from tests.backends.layered_kit import SCOPE, copied, layered_on, stores_of, until_it_serves_again
from tests.backends.redis_kit import sent
from tests.servers import Valkey

pytestmark = pytest.mark.django_db(transaction=True, databases=["default"])

# -- who is asked, and what it costs


@pytest.mark.parametrize("pool", ["ConnectionPool", "BlockingConnectionPool"])
def test_each_connection_is_asked_once(settings, monkeypatch, pool):
    options = {"CONNECTION_POOL_CLASS": f"redis.connection.{pool}"}
    with Valkey() as server, layered_on(settings, server.port, **options) as (store, another):
        copied(store, "new", monkeypatch)
        fresh = another()
        fresh._epoch.current()
        with sent(monkeypatch) as flights:
            for _ in range(3):
                assert store.get(SCOPE, "a") == "new"
            for _ in range(3):
                assert fresh.get(SCOPE, "a") == "new"
    told = [flight for flight in flights if flight[0] in {"HGET", "INFO"}]
    assert told == [*[["HGET"]] * 3, ["INFO", "INFO"], *[["HGET"]] * 3]


def test_server_that_does_not_say_who_it_is_serves_and_health_says_so(settings, monkeypatch):
    with Valkey() as server:
        with server.client() as client:
            client.execute_command("ACL", "SETUSER", "default", "-info")
        with layered_on(settings, server.port) as (store, another):
            copied(store, "new", monkeypatch)
            assert store._epoch.current()[1] is False
            assert any("INFO" in threat for threat in store.health().threats)
            assert another().get(SCOPE, "a") == "new"


def test_right_to_ask_that_is_taken_away_ends_belief_in_names(settings, monkeypatch):
    with Valkey() as server, layered_on(settings, server.port) as (store, another):
        copied(store, "new", monkeypatch)
        with server.client() as client:
            client.execute_command("ACL", "SETUSER", "default", "-info")
        until_it_serves_again([another(), store], monkeypatch)


def test_server_that_says_who_it_is_threatens_nothing(settings):
    with Valkey() as server, layered_on(settings, server.port) as (store, _):
        assert store.health().threats == []


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        ([b"run_id:a1\r\n", b"role:master\r\nmaster_replid:b2\r\nmaster_replid2:0\r\n"], "b2 a1"),
        ([b"run_id:a1\r\n", ResponseError("no")], "a1"),
        ([ResponseError("no"), ResponseError("no")], UNKNOWN),
        ([b"", b""], UNKNOWN),
    ],
)
def test_name_of_a_server_is_of_one_reign(facts, name):
    assert name_in(facts) == name


def test_server_that_is_too_busy_to_say_its_name_is_not_one_without():
    with pytest.raises(ResponseError, match="BUSY"):
        name_in([b"run_id:a1\r\n", ResponseError("BUSY Redis is busy running a script.")])


def test_connection_that_is_closed_while_it_is_asked_is_a_fast_store_that_is_down(settings, monkeypatch):
    exchange = Line.exchange

    def closed_meanwhile(line, data, number):
        if data == WHO:
            raise ValueError("file descriptor cannot be a negative integer (-1)")
        return exchange(line, data, number)

    with Valkey() as server, layered_on(settings, server.port) as (store, another):
        copied(store, "new", monkeypatch)
        fresh = another()
        monkeypatch.setattr(Line, "exchange", closed_meanwhile)
        assert fresh.get(SCOPE, "a") == "new"
        assert fresh._front.is_resting


class OwnRedisStore(RedisStore):
    """As a site may have one."""


def test_guarded_store_is_of_the_same_class():
    assert type(OwnRedisStore("front", {})._guarded(bool)) is OwnRedisStore


# -- the epoch


@pytest.fixture
def epoch(settings, monkeypatch):
    """An epoch of ten seconds' trust, and the clock that it goes by."""
    now = [100.0]
    monkeypatch.setattr(layered_epoch, "time", SimpleNamespace(monotonic=lambda: now[0]))
    settings.STATESTORE = stores_of()
    back = StoreHandler()["back"]
    back.open()
    return Epoch(back, "layered", 10), now


def test_first_epoch_is_begun_at_once(epoch):
    epoch, _ = epoch
    epoch.renew(("a",))
    token, suspended = epoch.current()
    assert (suspended, epoch.welcomes("a"), epoch.welcomes("b")) == (False, True, False)
    assert epoch.is_still(token)
    assert not epoch.is_still(layered_epoch.FIRST)


def test_epoch_of_other_servers_is_begun_when_all_have_learnt_that_the_last_is_over(epoch):
    epoch, now = epoch
    epoch.renew(("a",))
    found = []
    for _ in range(4):
        epoch.renew(("b",))
        found.append((now[0], epoch.current()[1], epoch.welcomes("a"), epoch.welcomes("b")))
        now[0] += 5
    assert found == [
        (100, True, False, False),
        (105, True, False, False),
        (110, False, False, True),
        (115, False, False, True),
    ]


def test_epoch_of_the_same_servers_goes_on(epoch):
    epoch, _ = epoch
    epoch.renew(("a",))
    token = epoch.current()
    epoch.renew(("a",))
    assert epoch.current() == token


def test_outage_of_the_same_servers_is_over_at_once(epoch):
    epoch, _ = epoch
    epoch.renew(("a",))
    token = epoch.current()[0]
    epoch.put_suspended()
    epoch.renew(("a",))
    assert epoch.current()[1] is False
    assert not epoch.is_still(token)
    assert epoch.welcomes("a")


def test_slow_look_at_the_epoch_does_not_bring_back_what_is_over(epoch, monkeypatch):
    epoch, now = epoch
    epoch.renew(("a",))
    epoch.current()
    ask = epoch._ask

    def slow(hook):
        monkeypatch.setattr(epoch, "_ask", ask)
        state = ask(hook)
        epoch.renew(("b",))
        now[0] += 10
        epoch.renew(("b",))
        epoch.current()
        return state

    now[0] += 10
    monkeypatch.setattr(epoch, "_ask", slow)
    epoch.current()
    assert (epoch.welcomes("a"), epoch.welcomes("b")) == (False, True)


def test_new_epoch_does_not_bring_back_what_is_over_while_another_thread_learns_of_it(epoch):
    epoch, now = epoch
    newer = State(b"n" * 16, suspended=False, servers=("b",))

    class Overtaken(Belief):
        def _replace(self, **changes):
            now[0] += 1
            learning.start()
            learning.join(0.2)  # it is done, or it waits
            return super()._replace(**changes)

    learning = threading.Thread(target=lambda: epoch._believe(newer, now[0]))
    epoch._believed = Overtaken(State(b"o" * 16, suspended=False, servers=("a",)), 100.0, 110.0, COPY)
    epoch.renew(("b",))
    learning.join()
    assert epoch.is_still(newer.token)
