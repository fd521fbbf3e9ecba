"""Redis and Valkey in groups: a cluster, and a master watched by sentinels."""

import time
from contextlib import ExitStack

from .process import HOST, Server, eventually, free_port
from .redis_family import Redis, Valkey

BUS = 10_000  # a cluster node also listens on its port + 10000
SLOTS = 16_384


class _Group:
    """Several servers that start, stop and vanish together."""

    name = ""

    def __init__(self, kind):
        self.host = HOST
        self.kind = kind

    @property
    def members(self):
        raise NotImplementedError

    @property
    def port(self):
        return self.members[0].port

    @property
    def version(self):
        return self.members[0].version

    def start(self):
        with ExitStack() as undo:
            for member in self.members:
                undo.callback(member.stop)
                member.start()
            self._join()
            undo.pop_all()
        return self

    def _join(self):
        """Make the started members one system, and wait until they are."""
        raise NotImplementedError

    def stop(self):
        for member in reversed(self.members):
            member.stop()

    def close(self):
        for member in reversed(self.members):
            member.close()

    def kill(self):
        for member in self.members:
            member.kill()

    def restart(self):
        self.stop()
        return self.start()

    def pause(self):
        for member in self.members:
            member.pause()

    def resume(self):
        for member in self.members:
            member.resume()

    def address(self):
        return {"name": self.name, "host": self.host, "port": self.port, "version": self.version}

    __enter__ = Server.__enter__

    def __exit__(self, *exc_info):
        self.close()


