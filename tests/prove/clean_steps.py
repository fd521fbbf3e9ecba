"""Where the time of a clean goes, one scope in ten active: by statement of a database, by step of a Redis script.

python -m tests.prove.clean_steps [--store ALIAS]… [--scopes 100000]
"""

import argparse
import sys
from collections import Counter

from django.db import connections

from tests.prove.apart import timed
from tests.prove.load import load, scopes
from tests.prove.site import set_up, shared_aliases, table

PREFIX = "steps:"
ACTIVE = 10
EACH = 30  # scopes that a run of the script looks at, as many as one bucket has of a batch
SCRIPTS = {
    "nothing: the call and its arguments": "return ''",
    "HLEN of each": "for i = 2, #KEYS do redis.call('HLEN', KEYS[i]) end return ''",
    "HVALS of each": "for i = 2, #KEYS do redis.call('HVALS', KEYS[i]) end return ''",
    "the clean's look at each": "for i = 2, #KEYS do look_at_hash(KEYS[i], ARGV[1], nil, ARGV[2]) end return ''",
    "UNLINK and ZREM of all, no look": (
        "local names = {} for i = 2, #KEYS do names[i - 1] = name_in(KEYS[1], KEYS[i]) end "
        "redis.call('UNLINK', unpack(KEYS, 2)) redis.call('ZREM', KEYS[1], unpack(names))"
    ),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--store", action="append")
    parser.add_argument("--scopes", type=int, default=100_000)
    options = parser.parse_args()
    set_up()
    from statestore import stores

    aliases = options.store or [a for a in shared_aliases() if a in {"default", "postgres", "redis", "valkey"}]
    steps = {"ModelStore": by_statement, "RedisStore": by_script}
    for alias in aliases:
        rows = steps[type(stores[alias]).__name__](stores[alias], options.scopes)
        table((alias, "µs a scope"), [(what, f"{seconds / options.scopes * 1e6:.2f}") for what, seconds in rows])
        print()


def filled(store, number):
    """Fill the store, and return the names that stay."""
    store.clean([], prefix=PREFIX)
    load(store, scopes(PREFIX, number))
    return [name for name, _, _ in scopes(PREFIX, number)][::ACTIVE]


def by_statement(store, number):
    """Return what was spent on each kind of statement, and on all else."""
    active, spent = filled(store, number), Counter()

    def measure(execute, sql, *how):
        answers = []
        spent[" ".join(sql.replace("(", " ").split()[:2])] += timed(lambda: answers.append(execute(sql, *how)))
        return answers[0]

    with connections[store.database].execute_wrapper(measure):
        whole = timed(lambda: store.clean(active, prefix=PREFIX))
    store.clean([], prefix=PREFIX)
    return [*spent.most_common(), ("else: Python, BEGIN, COMMIT", whole - spent.total())]


def by_script(store, number):
    """Return what the server spends on scripts that do a part of the work, and on the clean."""
    from statestore.backends.redis_listing import by_bucket
    from statestore.backends.redis_scripts import _SOURCES, INFOS

    active = filled(store, number)
    client, layout = store.cache.client.get_client(), store._layout
    before = _SOURCES[INFOS.digest].partition(b"-- Says of several")[0].decode()
    parts = list(zip(layout.indexes, by_bucket(name for name, _, _ in scopes(PREFIX, number)), strict=True))

    def run(body):
        digest = client.script_load(before + body)
        pipe = client.pipeline(transaction=False)
        for index, names in parts:
            for first in range(0, len(names), EACH):
                keys = [index, *(b"%b:%b" % (index, name) for name in names[first : first + EACH])]
                pipe.evalsha(digest, len(keys), *keys, "9" * 18, "9" * 18)
        pipe.execute()

    found = [(what, on_server(client, lambda body=body: run(body))) for what, body in SCRIPTS.items()]
    load(store, scopes(PREFIX, number))
    found.append(("the clean itself", on_server(client, lambda: store.clean(active, prefix=PREFIX))))
    store.clean([], prefix=PREFIX)
    return found


def on_server(client, work):
    """Return the seconds that the server's processor works meanwhile, for whatever else is asked of it too."""

    def spent():
        cpu = client.info("cpu")
        return cpu["used_cpu_user_main_thread"] + cpu["used_cpu_sys_main_thread"]

    began = spent()
    work()
    return spent() - began


if __name__ == "__main__":
    sys.exit(main())
