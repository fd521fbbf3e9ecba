"""What django-redis lacks for a Redis Cluster: a connection factory.

    CACHES = {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": "redis://node-1:6379",
            "OPTIONS": {
                "CONNECTION_FACTORY": "statestore.redis_cluster.ClusterConnectionFactory",
                "CLUSTER_NODES": [("node-2", 6379), ("node-3", 6379)],  # where else to ask when node-1 is down
            },
        }
    }

It is for a ``CacheStore``. Django's own cache verbs work there too, one key at a time.
"""

import threading
from typing import Any, ClassVar

from django_redis.pool import ConnectionFactory
from redis.cluster import ClusterNode, RedisCluster

TIMEOUT = 5.0  # seconds, where the settings say nothing


class ClusterConnectionFactory(ConnectionFactory):
    """Makes one ``RedisCluster`` client for each cluster and process; its threads share it."""

    _clusters: ClassVar[dict[str, RedisCluster]] = {}
    _lock = threading.Lock()

    def get_connection(self, params: dict[str, Any]) -> RedisCluster:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return the client for these parameters. Making it asks a node how the slots are shared out."""
        wanted, nodes = self._arguments(params), self.options.get("CLUSTER_NODES", ())
        name = repr((sorted(wanted.items()), list(nodes)))
        with self._lock:
            if name not in self._clusters:
                startup = [ClusterNode(host, port) for host, port in nodes]
                self._clusters[name] = RedisCluster(startup_nodes=startup, **wanted)
            return self._clusters[name]

    def disconnect(self, connection: RedisCluster) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Close the connections that no other thread is using; the client opens new ones when it needs them."""
        for node in connection.get_nodes():
            if node.redis_connection:
                node.redis_connection.connection_pool.disconnect(inuse_connections=False)

    def _arguments(self, params: dict[str, Any]) -> dict[str, Any]:
        said = params | self.pool_cls_kwargs | self.redis_client_cls_kwargs
        said.pop("parser_class", None)  # RedisCluster has its own
        return {
            "socket_timeout": TIMEOUT,
            "socket_connect_timeout": TIMEOUT,
            "protocol": 2,
        } | said  # as a store has it
