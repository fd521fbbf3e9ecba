"""When Redis is unwell: an error, soon, that tells whether the write may have happened."""

import socket
import threading
import time
from contextlib import contextmanager

import pytest
import redis

from statestore import StoreTimeout, StoreUnavailable
from tests.backends.redis_kit import BACKEND, sent, store_on
from tests.faults.kit import running
from tests.servers import Redis, Valkey
from tests.servers.process import eventually

KINDS = [Valkey, Redis]

PATIENT = 60  # seconds that a store waits whose server is to answer, however busy the machine is
SOON = 30  # … and in which every call must have ended whose server does not


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.name)
def server(request):
    with running(request.param) as server:
        yield server


@pytest.fixture
def store(server):
    server.start()
    with store_on(server.django, options={"timeout": PATIENT}) as store:
        store.set("user:1", "a", 1)
        yield store


@contextmanager
def quickly(seconds=SOON):
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


def test_stopped_server_is_an_error_for_every_verb_and_no_default(server, store):
    server.stop()
    for verb in (
        lambda: store.get("user:1", "a", "default"),
        lambda: store.keys("user:1"),
        lambda: list(store.scopes()),
        lambda: store.set("user:1", "a", 2),
        lambda: store.remove("user:1", "a"),
        lambda: store.delete("user:1"),
        lambda: store.touch("user:1"),
        lambda: store.clean([]),
        lambda: store.increment("user:1", "a"),
    ):
        with quickly(), pytest.raises(StoreUnavailable) as caught:
            verb()
        assert type(caught.value) is StoreUnavailable
        assert caught.value.alias == "s"
        assert isinstance(caught.value.__cause__, redis.RedisError)
    assert store.health().reachable is False


def test_restarted_server_is_found_again_without_an_error(server, store):
    server.restart()
    store.set("user:1", "a", 2)
    assert store.get("user:1", "a") == 2
    server.restart()
    assert store.get("user:1", "a") == 2


def test_silence_after_a_write_is_a_time_out_and_the_write_is_not_sent_again(server, monkeypatch):
    server.start()
    with store_on(server.django, options={"timeout": 2}) as store:
        eventually(lambda: store.set("user:1", "a", 1))
        eventually(lambda: store.get("user:1", "a") == 1)  # and is connected
        server.pause()
        try:
            with sent(monkeypatch) as flights, quickly(), pytest.raises(StoreTimeout) as caught:
                store.set("user:1", "a", 2)
            assert flights == [["MULTI", "ZADD", "HSET", "EXEC"]]
            assert isinstance(caught.value.__cause__, redis.RedisError)
            with quickly(), pytest.raises(StoreUnavailable) as caught:
                store.get("user:1", "a")
            assert type(caught.value) is StoreUnavailable
        finally:
            server.resume()
        assert eventually(lambda: store.get("user:1", "a") in (1, 2))


