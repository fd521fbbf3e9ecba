"""State brought over from Node-RED's files and PURISTA's keys: what these really wrote, whole scopes or nothing."""

import json
import os
import re
import shlex
import shutil
import subprocess
from io import StringIO
from pathlib import Path

import pytest
import redis
from django.core.management import CommandError, call_command

from statestore import stores
from statestore.loading import IF_EXISTS
from statestore.moving import mover, purista
from statestore.testing import override_stores
from tests.contract.conftest import STORES, each_store
from tests.docs import DOCS
from tests.servers import ServerUnavailable, Valkey

FOREIGN = Path(__file__).parent / "foreign"
MODULES = Path(os.environ.get("STATESTORE_NODE_MODULES", FOREIGN / "node_modules")).absolute()
HAS_MODULES = shutil.which("node") is not None and MODULES.is_dir()
real = pytest.mark.skipif(not HAS_MODULES, reason="npm's packages are not here; what they wrote is tested")
FLOWS = {
    "flow:7f3a": {"state": "on", "big": 9007199254740991, "tiny": 5e-324},
    "global": {"likes": 3, "settings": {"colours": {"night": "dark", "with.dot": None}}},
    "node:n1:7f3a": {
        "count": 41,
        "text": "ünï\x00\u2028 \U0001f600",
        "parts": [{"deep": [1, 2.5, True, None, []]}],
    },
    "node:n2:7f3a": {"bytes": {"type": "Buffer", "data": [104, 105]}, "when": "1970-01-01T00:00:00.000Z"},
}
STATES = {
    "global": {"flag": False, "likes": 3, "nothing": None},
    "tenant:acme:prod:cart": {
        "session-123": {"step": "shipping", "items": [1, 2.5, None]},
        "session-124": "text ünï \x00",
    },
}

NOTHING = "Brought over 0 scopes: 0 written, 0 there already, 0 left as they differ."


@pytest.fixture(autouse=True)
def store():
    with override_stores():
        yield stores["default"]


@pytest.fixture
def flows(tmp_path):
    return Path(shutil.copytree(FOREIGN / "nodered", tmp_path / "context"))


@pytest.fixture(scope="module")
def server():
    try:
        with Valkey() as running:
            yield running
    except ServerUnavailable as error:
        pytest.skip(f"NOT TESTED: {error}")


@pytest.fixture
def client(server):
    with redis.Redis.from_url(server.url) as client:
        yield client
        client.flushall()


@pytest.fixture
def states(client):
    client.mset(json.loads((FOREIGN / "purista.json").read_text("utf-8")))
    return client


def run(command, *arguments, **options):
    """What a command says; it is called as from the command line."""
    said = StringIO()
    call_command(command, *map(str, arguments), stdout=said, **options)
    return said.getvalue()


def refused(command, *arguments, **options):
    """What a command says that stops with an error: the lines before, the error, the exit code."""
    said = StringIO()
    with pytest.raises(CommandError) as caught:
        call_command(command, *map(str, arguments), stderr=said, stdout=StringIO(), **options)
    return said.getvalue(), str(caught.value), caught.value.returncode


def contents(store):
    return {info.name: store.get_many(info.name) for info in store.scopes()}


def write(file, value):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")
    return file


# -- Node-RED


def test_context_files_become_scopes(store, flows):
    said = run("import_nodered", flows)
    assert said == "Brought over 4 scopes: 10 written, 0 there already, 0 left as they differ.\n"
    assert contents(store) == FLOWS


@real
def test_node_red_itself_writes_what_was_captured(tmp_path):
    subprocess.run(["node", FOREIGN / "nodered.cjs", MODULES, tmp_path], check=True, capture_output=True)

    def files(directory):
        return {path.relative_to(directory): path.read_bytes() for path in directory.rglob("*.json")}

    assert files(tmp_path / "context") == files(FOREIGN / "nodered")


def test_names_of_scopes_can_be_chosen(store, flows):
    own = ["--flow-scope", "{flow}", "--node-scope", "{node}:{flow}", "--global-scope", "nodered"]
    run("import_nodered", flows, *own)
    assert sorted(contents(store)) == ["7f3a", "n1:7f3a", "n2:7f3a", "nodered"]


