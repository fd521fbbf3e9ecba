"""The contract that every store keeps, as a suite of pytest tests.

    class TestMyStore(ContractSuite):
        @pytest.fixture
        def new_store(self):
            return MyStore("mine", {...})

``new_store`` is the one thing to say: it returns the store to test, empty. Every rule is then tried by the verbs
and by their async twins. ``ConcurrencySuite`` is the part with several threads, ``RulesSuite`` all the rest: a
store on a database wants its rules inside a transaction that is rolled back, and its threads outside of one.
"""

import pytest

_THEMES = [
    "reading", "writing", "names", "values", "expiry", "versions", "parts", "bulk", "listing", "cleaning",
    "switches", "signals", "errors", "lifecycle", "scope_as_dict", "concurrency", "suite",
]  # fmt: skip
pytest.register_assert_rewrite(*(f"{__name__}.{theme}" for theme in _THEMES))

from statestore.testing.contract.bulk import Bulk  # noqa: E402 (after the assertions are taken care of)
from statestore.testing.contract.cleaning import Cleaning  # noqa: E402
from statestore.testing.contract.concurrency import Concurrency  # noqa: E402
from statestore.testing.contract.errors import Errors  # noqa: E402
from statestore.testing.contract.expiry import Expiry  # noqa: E402
from statestore.testing.contract.lifecycle import Lifecycle  # noqa: E402
from statestore.testing.contract.listing import Listing  # noqa: E402
from statestore.testing.contract.names import Names  # noqa: E402
from statestore.testing.contract.parts import Parts  # noqa: E402
from statestore.testing.contract.reading import Reading  # noqa: E402
from statestore.testing.contract.scope_as_dict import ScopeAsDict  # noqa: E402
from statestore.testing.contract.signals import Signals  # noqa: E402
from statestore.testing.contract.switches import Switches  # noqa: E402
from statestore.testing.contract.values import Values  # noqa: E402
from statestore.testing.contract.versions import Versions  # noqa: E402
from statestore.testing.contract.writing import Writing  # noqa: E402


class RulesSuite(
    Reading, Writing, Names, Values, Expiry, Versions, Parts, Bulk, Listing, Cleaning, Switches, Signals, Errors,
    Lifecycle, ScopeAsDict,
):  # fmt: skip
    """Every rule, one caller at a time."""


class ConcurrencySuite(Concurrency):
    """The rules among several threads."""


class ContractSuite(RulesSuite, ConcurrencySuite):
    """All there is to keep."""
