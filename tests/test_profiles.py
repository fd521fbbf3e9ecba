"""The page of profiles says what is known by hand, and the page of benchmarks who counts as a peer."""

from inspect import cleandoc
from pathlib import Path

import pytest

from benchmarks.families import FAMILIES, peers
from benchmarks.remarks import LEFT, OVERTAKEN, UNMET
from benchmarks.report import quicker
from benchmarks.targets import TARGETS

PAGE = (Path(__file__).parents[1] / "docs" / "profiles.md").read_text("utf-8")


@pytest.mark.parametrize("remark", [*LEFT.values(), *UNMET.values()])
def test_page_of_profiles_has_every_remark(remark):
    assert cleandoc(remark) in PAGE


def test_peer_that_is_quicker_is_named_with_its_reason_and_no_other():
    ours = next(name for family, name in TARGETS if family == "memory")
    samples = {"dict of encoded bytes": [1.0], ours: [3.0], "Django LocMemCache": [2.0]}
    slower = samples | {"Django LocMemCache": [4.0]}
    rows = quicker({"memory": {("set", "100 B"): samples, ("get", "100 B"): slower}})
    reason = OVERTAKEN["Django LocMemCache"]
    assert rows[1:] == [["Django LocMemCache, In one process", "set", "100 B", "1.50", reason]]


def test_reasons_are_of_peers():
    assert OVERTAKEN.keys() <= set().union(*map(peers, FAMILIES))