@pytest.mark.parametrize(("option", "wrong"), [("--flow-scope", "flow"), ("--node-scope", "node:{flow}")])
def test_name_without_its_id_is_refused(flows, option, wrong):
    with pytest.raises(CommandError, match=r"there must be a \{"):
        run("import_nodered", flows, option, wrong)


def test_several_directories_and_another_store(store, flows, tmp_path, settings):
    settings.STATESTORE = {
        "STORES": {**settings.STATESTORE["STORES"], "flows": {"BACKEND": "statestore.MemoryStore"}}
    }
    write(tmp_path / "other/9b2c/flow.json", {"a": 1})
    run("import_nodered", flows, tmp_path / "other", store="flows")
    assert contents(stores["flows"]) == {**FLOWS, "flow:9b2c": {"a": 1}}
    assert contents(store) == {}


def test_what_is_no_context_file_is_left_alone(store, flows):
    write(flows / "7f3a/flow.json.123.tmp", "{")
    write(flows / ".git/flow.json", "{")
    write(flows / "stray.json", "{")
    run("import_nodered", flows)
    assert contents(store) == FLOWS


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ('{"a": 1', ": Expecting ',' delimiter."),
        ("[1]", " holds no JSON object."),
        ('{"a": 1, "a": 2}', ': An object has the name "a" twice.'),
        ('{"good": 1, "": 2}', ", key '': "),
        ('{"good": 1, "a": {"b": 18446744073709552000}}', ", key 'a': flow:bad / a: The value at /b is an integer"),
    ],
)
def test_bad_file_is_named_with_its_key_and_nothing_of_its_scope_is_taken(store, flows, content, why):
    file = write(flows / "bad/flow.json", content)
    said, error, code = refused("import_nodered", flows)
    assert said.startswith(f"{file}{why}"), said
    assert error == "1 scope refused. Brought over 4 scopes: 10 written, 0 there already, 0 left as they differ."
    assert code == 3
    assert contents(store) == FLOWS


def test_place_without_context_is_said(tmp_path):
    assert refused("import_nodered", tmp_path / "nowhere")[1:] == (
        f"{tmp_path / 'nowhere'} can't be read: No such file or directory. {NOTHING}",
        1,
    )
    assert "holds no context of Node-RED" in refused("import_nodered", tmp_path)[1]


def test_scope_name_that_is_none_is_refused_naming_the_file(flows):
    file = write(flows / ("f" * 220) / "flow.json", {"a": 1})
    assert refused("import_nodered", flows)[0].startswith(f"{file}: ")


# -- what both do


