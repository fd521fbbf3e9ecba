"""The measurement of the admin's pages, in small: that it works, and that every page answers."""

import pytest

from statestore import stores
from tests.prove import admin_pages


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_every_page_is_measured_and_nothing_is_left(capsys):
    with admin_pages.signed_in() as cookie, admin_pages.served() as port:
        found = [admin_pages.measure("default", size, admin_pages.Client(port, cookie), 1) for size in (150, 300)]
        admin_pages.show("default", [150, 300], found)
    assert [line.split("  ")[0] for line in capsys.readouterr().out.splitlines()[1:-1]] == list(
        admin_pages.pages("default", 150)
    )
    assert all(seconds > 0 for one in found for seconds in one.values())
    assert list(stores["default"].scopes(admin_pages.PREFIX)) == []
