"""``load_flows``: exports in, scopes with state out; bad files leave nothing behind."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from project.demo.models import Flow, Node
from statestore import stores
from statestore.testing import override_stores

pytestmark = pytest.mark.django_db


def load(*files, **options):
    said = StringIO()
    call_command("load_flows", *files, stdout=said, **options)
    return said.getvalue()


def state(alias="flows"):
    return {info.name: stores[alias].get_many(info.name) for info in stores[alias].scopes()}


def nothing_is_loaded():
    return not (state() or Flow.objects.exists() or Node.objects.exists())


def test_every_flow_and_node_gets_a_scope_with_its_state(garden):
    assert load(garden) == "Loaded into the store 'flows': files 1, flows 1, nodes 4; scopes 5.\n"
    found = state()
    loaded_at = found["f1"].pop("loaded_at")
    assert loaded_at == Flow.objects.get().loaded_at.isoformat()
    assert found == {
        "f1": {"type": "tab", "name": "Garden", "nodes": 3, "messages": 0},
        "a1b2.c3d4:f1": {
            "type": "inject",
            "name": "tick",
            "wires": [["b"], ["c"]],
            "position": {"x": 1, "y": 2.5},
            "messages": 0,
        },
        "b:f1": {
            "type": "switch",
            "name": "",
            "wires": [["c"], ["a1b2.c3d4"]],
            "position": {},
            "messages": 0,
        },
        "c:f1": {"type": "debug", "name": "a/b\0 \U0001f331", "wires": [], "position": {}, "messages": 0},
        "broker": {"type": "mqtt-broker", "name": "mqtt", "wires": [], "position": {}, "messages": 0},
    }


def test_loading_again_changes_nothing_and_counters_go_on(garden):
    load(garden)
    stores["flows"].increment("b:f1", "messages", 7)
    before = state()
    load(garden)
    assert state() == before
    assert before["b:f1"]["messages"] == 7
    assert (Flow.objects.count(), Node.objects.count()) == (1, 4)


def test_a_flow_may_come_in_several_files_and_need_not_be_described(export):
    one = export([{"id": "n1", "type": "debug", "z": "f"}], "one.json")
    two = export([{"id": "n2", "type": "debug", "z": "f"}], "two.json")
    load(one, two)
    assert sorted(state()) == ["f", "n1:f", "n2:f"]
    assert state()["f"]["nodes"] == 2


def test_the_nodes_of_a_subflow_belong_to_it(export):
    load(export([{"id": "s", "type": "subflow", "name": "Twice"}, {"id": "n", "type": "debug", "z": "s"}]))
    assert sorted(state()) == ["n:s", "s"]
    assert (state()["s"]["type"], state()["s"]["name"]) == ("subflow", "Twice")


def test_ids_that_differ_in_case_alone_are_two_nodes(export):
    load(export([{"id": "n", "type": "debug", "z": "f"}, {"id": "N", "type": "debug", "z": "f"}]))
    assert sorted(state()) == ["N:f", "f", "n:f"]


def test_the_state_goes_into_the_store_that_is_named(garden):
    with override_stores():
        load(garden, store="memory")
        assert "f1" in state("memory")
        assert not state("flows")


BAD = {
    "no JSON": (b"[{", "is not JSON"),
    "not UTF-8": (b'["\xff"]', "is not JSON"),
    "too deep": (b"[" * 100_000, "is not JSON"),
    "not a number of JSON": (b'[{"id": "n", "type": "debug", "x": NaN}]', "NaN is no JSON number"),
    "no list": ({"id": "n"}, "holds no list of nodes"),
    "no object": (["n"], "object 1: a node is a JSON object"),
    "no id": ([{"type": "tab"}], 'object 1: "id" is no text: None'),
    "empty id": ([{"id": "", "type": "tab"}], 'object 1: "id" is no text'),
    "id is a number": ([{"id": 7, "type": "tab"}], 'object 1: "id" is no text: 7'),
    "no type": ([{"id": "n", "z": "f"}], 'object 1: n has no "type"'),
    "flow is a number": ([{"id": "n", "type": "debug", "z": 1}], '"z" is no text: 1'),
    "colon": ([{"id": "n:f", "type": "debug"}], "has a colon in it"),
    "the site's own": ([{"id": "session", "type": "debug", "z": "f"}], "a name of the site's own"),
    "twice": ([{"id": "n", "type": "debug", "z": "f"}] * 2, "object 2: n:f is there twice"),
    "wires": ([{"id": "n", "type": "debug", "z": "f", "wires": "m"}], '"wires" is no list of outputs'),
    "long id": ([{"id": "n" * 201, "type": "tab"}], "has 1 to 200 characters"),
    "control character": ([{"id": "n\n", "type": "tab"}], "has no control character"),
    "number too large": ([{"id": "n", "type": "debug", "z": "f", "x": 2**63}], "n:f / position"),
    "half a character": (b'[{"id": "n", "type": "debug", "z": "f", "name": "\\ud800"}]', "n:f / name"),
    "value too large": ([{"id": "n", "type": "debug", "name": "x" * 300_000}], "n / name"),
}


@pytest.mark.parametrize(("content", "fault"), BAD.values(), ids=BAD)
def test_a_bad_file_is_named_with_its_fault_and_nothing_is_loaded(garden, export, content, fault):
    bad = export(content, "bad.json")
    with pytest.raises(CommandError) as caught:
        load(garden, bad)
    assert str(bad) in str(caught.value)
    assert fault in str(caught.value)
    assert nothing_is_loaded()


def test_a_missing_file_is_named(garden, tmp_path):
    with pytest.raises(CommandError, match=r"nowhere\.json can't be read: No such file"):
        load(garden, tmp_path / "nowhere.json")
    assert nothing_is_loaded()


def test_an_unknown_store_is_named(garden):
    with pytest.raises(CommandError, match="nowhere"):
        load(garden, store="nowhere")
    assert nothing_is_loaded()


def test_active_ids_prints_what_is_loaded_and_what_is_no_flow(garden):
    load(garden)
    said = StringIO()
    call_command("active_ids", stdout=said)
    flows = ["a1b2.c3d4:f1", "b:f1", "broker", "c:f1", "f1"]
    assert json.loads(said.getvalue()) == sorted([*flows, "global", "session", "tenant", "user", "view"])