def commands_of(page):
    """The commands on a page of the documentation, as they are typed."""
    blocks = re.findall(r"^```sh\n(.*?)^```", (DOCS / "howto" / page).read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return [shlex.split(line.removeprefix("python manage.py ")) for block in blocks for line in block.splitlines()]


@pytest.mark.parametrize(
    ("page", "place", "scopes"),
    [
        ("from-nodered.md", "~/.node-red/context", {*FLOWS, "7f3a", "n1:7f3a", "n2:7f3a"}),
        ("from-purista.md", "redis://localhost:6379/0", {*STATES, "purista"}),
    ],
)
def test_commands_of_the_documentation_work(store, flows, server, states, page, place, scopes):
    here = str(flows) if page == "from-nodered.md" else server.url
    commands = commands_of(page)
    for command in commands:
        assert place in command
        assert (
            "Brought over" in run(*(here if word == place else word for word in command)) or "--dry-run" in command
        )
    assert len(commands) == 3
    assert set(contents(store)) == scopes


def test_running_again_changes_nothing(store, flows):
    run("import_nodered", flows)
    versions = {scope: store.version(scope) for scope in FLOWS}
    for choice in IF_EXISTS:
        said = run("import_nodered", flows, "--if-exists", choice)
        assert said == "Brought over 4 scopes: 0 written, 10 there already, 0 left as they differ.\n"
    assert {scope: store.version(scope) for scope in FLOWS} == versions


def test_other_values_are_left_or_replaced(store, flows):
    store.set("flow:7f3a", "state", "off")
    store.set("global", "likes", 3.0)
    run("import_nodered", flows)
    assert store.get("flow:7f3a", ["state", "big"]) == ["off", 9007199254740991]
    assert type(store.get("global", "likes")) is float
    said = run("import_nodered", flows, "--if-exists", "replace")
    assert said == "Brought over 4 scopes: 2 written, 8 there already, 0 left as they differ.\n"
    assert contents(store) == FLOWS
    assert type(store.get("global", "likes")) is int


def test_other_value_can_be_a_failure_that_leaves_its_whole_scope_alone(store, flows):
    store.set("flow:7f3a", "tiny", 0)
    said, error, code = refused("import_nodered", flows, "--if-exists", "fail")
    file = flows / "7f3a/flow.json"
    assert said == f"{file}, key 'tiny': flow:7f3a / tiny exists already, with another value.\n"
    assert error.startswith("1 scope refused. Brought over 3 scopes: 7 written")
    assert code == 3
    assert contents(store) == {**FLOWS, "flow:7f3a": {"tiny": 0}}


def test_dry_run_finds_every_fault_and_writes_nothing(store, flows):
    store.set("flow:7f3a", "state", "off")
    said = run("import_nodered", flows, "--dry-run", verbosity=2)
    assert said.splitlines()[0] == "flow:7f3a: 2 written, 0 there already, 1 left as they differ"
    assert said.splitlines()[-1].startswith("Would bring over 4 scopes: 9 written")
    write(flows / "bad/flow.json", "{")
    assert refused("import_nodered", flows, "--dry-run")[1].startswith("1 scope refused. Would bring over 4 scopes")
    assert contents(store) == {"flow:7f3a": {"state": "off"}}


@pytest.mark.parametrize("alias", each_store(transaction=True))
def test_every_kind_of_store_takes_it_twice(flows, alias):
    with override_stores(**{alias: STORES[alias]}):
        store = stores[alias]
        for name in FLOWS:
            store.delete(name)
        for written, there in ((10, 0), (0, 10)):
            said = run("import_nodered", flows, store=alias)
            assert (
                said == f"Brought over 4 scopes: {written} written, {there} there already, 0 left as they differ.\n"
            )
            assert {name: store.get_many(name) for name in FLOWS} == FLOWS
        for name in FLOWS:
            store.delete(name)


@pytest.mark.django_db(transaction=True)
def test_large_scope_is_taken_whole_or_not_at_all_where_there_are_transactions(flows, monkeypatch):
    values = {f"k{number}": number for number in range(1200)}
    write(flows / "large/flow.json", values)
    with override_stores(default={"BACKEND": "statestore.backends.ModelStore"}):
        store, calls = stores["default"], []

        def stop(*args):
            calls.append(args)
            if len(calls) == 3:
                raise KeyboardInterrupt
            return write_hook(*args)

        write_hook = store._write
        only = Path(shutil.move(flows / "large", flows.parent / "only/large")).parent
        monkeypatch.setattr(store, "_write", stop)
        assert refused("import_nodered", only)[1:] == (
            f"Interrupted. {NOTHING} Run it again to go on.",
            130,
        )
        assert contents(store) == {}
        run("import_nodered", only)
        assert contents(store) == {"flow:large": values}


def test_only_a_batch_is_held_and_written_at_a_time(store, flows, monkeypatch):
    monkeypatch.setattr(mover, "BATCH", 2)
    sizes = []
    write_hook = store._write
    store._write = lambda scope, texts, *args: sizes.append(len(texts)) or write_hook(scope, texts, *args)
    run("import_nodered", flows)
    assert max(sizes) == 2
    assert contents(store) == FLOWS


def test_store_that_fails_stops_it(store, flows):
    def fail(*args):
        raise OSError

    store._write = fail
    assert refused("import_nodered", flows)[1:] == (
        f"The store 'default' is unavailable (OSError). {NOTHING} Run it again to go on.",
        1,
    )


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_store_that_may_not_be_written_to_is_said_at_once(flows, dry, caplog):
    with override_stores(default={"BACKEND": "statestore.MemoryStore", "ENABLE_SET": False}):
        assert "set_many is switched off" in refused("import_nodered", flows, *dry)[1]


def test_limits_and_schemas_of_the_store_hold(flows):
    with override_stores(default={"BACKEND": "statestore.MemoryStore", "SCHEMAS": {"flow:*": {"state": int}}}):
        said = refused("import_nodered", flows)[0]
        assert said.startswith(f"{flows / '7f3a/flow.json'}, key 'state': flow:7f3a / state: ")
        assert "flow:7f3a" not in contents(stores["default"])


def test_unknown_store_is_said(flows):
    assert "no store 'none'" in refused("import_nodered", flows, store="none")[1]


# -- PURISTA


def test_keys_become_scopes(store, server, states):
    said = run("import_purista", server.url)
    assert said == "Brought over 2 scopes: 5 written, 0 there already, 0 left as they differ.\n"
    assert contents(store) == STATES


@real
def test_purista_itself_writes_what_was_captured(store, server, client):
    subprocess.run(["node", FOREIGN / "purista.mjs", MODULES, server.url], check=True, capture_output=True)
    written = {name.decode(): client.get(name).decode() for name in client.scan_iter()}
    assert written == json.loads((FOREIGN / "purista.json").read_text("utf-8"))
    run("import_purista", server.url)
    assert contents(store) == STATES


def test_everything_can_go_into_one_scope(store, server, states):
    run("import_purista", server.url, "--scope", "purista", "--prefix", "tenant:")
    assert contents(store) == {
        "purista": {f"tenant:acme:prod:cart:{key}": value for key, value in STATES["tenant:acme:prod:cart"].items()}
    }


def test_separator_and_the_scope_of_the_rest_can_be_chosen(store, server, client):
    client.mset({"a/b/c": "1", "d:e": "2"})
    run("import_purista", server.url, "--separator", "/", "--rest", "rest")
    assert contents(store) == {"a/b": {"c": 1}, "rest": {"d:e": 2}}


def test_prefix_is_plain_text_and_other_kinds_of_keys_are_no_states(store, server, client):
    client.mset({"a*[1]:x": "1", "ab[1]:x": "2", "a*1:x": "3"})
    client.hset("a*[1]:hash", "field", "1")
    run("import_purista", server.url, "--prefix", "a*[1]")
    assert contents(store) == {"a*[1]": {"x": 1}}


def test_many_keys_come_in_batches(store, server, client, monkeypatch):
    monkeypatch.setattr(purista, "BATCH", 7)
    client.mset({f"s{number % 3}:{number}": number for number in range(100)})
    run("import_purista", server.url)
    assert {scope: len(values) for scope, values in contents(store).items()} == {"s0": 34, "s1": 33, "s2": 33}


def test_value_that_is_no_json_is_named_and_its_scope_is_left(store, server, states):
    states.set("tenant:acme:prod:cart:pickled", b"\x80\x04K")
    said, error, code = refused("import_purista", server.url)
    assert said.startswith("key 'tenant:acme:prod:cart:pickled': This is not UTF-8")
    assert (error.partition(".")[0], code) == ("1 scope refused", 3)
    assert contents(store) == {"global": STATES["global"]}


def test_name_that_is_not_utf_8_is_said(server, client):
    client.set(b"\xff", "1")
    assert "is not UTF-8; choose others by --prefix." in refused("import_purista", server.url)[1]


def test_name_that_begins_with_the_separator_is_a_key(store, server, client):
    client.mset({":x": "1", "x": "2"})
    run("import_purista", server.url)
    assert contents(store) == {"global": {":x": 1, "x": 2}}


def test_two_names_for_one_entry_are_refused(store, server, client):
    client.mset({"global:x": "1", "x": "2", "s:y": "3"})
    said, _error, code = refused("import_purista", server.url)
    assert said == "keys 'global:x' and 'x' would be the same entry; choose another --rest.\n"
    assert (contents(store), code) == ({"s": {"y": 3}}, 3)
    run("import_purista", server.url, "--rest", "rest")
    assert contents(store) == {"global": {"x": 1}, "rest": {"x": 2}, "s": {"y": 3}}


def test_name_that_ends_with_the_separator_is_refused(store, server, client):
    client.set("a:", "1")
    assert refused("import_purista", server.url)[0].startswith("key 'a:': ")


def test_source_is_only_read(server, states):
    before = {name: states.get(name) for name in states.scan_iter()}
    run("import_purista", server.url, "--if-exists", "replace")
    assert {name: states.get(name) for name in states.scan_iter()} == before


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "http://127.0.0.1", "redis://:secret@127.0.0.1:1/0"])
def test_redis_that_cannot_be_read_is_said_without_its_password(url):
    said = refused("import_purista", url)
    assert said[2] == 1
    assert "secret" not in said[1]
