"""The store in docs/writing-a-store.md, run out of the page: it keeps the contract, in under 40 lines."""

import pytest

from tests.docs import examples, run

pytestmark = pytest.mark.usefixtures("quick_twins")
TestDictStore = run("writing-a-store.md", 0, 1)["TestDictStore"]


def test_store_in_the_docs_has_under_40_lines_of_its_own():
    _, _, body = examples("writing-a-store.md")[0].partition("class DictStore")
    assert len([line for line in body.splitlines()[1:] if line.strip()]) < 40
