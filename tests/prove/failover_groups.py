"""Two kinds of servers that take over from one another, with one face: a cluster, and a primary under sentinels."""

from redis.crc import key_slot

from statestore.backends.redis_layout import Layout
from tests.backends.redis_kit import BACKEND, CLUSTER, sentinel_cache
from tests.prove.failover_load import FAR, NEAR
from tests.servers import RedisCluster, RedisSentinel
from tests.servers.process import eventually

SCOPES = 4  # of each role
SITE = "failover"


class Group:
    """Servers under test. The fault befalls `primary`; one of the `heirs` may take over."""

    threads = (NEAR, NEAR, FAR)  # of each client process

    def __init__(self, servers):
        self.servers = servers
        self.layout = Layout(SITE, 1, "statestore")

    def __enter__(self):
        self.servers.__enter__()
        return self

    def __exit__(self, *exc_info):
        self.servers.__exit__(*exc_info)

    @property
    def label(self):
        return f"{self.servers.kind.name} {self.servers.version} {self.name}"

    def scopes(self):
        """Return the names of scopes by role."""
        found = {NEAR: [], FAR: []}
        for number in range(200):
            some = found[NEAR if self.is_near(f"user:{number}") else FAR]
            some += [f"user:{number}"] if len(some) < SCOPES else []
        return found

    def wait_for_heir(self, within=120):
        """Return the server that has taken over. A `TimeoutError` if none does."""
        return eventually(lambda: next((each for each in self.heirs if each.is_primary()), None), within=within)

    def wait_until_known(self):
        """Wait until all who ask are sent to the server that has taken over."""

    def wait_until_deposed(self, within=60):
        """Wait until the old primary knows that it is none."""
        eventually(lambda: not self.primary.is_primary(), within=within)


class Cluster(Group):
    """Three primaries with a replica each; the first primary's third of the slots is near."""

    name = "cluster 3+3"

    def __init__(self, kind, **options):
        super().__init__(RedisCluster(kind, replicas=True, **{"cluster_require_full_coverage": "no"} | options))
        self.primary = self.servers.masters[0]
        self.heirs = [self.servers.replica_of(self.primary)]

    def is_near(self, scope):
        return self.servers.owner(self.slot(scope)) is self.primary

    def slot(self, scope):
        return key_slot(self.layout.key(scope))

    @property
    def cache(self):
        nodes = [(node.host, node.port) for node in self.servers.nodes]
        options = CLUSTER | {"CLUSTER_NODES": nodes}
        return {"BACKEND": BACKEND, "LOCATION": self.servers.url, "KEY_PREFIX": SITE, "OPTIONS": options}

    def plan_failover(self):
        with self.heirs[0].client() as client:
            client.execute_command("CLUSTER FAILOVER")


class Sentinel(Group):
    """A primary with two replicas, and three sentinels. All scopes are near."""

    name = "sentinel 1+2"
    threads = (NEAR, NEAR, NEAR)

    def __init__(self, kind, **options):
        super().__init__(RedisSentinel(kind, replicas=2, sentinels=3, **options))
        self.primary, self.heirs = self.servers.master, self.servers.replicas

    def is_near(self, scope):
        return True

    @property
    def cache(self):
        sentinels = [(each.host, each.port) for each in self.servers.sentinels]
        return sentinel_cache(self.servers.url, sentinels) | {"KEY_PREFIX": SITE}

    def wait_until_known(self):
        eventually(lambda: all(self._is_replaced(sentinel) for sentinel in self.servers.sentinels), within=30)

    def _is_replaced(self, sentinel):
        with sentinel.client() as client:
            _, port = client.sentinel_get_master_addr_by_name(self.servers.service)
        return int(port) != self.primary.port

    def plan_failover(self, *how):
        with self.servers.sentinels[0].client() as client:
            client.execute_command("SENTINEL", "FAILOVER", self.servers.service, *how)
