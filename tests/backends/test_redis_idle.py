"""Idle connections stay in the store's hand: what happens to them there is noticed before one is used."""

import gc
import shutil
import socket
import ssl
import subprocess
import threading
from contextlib import closing, contextmanager, suppress
from uuid import uuid4

import pytest
import redis
from django.core.cache import caches
from redis import BlockingConnectionPool, ConnectionPool

from statestore import StoreUnavailable
from statestore.backends.redis_connections import Connections
from tests.backends.redis_kit import BACKEND, CLUSTER, cache_on, clean_store_on, client_of, each_server, store_on
from tests.servers import Valkey, addresses
from tests.servers.process import eventually

servers = pytest.mark.parametrize("name", each_server("valkey", "redis"))
valkey = pytest.mark.parametrize("name", each_server("valkey"))


class OwnPool(ConnectionPool):
    """As sites make them."""


POOLS = {
    "plain": {},
    "RESP3": {"CONNECTION_POOL_KWARGS": {"protocol": 3}},
    "blocking": {"CONNECTION_POOL_CLASS": "redis.BlockingConnectionPool"},
    "own": {"CONNECTION_POOL_CLASS": f"{__name__}.OwnPool"},
}
pools = pytest.mark.parametrize("options", POOLS.values(), ids=POOLS)


@contextmanager
def named_store_on(name, options=None, **kwargs):
    """A store whose connections have a name of their own at the server."""
    options = options or {}
    kwargs = {"client_name": uuid4().hex, **kwargs, **options.get("CONNECTION_POOL_KWARGS", {})}
    with store_on(cache_on(name) | {"OPTIONS": {**options, "CONNECTION_POOL_KWARGS": kwargs}}) as store:
        store.server, store.client_name = name, kwargs["client_name"]
        store.set("user:1", "a", 1)
        yield store
        store.delete("user:1")


def connected(store):
    with client_of(store.server) as client:
        return [each["id"] for each in client.client_list() if each["name"] == store.client_name]


def kill_connections(store):
    with client_of(store.server) as client:
        for number in connected(store):
            client.client_kill_filter(_id=number)


@servers
@pools
def test_connection_that_the_server_closed_is_replaced_without_an_error(name, options):
    with named_store_on(name, options) as store:
        for number in range(5):
            before = connected(store)
            kill_connections(store)
            store.set("user:1", "a", number)  # a write: it is not tried twice
            kill_connections(store)
            assert store.get("user:1", "a") == number
            assert len(connected(store)) == 1
            assert connected(store) != before


@valkey
def test_connection_is_used_again(name):
    with named_store_on(name) as store:
        before = connected(store)
        for number in range(20):
            store.set("user:1", "a", number)
            store.get("user:1", "a")
        store.health()
        assert connected(store) == before


@valkey
@pools
def test_threads_share_few_connections_and_mix_up_no_replies(name, options):
    with named_store_on(name, options, max_connections=6) as store:
        failures = []

        def work(number):
            try:
                for step in range(60):
                    store.set("user:1", f"k{number}", [number, step])
                    assert store.get("user:1", [f"k{number}", "none"]) == [[number, step], None]
            except Exception as error:  # noqa: BLE001 (told below)
                failures.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert 1 <= len(connected(store)) <= 6


