"""The stores in examples/ keep the whole contract, and are small enough to copy."""

from pathlib import Path

import pytest

from examples.diskcache_store import DiskStore
from examples.file_store import FileStore
from statestore.testing import ContractSuite

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.mark.slow
@pytest.mark.usefixtures("quick_twins")
@pytest.mark.parametrize("example_store", [FileStore, DiskStore])
class TestExample(ContractSuite):
    @pytest.fixture
    def new_store(self, example_store, tmp_path):
        return example_store("example", {"OPTIONS": {"directory": str(tmp_path)}})


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_example_is_short(example):
    assert len(example.read_text("utf-8").splitlines()) <= 130


def test_file_store_names_files_so_that_any_file_system_keeps_them_apart(tmp_path):
    store = FileStore("example", {"OPTIONS": {"directory": str(tmp_path)}})
    names = ["a", "A", "ä", "a.json", "x/../y", "~", "%41", "+", "a" * 200, "ü" * 200]
    for name in names:
        store.set(name, "key", name)
    assert [info.name for info in store.scopes()] == sorted(names)
    files = [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.json")]
    assert len({file.lower() for file in files}) == len(names)
    assert all(len(part) <= 130 for file in files for part in Path(file).parts)
