"""Real servers for the tests, each on a free port with a directory of its own.

    with Valkey() as server:            # started here, stopped and wiped at the end
        redis.Redis.from_url(server.url)

`python -m tests.servers run -- COMMAND` starts one of each and tells COMMAND their addresses in
the environment variable STATESTORE_TEST_SERVERS; `addresses()` reads them back.
"""

import json
import os
from functools import partial

from .memcached import Memcached
from .process import Server, ServerUnavailable
from .redis_family import Redis, Valkey
from .redis_groups import RedisCluster, RedisSentinel
from .sql import MariaDB, Postgres

__all__ = [
    "SHARED",
    "VARIABLE",
    "MariaDB",
    "Memcached",
    "Postgres",
    "Redis",
    "RedisCluster",
    "RedisSentinel",
    "Server",
    "ServerUnavailable",
    "Valkey",
    "addresses",
    "missing",
]

VARIABLE = "STATESTORE_TEST_SERVERS"

SHARED = {
    "postgres": Postgres,
    "mariadb": MariaDB,
    "redis": Redis,
    "valkey": Valkey,
    "memcached": Memcached,
    # Nobody takes over here, and a busy machine is no reason to.
    "cluster": partial(RedisCluster, cluster_node_timeout=60_000),
    "sentinel": partial(RedisSentinel, down_after=60_000),
}


def addresses():
    """The shared servers that run: name -> address. Empty when nobody started any."""
    return json.loads(os.environ.get(VARIABLE) or "{}")


def missing():
    """The names of the shared servers that do not run."""
    return sorted(SHARED.keys() - addresses().keys())
