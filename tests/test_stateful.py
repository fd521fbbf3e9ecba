"""Every store against a plain dict: any sequence of verbs leaves the same state and gives the same answers.

The long run is that of ``make soak``.
"""

import pytest

from statestore.testing import AsyncFace
from tests.contract.conftest import each_store, fresh
from tests.prove.likeness import forgetting_is_found_out, run


@pytest.mark.parametrize("alias", each_store())
def test_store_does_what_a_dict_does(alias):
    run(fresh(alias), lambda store: store, examples=10, steps=40)


@pytest.mark.parametrize("alias", ["memory"])
def test_twins_do_what_a_dict_does(alias):
    run(fresh(alias), AsyncFace, examples=5, steps=25)


def test_control_a_store_that_forgets_the_expiry_is_found_out():
    assert forgetting_is_found_out(fresh("memory"))
