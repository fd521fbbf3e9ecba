"""Lists of active ids from files and standard input: half a list is refused."""

import io
import json
import re

import pytest

from tests.cleaning.command import clean, fill, left, refused

EXPORT = [
    {"id": "n1", "type": "inject", "z": "f1", "wires": [["n2"]]},
    {"id": "b1", "type": "mqtt-broker", "z": ""},
    {"id": "s1", "type": "subflow", "in": [{"id": "deep", "wires": [{"id": "n9"}]}], "x": 1},
]


@pytest.mark.parametrize(
    ("content", "ids"),
    [
        ("flow:1\nflow:2\n", {"flow:1", "flow:2"}),
        ("flow:1\r\n\r\nflow:2", {"flow:1", "flow:2"}),
        ("\ufeffflow:1\n", {"flow:1"}),
        (" flow:1 \n", {" flow:1 ", "flow:1"}),
        ("# note\n", {"# note"}),
        ("Zoë\nZoe\u0308\n", {"Zoë", "Zoe\u0308"}),
        ('["flow:1", "flow:2"]', {"flow:1", "flow:2"}),
        (json.dumps(EXPORT), {"n1", "f1", "b1", "s1", "deep", "n9"}),
        (f"\n {json.dumps({'flows': EXPORT, 'rev': 'x'}, indent=1)}", {"n1", "f1", "b1", "s1", "deep", "n9"}),
        ('{"id": "n1", "z": 5, "a": {"id": "", "b": [{"id": "a\\u0000"}]}}', {"n1"}),
    ],
)
def test_lists_of_active_ids(store, clock, listed, content, ids):
    fill(store, "gone", *ids)
    clock.tick()
    clean("--active-from", listed(content))
    assert left(store) == sorted(ids)


def test_a_node_red_export_keeps_its_nodes_and_flows(store, clock, listed):
    fill(store, "f1", "n1:f1", "b1:f1", "f2", "n2:f2", "n12:f1")
    clock.tick()
    clean("--active-from", listed(json.dumps(EXPORT)))
    assert left(store) == ["b1:f1", "f1", "n1:f1"]


def test_standard_input_and_several_lists_together(store, clock, listed, monkeypatch):
    fill(store, "a", "b", "c", "d")
    clock.tick()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"b\n")))
    clean("--active", "a", "--active-from", "-", "--active-from", listed("c\n"))
    assert left(store) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "has no id"),
        ("\n \n", "has no id"),
        ("[]", "has no id"),
        ('{"error": "no such flow"}', "has no id"),
        (json.dumps(EXPORT)[:-20], "begins like JSON"),
        ("[" * 100_000, "begins like JSON"),
        ('[{"id": ' + "1" * 5000 + "}]", "begins like JSON"),
        (b"flow:1\n\xff\xfe\n", "not text in UTF-8 \\(at byte 7\\)"),
        ("flow:1\n".encode("utf-16"), "not text in UTF-8"),
        ("flow:1\nflow:2\x00\n", "line 2.*control character"),
        ("x" * 201, "line 1.*200 characters"),
        ('["flow:1", ""]', "1 to 200 characters"),
    ],
)
def test_half_a_list_is_refused(store, clock, listed, content, reason):
    fill(store, "flow:1", "flow:2")
    clock.tick()
    for more in ([], ["--active", "flow:1"]):
        said = refused("--active-from", listed(content), *more)
        assert re.search(reason, said)
        assert said.count("Nothing was removed") == 1


def test_file_that_is_not_there_is_refused(store, clock, tmp_path):
    fill(store, "flow:1")
    clock.tick()
    assert "No such file" in refused("--active-from", str(tmp_path / "nowhere"))
    assert "Is a directory" in refused("--active-from", str(tmp_path))


def test_empty_standard_input_is_refused_by_its_name(store, clock, monkeypatch):
    fill(store, "flow:1")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\n")))
    assert "standard input has no id in it" in refused("--active-from", "-")


def test_empty_list_passes_when_allowed(store, clock, listed):
    fill(store, "flow:1", "global", "user:1")
    clock.tick()
    clean("--active-from", listed(""), "--allow-empty", "--prefix", "flow:")
    assert left(store) == ["global", "user:1"]
