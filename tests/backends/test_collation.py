"""``ModelStore`` on the MariaDB of a careless site: collations that fold much, no strict mode, no charset."""

import pytest

from statestore import VersionConflict
from tests.faults.kit import model_store
from tests.faults.test_model_faults import ask
from tests.servers import MariaDB, ServerUnavailable

pytestmark = pytest.mark.slow
WORST = {
    "latin1_general_ci": "latin1",  # folds case, compares with spaces added at the end
    "utf8mb3_unicode_ci": "utf8mb3",  # no code point beyond the first plane
    "utf8mb4_unicode_nopad_ci": "utf8mb4",
}
ALIKE = [
    "a", "A", "á", "a\N{COMBINING ACUTE ACCENT}", "ä", "ae", "æ", "Æ", "a ", " a", "a  ", "\N{NO-BREAK SPACE}a",
    "a\N{ZERO WIDTH SPACE}", "a\N{ZERO WIDTH JOINER}", "\N{FULLWIDTH LATIN SMALL LETTER A}",
    "s", "ss", "ß", "ẞ", "\N{LATIN SMALL LETTER LONG S}", "i", "I", "\N{LATIN SMALL LETTER DOTLESS I}", "İ",
    "\N{KELVIN SIGN}", "K", "k", "Ω", "\N{OHM SIGN}", "\N{LATIN SMALL LIGATURE FI}", "fi", "😀", "😁", "\U0010ffff",
    "?", "??", "%", "_", "\\", "\\\\", "'", "''", '"', "`", "0", "00", "1", "\N{FULLWIDTH DIGIT ONE}", "2", "²",
]  # fmt: skip
HARD = ["".join(ALIKE), "\0", "\\", "' OR 1=1 --", '\\"', "\n\r\t\x1a", 1e22, -0.0, 2**63 - 1, {"b": 1, "a": 2}]


class Careless(MariaDB):
    """Everything as bad as it can be set."""

    collation = ""
    options = {}

    def command(self):
        careless = [f"--character-set-server={WORST[self.collation]}", f"--collation-server={self.collation}"]
        return [*super().command(), *careless, "--sql-mode=NO_BACKSLASH_ESCAPES,ANSI_QUOTES"]


@pytest.fixture(scope="module", params=WORST)
def server(request):
    kind = type("Careless", (Careless,), {"collation": request.param})
    try:
        server = kind().start()
    except ServerUnavailable as reason:
        pytest.skip(f"NOT TESTED: {reason}")
    with server:
        yield server


@pytest.fixture(scope="module")
def made(server, django_db_blocker):
    with django_db_blocker.unblock(), model_store(server) as store:
        yield store


@pytest.fixture
def store(made, django_db_blocker):
    with django_db_blocker.unblock():
        for info in list(made.scopes()):
            made.delete(info.name)
        yield made


def test_server_is_as_careless_as_it_is_meant_to_be(server):
    assert ask(server, "SELECT @@collation_database, 'a' = 'A', 'STRICT_TRANS_TABLES' IN (@@sql_mode)") == (
        (server.collation, 1, 0),
    )


def test_no_column_has_the_servers_collation(server, store):
    store.open()
    found = ask(
        server,
        "SELECT column_name, collation_name FROM information_schema.columns "
        "WHERE table_schema = 'statestore' AND table_name = 'statestore_entry' AND collation_name IS NOT NULL",
    )
    assert dict(found) == {"value": "utf8mb4_bin", "version": "ascii_bin"}


def test_names_that_the_collation_takes_for_one_are_two(store):
    for name in ALIKE:
        store.set_many(name, {key: [name, key] for key in ALIKE})
    assert [info.name for info in store.scopes()] == sorted(ALIKE)
    assert all(info.entries == len(ALIKE) for info in store.scopes())
    for name in ALIKE:
        assert store.get_many(name) == {key: [name, key] for key in ALIKE}
        assert store.keys(name) == sorted(ALIKE)
    assert store.remove("a", "a") == 1
    assert store.keys("A") == sorted(ALIKE)
    assert store.delete("a ") == len(ALIKE)
    assert len(list(store.scopes())) == len(ALIKE) - 1
    assert store.clean(["ß", "😀"], prefix="").kept == 2
    assert [info.name for info in store.scopes()] == ["ß", "😀"]


@pytest.mark.parametrize("prefix", ["a", "A", "á", "s", "😀", "\\", "%", "_", "a "])
def test_prefix_is_of_code_points(store, prefix):
    for name in ALIKE:
        store.set(name, "k", 1)
    assert [info.name for info in store.scopes(prefix)] == sorted(name for name in ALIKE if name.startswith(prefix))


@pytest.mark.parametrize("value", HARD)
def test_value_comes_back_as_it_was(store, value):
    store.set("s", "k", value)
    assert repr(store.get("s", "k")) == repr(value)
    assert store.get_many("s") == {"k": value}


def test_longest_names_are_not_cut_off(store):
    longest = ["😀" * 200, "😀" * 199 + "a", "é" * 200, "a" * 200]
    for name in longest:
        store.set(name, name, name)
    assert sorted(info.name for info in store.scopes()) == sorted(longest)
    assert all(store.get(name, name) == name for name in longest)


def test_version_that_differs_in_case_is_another(store):
    version = store.set("s", "k", 1)
    with pytest.raises(VersionConflict):
        store.set("s", "k", 2, if_version=version.swapcase())
    with pytest.raises(VersionConflict):
        store.remove("s", "k", if_version=version.swapcase())
    assert store.get("s", "k") == 1
