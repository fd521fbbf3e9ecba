"""What our stores are to reach: times as long as the hand-written line of the same run, at most."""

TITLES = {
    "memory": "In one process",
    "sqlite": "SQLite",
    "postgresql": "PostgreSQL",
    "redis": "Redis and Valkey",
    "layered": "PostgreSQL behind Redis, beside Redis alone",
}
TARGETS = {
    ("redis", "statestore CacheStore"): {
        ("get", "100 B"): 0.75,
        ("set", "100 B"): 0.75,
        ("get 100", "100 B"): 0.9,
        ("set 100", "100 B"): 1.0,
        ("keys", "100 B"): 1.0,
        ("delete", "100 B"): 1.0,
        ("get", "2 KB"): 1.0,
        ("set", "2 KB"): 1.0,
        ("get", "90 KB"): 1.0,
        ("set", "90 KB"): 1.0,
    },
    ("postgresql", "statestore ModelStore"): {
        ("get", "100 B"): 1.2,
        ("set", "100 B"): 1.4,
        ("get 100", "100 B"): 1.2,
        ("set 100", "100 B"): 1.2,
        ("keys", "100 B"): 1.3,
        ("delete", "100 B"): 1.3,
    },
    ("sqlite", "statestore ModelStore"): {
        ("get", "100 B"): 2.0,
        ("set", "100 B"): 2.0,
        ("get 100", "100 B"): 1.2,
    },
    ("memory", "statestore MemoryStore"): {("get", "100 B"): 3.0},
    ("layered", "statestore LayeredStore"): {("get", "100 B"): 1.15},
}


def target(family, contender, cell):
    """Return the most that is allowed, or None where nothing is asked."""
    return TARGETS.get((family, contender), {}).get(cell)
