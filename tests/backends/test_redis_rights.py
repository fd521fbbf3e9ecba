"""The rights that docs/redis-layout.md names are enough for every verb."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis

from tests.backends.redis_kit import BACKEND, store_on
from tests.servers import Valkey

PAGE = Path(__file__).parents[2] / "docs" / "redis-layout.md"


@pytest.fixture
def store():
    """A store as a user who may do only what the page says."""
    rights = PAGE.read_text().split("    ~site:1:")[1].split("\n\n")[0].split()
    with Valkey() as server, redis.Redis.from_url(server.url) as owner:
        owner.execute_command("ACL", "SETUSER", "guest", "on", ">word", f"~site:1:{rights[0]}", *rights[1:])
        address = f"redis://guest:word@127.0.0.1:{server.port}/0"
        with store_on({"BACKEND": BACKEND, "LOCATION": address, "KEY_PREFIX": "site"}) as store:
            yield store


def test_rights_on_the_page_are_enough_for_every_verb(store):
    version = store.set("user:1", "a", 1)
    store.set("user:1", "a", 2, if_version=version)
    store.set_many("user:1", {"b": {"c": [1]}, "d": 4})
    store.set("user:1", "b", 2, at="/c/-")
    assert store.increment("user:1", "a") == 3
    assert store.update("user:1", "d", lambda value: value + 1) == 5
    assert store.get("user:1", ["a", "b", "z"]) == [3, {"c": [1, 2]}, None]
    assert store.get_many("user:1") == {"a": 3, "b": {"c": [1, 2]}, "d": 5}
    assert store.entry("user:1", "a").value == 3
    assert store.keys("user:1") == ["a", "b", "d"]
    assert store.touch("user:1")
    assert store.remove("user:1", ["d", "z"]) == 1
    store.set_many("user:2", {f"k{n}": n for n in range(500)})  # too large to be looked at in one go
    assert [(info.name, info.entries) for info in store.scopes()] == [("user:1", 2), ("user:2", 500)]
    assert store.clean(["user:1"], idle_since=datetime(2000, 1, 1, tzinfo=UTC)).removed == 0
    assert store.clean(["user:1"]).removed == 1
    assert store.delete("user:1") == 2
    assert store.health().reachable
