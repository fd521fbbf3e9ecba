"""Memcached, from the machine's own packages."""

from pymemcache.client.base import Client

from .process import Server, find


class Memcached(Server):
    """One memcached; what it holds is gone when it stops."""

    name = "memcached"
    as_root = False

    def __init__(self, *, port=None, megabytes=64):
        super().__init__(port=port)
        self.megabytes = megabytes

    @property
    def url(self):
        return f"{self.host}:{self.port}"

    @property
    def django(self):
        """The entry for Django's CACHES."""
        return {"BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache", "LOCATION": self.url}

    def address(self):
        return super().address() | {"url": self.url, "django": self.django}

    def ask_version(self):
        client = Client((self.host, self.port), connect_timeout=2, timeout=2)
        try:
            return client.version().decode()
        finally:
            client.close()

    def command(self):
        program = find("memcached", "memcached")
        return [program, "-l", self.host, "-p", self.port, "-U", 0, "-m", self.megabytes]
