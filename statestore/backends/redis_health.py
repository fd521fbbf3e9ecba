"""What a Redis server says of itself, and what of it threatens the promises of a store."""

from collections.abc import Iterator, Mapping
from typing import Any

from redis.exceptions import ResponseError
from redis.sentinel import SentinelConnectionPool

from statestore.backends.redis_link import Link

INFO = (b"INFO",)
FSYNC, SAVE = (b"CONFIG", b"GET", b"appendfsync"), (b"CONFIG", b"GET", b"save")

HIDDEN = "The server does not show its {}: whether it keeps what it is told is unknown."
EVICTS = (
    "maxmemory-policy is {}: a full server throws keys away to make room; noeviction refuses the write instead."
)
FULL = "The memory is {:.0%} full; when it is full, writes are refused."
REPLICA = "This server is a replica: it takes no writes."
ONE_NODE = (
    "This server is one node of a cluster, and the cache knows no other: scopes that belong to another can't be "
    "reached. Give the cache CONNECTION_FACTORY = statestore.redis_cluster.ClusterConnectionFactory."
)
NO_DISK = "Nothing is written to disk: the state is lost when the server ends."
SNAPSHOTS = "appendonly is off: what was written since the last snapshot is lost when the server dies."
LAZY = "appendfsync is no: a power cut loses what the operating system had not yet written."
FAILOVER = "A failover may lose the last writes: a replica gets them later than the writer gets its answer."
BEHIND = (
    "A failover may promote a replica that has not got the last writes: {} of the {} replicas acknowledge each one."
)
FEWER = (
    "{} of the {} replicas that must acknowledge a write are connected: writes are done and end in StoreTimeout."
)
HIDES = (
    "The cache has IGNORE_EXCEPTIONS: this store raises its errors all the same, but the cache's verbs hide theirs."
)


def ask(link: Link) -> tuple[str, str, list[str]]:
    """Return the name and version of the server and the threats, each once, over all servers that take writes."""
    threats: dict[str, None] = {}
    server = version = ""
    for connections in link.servers():
        info, *config = [_facts(reply) for reply in connections.exchange([INFO, FSYNC, SAVE])]
        server = "valkey" if "valkey_version" in info else "redis" if info else ""
        version = info.get("valkey_version") or info.get("redis_version", "")
        is_grouped = info.get("cluster_enabled") == "1" or isinstance(connections.pool, SentinelConnectionPool)
        if info.get("cluster_enabled") == "1" and not link.is_to_cluster:
            threats[ONE_NODE] = None
        threats |= dict.fromkeys(_threats(info, *config))
        threats |= dict.fromkeys(_threats_to_copies(info, link.demand.replicas, is_grouped=is_grouped))
    return server, version, list(threats)


def _threats(info: Mapping[str, str], fsync: Mapping[str, str], save: Mapping[str, str]) -> Iterator[str]:
    if not info:
        yield HIDDEN.format("INFO")
        return
    yield from _threats_to_memory(info)
    if info.get("role") == "slave":
        yield REPLICA
    if info.get("aof_enabled") == "1":
        if not fsync:
            yield HIDDEN.format("CONFIG")
        elif fsync["appendfsync"] == "no":
            yield LAZY
    else:
        yield NO_DISK if save.get("save") == "" else SNAPSHOTS


def _threats_to_copies(info: Mapping[str, str], demanded: int, *, is_grouped: bool) -> Iterator[str]:
    online = sum("state=online" in value for name, value in info.items() if name.startswith("slave"))
    if info and online < demanded:
        yield FEWER.format(online, demanded)
    if is_grouped and not demanded:
        yield FAILOVER
    elif is_grouped and demanded < online:
        yield BEHIND.format(demanded, online)


def _threats_to_memory(info: Mapping[str, str]) -> Iterator[str]:
    policy = info.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        yield EVICTS.format(policy)
    limit, used = int(info.get("maxmemory", 0)), int(info.get("used_memory", 0))
    if limit and used > 0.9 * limit:
        yield FULL.format(used / limit)


def _facts(reply: Any) -> dict[str, str]:
    """Return an answer to INFO or CONFIG GET as a dict; empty if the server gives none."""
    if isinstance(reply, ResponseError):
        return {}
    if isinstance(reply, bytes):
        lines = (line.partition(":") for line in reply.decode("utf-8", "replace").splitlines())
        return {name: value for name, colon, value in lines if colon}
    pairs = reply.items() if isinstance(reply, dict) else zip(reply[::2], reply[1::2], strict=True)
    return {name.decode(): value.decode() for name, value in pairs}