class RedisCluster(_Group):
    """Three masters that share the slots, with one replica each if `replicas` is true.

    `RedisCluster(Redis)` runs Redis instead of Valkey. `nodes` are the single servers, the masters first.
    """

    name = "cluster"

    def __init__(self, kind=Valkey, *, replicas=False, **options):
        super().__init__(kind)
        options = {"cluster_enabled": "yes", "cluster_node_timeout": 2000} | options
        self.nodes = [kind(port=free_port(BUS), **options) for _ in range(6 if replicas else 3)]
        self.masters, self.replicas = self.nodes[:3], self.nodes[3:]

    @property
    def members(self):
        return self.nodes

    @property
    def url(self):
        return f"redis://{self.host}:{self.port}/0"

    def address(self):
        nodes = [[node.host, node.port] for node in self.nodes]
        return super().address() | {"url": self.url, "nodes": nodes}

    def owner(self, slot):
        """The master that had this slot in the beginning."""
        return next(node for number, node in enumerate(self.masters) if slot < (number + 1) * SLOTS // 3)

    def replica_of(self, master):
        """Its replica in the beginning."""
        return self.replicas[self.masters.index(master)]

    def move(self, slot, source, target, *, pause=0.05, after=0.1):
        """Move a slot from one master to another, its keys one by one, as redis-cli does, but slowly.

        ``after`` so many seconds, in which all of it is there and still asked for here, it is told to both.
        """
        with source.client() as giver, target.client() as taker:
            giving, taking = giver.execute_command("CLUSTER MYID"), taker.execute_command("CLUSTER MYID")
            taker.execute_command("CLUSTER SETSLOT", slot, "IMPORTING", giving)
            giver.execute_command("CLUSTER SETSLOT", slot, "MIGRATING", taking)
            while keys := giver.execute_command("CLUSTER GETKEYSINSLOT", slot, 1):
                time.sleep(pause)  # half here, half there: TRYAGAIN
                giver.execute_command("MIGRATE", target.host, target.port, "", 0, 5000, "KEYS", *keys)
            time.sleep(after)  # ASK
            taker.execute_command("CLUSTER SETSLOT", slot, "NODE", taking)
            giver.execute_command("CLUSTER SETSLOT", slot, "NODE", taking)

    def _join(self):
        if not self._is_made():
            self._share_slots()
            self._meet()
            self._follow()
        eventually(self._is_whole)

    def _is_made(self):
        with self.nodes[0].client() as client:
            return int(client.cluster("info")["cluster_known_nodes"]) > 1

    def _share_slots(self):
        for index, node in enumerate(self.masters):
            slots = range(index * SLOTS // 3, (index + 1) * SLOTS // 3)
            with node.client() as client:
                client.execute_command("CLUSTER SET-CONFIG-EPOCH", index + 1)
                client.execute_command("CLUSTER ADDSLOTS", *slots)

    def _meet(self):
        with self.nodes[0].client() as client:
            for node in self.nodes[1:]:
                client.execute_command("CLUSTER MEET", node.host, node.port)
        eventually(lambda: all(map(self._knows_all, self.nodes)))

    def _follow(self):
        for master, replica in zip(self.masters, self.replicas, strict=False):
            with master.client() as client:
                name = client.execute_command("CLUSTER MYID")
            with replica.client() as client:
                client.execute_command("CLUSTER REPLICATE", name)

    def _knows_all(self, node):
        with node.client() as client:
            return int(client.cluster("info")["cluster_known_nodes"]) == len(self.nodes)

    def _is_whole(self):
        return all(self._sees_all_well(node) for node in self.nodes)

    def _sees_all_well(self, node):
        with node.client() as client:
            fine = client.cluster("info")["cluster_state"] == "ok"
            roles = [each["flags"] for each in client.cluster("nodes").values()]
            link = client.info("replication").get("master_link_status", "up")
        replicas = sum("slave" in flags for flags in roles)
        return fine and replicas == len(self.replicas) and link == "up"


class _Sentinel(Redis):
    """One watcher. Its configuration is its memory, so it has a file and no data."""

    name = "sentinel"

    def __init__(self, kind, watch):
        super().__init__()
        self.kind, self.watch = kind, watch

    def prepare(self):
        (self.directory / "server.conf").write_text(
            f"bind {self.host}\nport {self.port}\nprotected-mode no\n" + self.watch
        )

    def command(self):
        return [self.kind.program(), "server.conf", "--sentinel"]

    def ask_version(self):
        with self.client() as client:
            info = client.info("server")
        return info.get("valkey_version", info["redis_version"])


class RedisSentinel(_Group):
    """A master, its replicas, and sentinels that promote one of them when the master is gone.

    `RedisSentinel(Redis)` runs Redis instead of Valkey. `master`, `replicas` and `sentinels` are the
    single servers in their first roles; `current_master()` is whoever holds the role now.
    """

    name = "sentinel"
    service = "mymaster"

    def __init__(self, kind=Valkey, *, replicas=1, sentinels=1, down_after=1000, **options):
        super().__init__(kind)
        self.down_after = down_after  # milliseconds without an answer
        self.master = kind(**options)
        following = {"replicaof": f"{HOST} {self.master.port}"}
        self.replicas = [kind(**options, **following) for _ in range(replicas)]
        self.sentinels = [_Sentinel(kind, self._watch(sentinels // 2 + 1)) for _ in range(sentinels)]

    def _watch(self, quorum):
        return (
            f"sentinel monitor {self.service} {self.master.host} {self.master.port} {quorum}\n"
            f"sentinel down-after-milliseconds {self.service} {self.down_after}\n"
            f"sentinel failover-timeout {self.service} 5000\n"
        )

    @property
    def members(self):
        return [self.master, *self.replicas, *self.sentinels]

    @property
    def url(self):
        return f"redis://{self.service}/0"

    def address(self):
        sentinels = [[each.host, each.port] for each in self.sentinels]
        return super().address() | {"url": self.url, "service": self.service, "sentinels": sentinels}

    def current_master(self):
        """The server that the first sentinel calls the master."""
        with self.sentinels[0].client() as client:
            _, port = client.sentinel_get_master_addr_by_name(self.service)
        return next(each for each in [self.master, *self.replicas] if each.port == int(port))

    def _join(self):
        eventually(lambda: all(map(self._sees_all_well, self.sentinels)))

    def _sees_all_well(self, sentinel):
        with sentinel.client() as client:
            master = client.sentinel_master(self.service)
        return (
            not master["is_sdown"]
            and master["num-slaves"] == len(self.replicas)
            and master["num-other-sentinels"] == len(self.sentinels) - 1
        )
