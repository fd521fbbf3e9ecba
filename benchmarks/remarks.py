"""What is to be said by hand to the figures: what is left in a profile, why a target or a peer is out of reach."""

LEFT = {
    "memory": """
        A `get` is the checks of both names, a look into two dicts and `orjson.loads`, in a handful of
        calls. A `set` pays for what a dict has not: a random version (a call to the system), the clock, the
        check that the value comes back exactly (`marshal` beside `orjson`), and the lock.
        """,
    "sqlite": """
        SQLite itself, in `execute` and the fetch, leads; around it stand Django's connection, asked each
        time whether it is open, in a transaction and not watched, and the rules.
        """,
    "postgres": """
        The wait for the server leads by far, and psycopg's way around libpq comes next. The watchdog, which
        bounds the wait, and the rules are a few percent.
        """,
    "redis": """
        The wait for the server in `recv` and the sending in `sendall` lead, and with `poll`, by which a
        connection that the server closed is noticed before a write goes into it, they are what no client
        does without. The rest is spread over many short functions: names, header, command, reply. redis-
        py's client is not in it.
        """,
    "layered": """
        A `get` that hits is that of the `CacheStore`, one field of one hash, and before it the question
        whether the copies may be believed: has this transaction written here, does it see a snapshot, which
        epoch is it. A `set` is a write of the database between two round trips to Redis: the price of never
        showing an older value after a newer one.
        """,
}
"""By the alias of a store."""

UNMET = {
    ("redis", "set", "100 B"): """
        One sending, and less of our processor than the hand-written line takes; but a transaction of two
        writes, because the scope has to be in the index by which it is listed and cleaned. The server does
        four commands where the hand-written line has one, and answers four times.
        """,
    ("redis", "set", "2 KB"): """
        The same, and the check of the value (see 90 KB).
        """,
    ("redis", "set", "90 KB"): """
        The hand-written line is `orjson.dumps` and a send. We must know, before the store is touched, that
        the value comes back exactly: `marshal` refuses what is no plain type (an enum and a UUID among
        them, which orjson would write as something else), and its bytes are searched for NaN. No option of
        orjson asks for that, `pickle` takes longer than `marshal`, to read the text back and compare takes
        longer still, and `marshal` alone takes longer than `orjson.dumps`. Besides, the server takes so
        large a transaction in pieces and answers in pieces, so that there is a second `recv`.
        """,
    ("redis", "delete", "100 B"): """
        `delete` says how many live entries went. Their ends stand in their values, so a script looks at
        each; the hand-written `DEL` looks at none, and keeps no index.
        """,
}
"""By store, work and value: what is out of reach with the promises kept, and why."""

PICKLED = (
    "It pickles what it is given: no version, no check that the value comes back as it was, no listing or cleaning."
)
OVERTAKEN = {
    "Django sessions on RedisCache": (
        "It keeps all values in one pickle: one `loads` or `dumps` for all of them. For one value it must do the "
        "same, and loses what another request wrote meanwhile."
    ),
    "Django sessions in the database": "It keeps all values in one row, as on RedisCache.",
    "Django LocMemCache": PICKLED,
    "Django RedisCache": PICKLED,
    "django-redis": PICKLED,
    "django-constance on Redis": PICKLED,
    "diskcache": "It has a connection of its own, and no transaction of Django's to join; no check of the value.",
    "Django ORM, values_list and bulk_create": "It keeps no version and does not check the value.",
}
"""By the name of a peer: why it may be quicker on some line."""