class Broken:
    """A server that shakes hands as Redis does, and hangs up when a command of ours comes."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.commands = 0
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    @property
    def django(self):
        return {"BACKEND": BACKEND, "LOCATION": f"redis://127.0.0.1:{self.socket.getsockname()[1]}/0?protocol=2"}

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                while data := connection.recv(65536):
                    if b"HGET" in data or b"EVAL" in data:
                        self.commands += 1
                        break
                    connection.sendall(b"+OK\r\n" * data.count(b"*"))

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()


@pytest.fixture
def broken():
    server = Broken()
    yield server
    server.close()


def test_write_that_loses_its_connection_is_sent_once_and_unknown(broken):
    with store_on(broken.django) as store, pytest.raises(StoreTimeout):
        store.set("user:1", "a", 1)
    assert broken.commands == 1


def test_read_that_loses_its_connection_is_tried_once_more(broken):
    with store_on(broken.django) as store:
        with pytest.raises(StoreUnavailable) as caught:
            store.get("user:1", "a")
        assert type(caught.value) is StoreUnavailable
    assert broken.commands == 2


def test_retries_that_the_cache_asks_for_repeat_no_write(broken):
    retries = {
        "retry_on_timeout": True,
        "retry_on_error": [redis.ConnectionError],
        "retry": redis.retry.Retry(redis.backoff.NoBackoff(), 5),
    }
    cache = broken.django | {"OPTIONS": {"CONNECTION_POOL_KWARGS": retries}}
    with store_on(cache) as store, pytest.raises(StoreTimeout):
        store.set("user:1", "a", 1)
    assert broken.commands == 1


def test_host_that_never_answers_is_given_up_in_time():
    with socket.create_server(("127.0.0.1", 0), backlog=1) as mute:
        location = f"redis://127.0.0.1:{mute.getsockname()[1]}/0"
        with store_on({"BACKEND": BACKEND, "LOCATION": location}, options={"timeout": 0.3}) as store:
            for _ in range(3):
                with quickly(), pytest.raises(StoreUnavailable) as caught:
                    store.set("user:1", "a", 1)
                assert type(caught.value) is StoreUnavailable


def test_no_connection_is_lost_by_failures(server):
    server.start()
    cache = server.django | {"OPTIONS": {"CONNECTION_POOL_KWARGS": {"max_connections": 1}}}
    with store_on(cache, options={"timeout": 2}) as store:
        for _ in range(3):
            eventually(lambda: store.set("user:1", "a", 1))
            server.pause()
            with pytest.raises(StoreTimeout):
                store.set("user:1", "a", 2)
            server.resume()
            assert eventually(lambda: store.get("user:1", "a") in (1, 2))
            with pytest.raises(StoreUnavailable), client_at(server) as client:
                client.set(store._layout.place("user:2").key, "a string")
                store.set("user:2", "a", 1)
        server.stop()
        for _ in range(3):
            with pytest.raises(StoreUnavailable):
                store.get("user:1", "a")
        server.start()
        assert eventually(lambda: store.get("user:1", "a") in (1, 2))
        with client_at(server) as client:  # which is one of them
            assert eventually(lambda: len(client.client_list(_type="normal")) <= 2)


def client_at(server):
    return redis.Redis.from_url(server.url)


def test_messages_tell_no_address_password_or_value():
    with running(Valkey) as server, client_at(server) as client:
        client.config_set("requirepass", "s3cret")
        location = server.url.replace("redis://", "redis://:wrong-s3cret@")
        for cache in (server.django, server.django | {"LOCATION": location}):
            with store_on(cache) as store, pytest.raises(StoreUnavailable) as caught:
                store.set("user:1", "a", "the value")
            text = str(caught.value)
            assert not any(word in text for word in ("127.0.0.1", str(server.port), "s3cret", "the value"))


def test_full_memory_refuses_the_write_whole_and_lets_read_and_remove():
    for kind in KINDS:
        with running(kind, maxmemory="3mb") as server, store_on(server.django) as store:
            store.set("user:0", "a", "kept")
            with pytest.raises(StoreUnavailable) as caught:
                for number in range(100):
                    store.set_many(f"user:{number}", {"b": "x" * 50_000, "c": "x" * 50_000})
            assert type(caught.value) is StoreUnavailable
            scopes = list(store.scopes())
            assert {info.entries for info in scopes if info.name != "user:0"} == {2}
            assert store.get("user:0", "a") == "kept"
            assert store.clean([]).removed == len(scopes)
            store.set("user:0", "a", "again")


def test_replica_refuses_the_write():
    with running(Valkey) as server, store_on(server.django) as store:
        store.set("user:1", "a", 1)
        with client_at(server) as client:
            client.replicaof("127.0.0.1", 1)
            with pytest.raises(StoreUnavailable) as caught:
                store.set("user:1", "a", 2)
            assert type(caught.value) is StoreUnavailable
            client.replicaof("NO", "ONE")
        store.set("user:1", "a", 3)
        assert store.get("user:1", "a") == 3


def test_ignored_exceptions_are_raised_all_the_same(server):
    server.stop()
    with store_on(server.django | {"OPTIONS": {"IGNORE_EXCEPTIONS": True}}) as store:
        with pytest.raises(StoreUnavailable):
            store.get("user:1", "a")
        with pytest.raises(StoreUnavailable):
            store.set("user:1", "a", 1)