@valkey
def test_pool_that_lets_callers_wait_has_its_connections_back_at_once(name):
    with named_store_on(name, POOLS["blocking"], max_connections=1, timeout=60) as store:
        assert type(store._link.pool) is BlockingConnectionPool
        done = []
        threads = [threading.Thread(target=lambda: done.append(store.get("user:1", "a"))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert done == [1] * 8


@valkey
def test_one_connection_is_enough_for_verbs_and_health(name):
    with named_store_on(name, max_connections=1) as store:
        for _ in range(3):
            assert store.get("user:1", "a") == 1
            assert store.health().reachable
        assert len(connected(store)) == 1


@valkey
def test_connection_that_its_pool_disowns_is_not_used(name, monkeypatch):
    with named_store_on(name) as store:  # behind Sentinel: that of a master that is none any more
        before = connected(store)
        monkeypatch.setattr(store._link.pool, "owns_connection", lambda connection: False)
        store.set("user:1", "a", 2)
        assert eventually(lambda: len(connected(store)) < 2 and connected(store) != before)


def test_connection_to_a_server_that_takes_no_writes_is_given_up(monkeypatch):
    with Valkey() as server, redis.Redis.from_url(server.url) as client, store_on(server.django) as store:
        store.set("user:1", "a", 1)
        client.replicaof("127.0.0.1", 1)
        made = []
        connect = store._link.pool.get_connection
        monkeypatch.setattr(store._link.pool, "get_connection", lambda: made.append(1) or connect())
        with pytest.raises(StoreUnavailable):
            store.set("user:1", "a", 2)
        assert made == []
        client.replicaof("NO", "ONE")
        store.set("user:1", "a", 3)
        assert made == [1]


@valkey
def test_connections_that_somebody_closes_here_are_replaced(name):
    with named_store_on(name) as store:
        for number in range(3):
            store._link.pool.disconnect()
            with closing(socket.create_server(("127.0.0.1", 0))):  # quiet, and by the same number
                store.set("user:1", "a", number)
            store._link.pool.disconnect()
            assert store.get("user:1", "a") == number


@servers
def test_message_that_nobody_asked_for_harms_no_reply(name):
    with named_store_on(name, POOLS["RESP3"]) as store, client_of(name) as client:
        [line] = store._link._connections._idle
        line.connection.send_command("CLIENT", "TRACKING", "ON")
        line.connection.read_response()
        for number in range(3):
            assert store.get("user:1", "a") == 1
            client.hset(store._layout.key("user:1"), f"b{number}", "x")  # and the server tells of it
        assert store.get("user:1", "a") == 1


@pytest.mark.parametrize("name", each_server("cluster"))
def test_cluster_client_whose_connections_are_few_is_shared_with_the_cache(name):
    options = CLUSTER | {"CONNECTION_POOL_KWARGS": {"max_connections": 1}}
    with store_on(cache_on(name) | {"OPTIONS": options}) as store:
        for number in range(3):
            store.set("user:1", "a", number)
            caches["default"].set("key", number, 60)
            assert (store.get("user:1", "a"), caches["default"].get("key")) == (number, number)
        caches["default"].delete("key")
        store.delete("user:1")


@pytest.mark.parametrize("name", each_server("cluster"))
def test_closed_store_gives_the_cluster_client_its_connections_back(name):
    with clean_store_on(name) as store:
        for number in range(30):
            store.set(f"user:{number}", "a", 1)
        nodes = list(store._link._known.values())
        ours = {line.connection for node in nodes for line in node._idle}
        assert (len(nodes), len(ours)) == (3, 3)
        store.close()
        assert [ours & node.pool._in_use_connections for node in nodes] == [set()] * 3
        store.open()


@pytest.mark.parametrize("name", each_server("cluster"))
def test_node_that_left_the_cluster_keeps_no_connection_of_ours(name):
    with clean_store_on(name) as store:
        for number in range(30):
            store.set(f"user:{number}", "a", 1)
        link = store._link
        [gone, *kept] = list(link._known)
        node = next(each for each in link.cluster.get_nodes() if each.redis_connection.connection_pool is gone)
        node.redis_connection = None  # as if another server had come in its place
        link._look_around()
        assert list(link._known) == kept
        assert gone._in_use_connections == set()
        assert [store.get(f"user:{number}", "a") for number in range(30)] == [1] * 30
        assert len(link._known) == 3


@pytest.fixture
def certificate(tmp_path):
    if not shutil.which("openssl"):
        pytest.skip("NOT TESTED: there is no openssl to make a certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return key, certificate


class Tunnel:
    """TLS on its own port, before a Redis."""

    def __init__(self, certificate, host, port):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate[1], certificate[0])
        self.target, self.open = (host, port), []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                near = self.context.wrap_socket(self.socket.accept()[0], server_side=True)
            except OSError:
                return
            far = socket.create_connection(self.target)
            self.open += [near, far]
            for one, other in [(near, far), (far, near)]:
                threading.Thread(target=self.pass_on, args=(one, other), daemon=True).start()

    @staticmethod
    def pass_on(one, other):
        with suppress(OSError), one, other:
            while data := one.recv(65536):
                other.sendall(data)

    def cut(self):
        for each in self.open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self.open.clear()

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.cut()


@valkey
def test_connections_over_tls(name, certificate):
    address = addresses()[name]
    with Tunnel(certificate, address["host"], address["port"]) as tunnel:
        location = f"rediss://127.0.0.1:{tunnel.port}/0"
        kwargs = {"ssl_cert_reqs": "none", "ssl_check_hostname": False}
        cache = {"BACKEND": BACKEND, "LOCATION": location, "OPTIONS": {"CONNECTION_POOL_KWARGS": kwargs}}
        with store_on(cache) as store:
            large = {"text": "x" * 200_000}
            for number in range(3):
                store.set_many("user:1", {"a": number, "large": large})
                assert store.get("user:1", ["a", "large", "none"]) == [number, large, None]
            assert len(tunnel.open) == 2
            tunnel.cut()
            store.set("user:1", "a", "again")
            assert store.get("user:1", "a") == "again"
            store.delete("user:1")


@valkey
def test_store_that_is_forgotten_leaves_no_socket_to_the_collector(name):
    with store_on(cache_on(name)) as store:
        store.get("user:1", "a")
        pool = store._link.pool
        connections = Connections(pool, 1)
        connections.exchange([(b"PING",)])
        connection = connections._idle[0].connection
        sock = connection._sock
        del connections
        gc.collect()
        assert (sock.fileno(), connection in pool._in_use_connections) == (-1, False)
        assert pool._available_connections.count(connection) == 1


@valkey
def test_after_a_connection_failed_the_idle_ones_to_the_same_server_are_not_trusted(name):
    with named_store_on(name) as store:
        connections = store._link._connections
        lines = [connections._take() for _ in range(3)]
        connections._idle.extend(lines[:2])
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(connections, "_take", lambda: lines[2])
            lines[2].connection.disconnect()
            with pytest.raises(StoreUnavailable):
                store.set("user:1", "a", 2)
        assert (len(connections._idle), connected(store)) == (0, [])
