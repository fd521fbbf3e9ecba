"""Real input: flow exports are loaded, flows are removed from the site, and a clean takes what was theirs, no more.

python -m tests.servers run -- python -m tests.prove.flows DIRECTORY [--remove 10] [--store ALIAS]…

The stores must be empty, which they are on fresh servers: a clean removes whatever nobody claims.
"""

import argparse
import json
import sys
import time
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.prove.site import set_up, table

HEADER = ("store", "files", "flows", "scopes", "entries", "removed", "would go", "gone", "with", "stay", "seconds")
SITE = {"user:1": {"theme": "dark"}, "session:a": {"visits": 3}, "tenant:x": {"a": 1}, "global": {"likes": 1e22}}


def prove(store, files, number):
    """Return a row of figures; raise ``AssertionError`` where a clean took too much or too little."""
    from project.demo.models import Flow

    assert not everything(store), f"{store.alias} is not empty"
    began = time.perf_counter()
    run("load_flows", *files, store=store.alias)
    loaded = everything(store)
    flows = list(Flow.objects.order_by("scope"))
    put_the_sites_own(store, flows[0])
    before = everything(store)

    doomed = flows[:number]
    theirs = {flow.scope for flow in doomed} | {node.scope for flow in doomed for node in flow.nodes.all()}
    Flow.objects.filter(pk__in=[flow.pk for flow in doomed]).delete()

    dry = clean(store, "--dry-run")
    assert everything(store) == before
    real = clean(store)
    left = {scope: entries for scope, entries in before.items() if scope not in theirs}
    assert everything(store) == left
    assert (dry["removed"], dry["entries"]) == (real["removed"], real["entries"])
    assert (real["removed"], real["entries"]) == (len(theirs), count(before) - count(left))

    first = (store.alias, len(files), len(flows), len(loaded), count(loaded), len(doomed))
    seconds = f"{time.perf_counter() - began:.1f}"
    return (*first, dry["removed"], real["removed"], real["entries"], real["kept"], seconds)


def put_the_sites_own(store, flow):
    """Set state that is not a flow's, some of it in scopes that are named much like one."""
    for scope, values in SITE.items():
        store.set_many(scope, values)
    store.set(f"user:{flow.scope}", "name", "not the flow")
    store.set(f"session:{flow.nodes.first().scope}", "name", "not the node")


def clean(store, *switches):
    """Clean as an administrator would, with what the site says is active; return the summary."""
    with TemporaryDirectory() as directory:
        ids = Path(directory, "active.json")
        ids.write_text(run("active_ids"))
        options = ["--store", store.alias, "--active-from", str(ids), "--format", "json", "--noinput"]
        return json.loads(run("clean_context", *options, *switches))


def run(command, *arguments, **options):
    """Run a command of ``manage.py``; return what it prints."""
    from django.core.management import call_command

    said = StringIO()
    call_command(command, *arguments, stdout=said, **options)
    return said.getvalue()


def everything(store):
    """Return all that is in a store: by scope and key the very bytes, versions and dates."""
    return {info.name: dict(store._read(info.name, None)) for info in store.scopes()}


def count(scopes):
    return sum(map(len, scopes.values()))


def forget(store):
    """Empty the site's table and the store."""
    from project.demo.models import Flow, Node

    Flow.objects.all().delete()
    Node.objects.all().delete()
    for info in list(store.scopes()):
        store.delete(info.name)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--remove", type=int, default=10, metavar="N", help="how many flows to remove (10)")
    parser.add_argument("--store", action="append", metavar="ALIAS")
    options = parser.parse_args()
    set_up()
    from statestore import stores

    rows = []
    for store in [stores[alias] for alias in options.store or stores]:
        rows.append(prove(store, sorted(options.directory.glob("*.json")), options.remove))
        forget(store)
    table(HEADER, rows)


if __name__ == "__main__":
    sys.exit(main())
