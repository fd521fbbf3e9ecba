"""The proof of ``tests.prove.flows``, with the site's example flows, on every store that runs here."""

import pytest
from django.db import connections

from project.demo.management.commands.demo import FLOWS
from statestore import stores
from tests import settings as ours
from tests.prove import flows

pytestmark = pytest.mark.django_db(databases=list(connections), transaction=True)

ALIASES = list(ours.STATESTORE["STORES"])


@pytest.mark.parametrize("alias", ALIASES)
def test_a_clean_takes_what_belonged_to_a_removed_flow_and_nothing_else(alias, settings):
    settings.STATESTORE = ours.STATESTORE
    flows.forget(stores[alias])
    row = flows.prove(stores[alias], sorted(FLOWS.glob("*.json")), 1)
    flows.forget(stores[alias])
    figures = dict(zip(flows.HEADER, row, strict=True))
    assert {name: figures[name] for name in ("flows", "scopes", "removed", "would go", "gone")} == {
        "flows": 2,
        "scopes": 12,
        "removed": 1,
        "would go": 6,
        "gone": 6,
    }
