"""The pages in a real browser under django-unfold. ``test_unfold`` runs this with settings of its own.

Unfold's own scripts ask for inline code, so the policy is the one it can live with; ours ask for nothing.
"""

import pytest

from tests.admin import csp
from tests.admin.test_browser import DESK, PHONE, each_page, looks, picture, press, site

__all__ = ["picture", "site"]

pytestmark = [pytest.mark.django_db(transaction=True)]
POLICY = csp.POLICY.replace("script-src 'self'", "script-src 'self' 'unsafe-inline' 'unsafe-eval'").replace(
    "style-src 'self'", "style-src 'self' 'unsafe-inline'"
)


@pytest.fixture(autouse=True)
def lenient(monkeypatch):
    monkeypatch.setattr(csp, "POLICY", POLICY)


@looks
def test_every_page_opens_and_fits(site, visit, picture, device, scheme):
    page, wide = visit(color_scheme=scheme, **device), {}
    for name in each_page(page, site):
        visit.complaints[:] = [said for said in visit.complaints if "503" not in said]  # the store that is down
        assert page.locator("#content-main").count() == 1, name
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > device["viewport"]["width"]:
            wide[name] = width
        kind = ["unfold", name] + ["dark"] * (scheme == "dark") + ["phone"] * (device is PHONE)
        picture(page, "-".join(kind))
    assert wide == {}


def test_edit_delete_and_clean(site, visit):
    store = site["default"]
    page = visit("default/scope/user:7/key/theme/", **DESK)
    page.fill("#id_value", '"blue"')
    press(page, "[name=_save]")
    assert "was changed" in page.locator("body").inner_text()
    assert store.get("user:7", "theme") == "blue"
    page.goto(f"{page.url.partition('/statestore/')[0]}/statestore/default/?q=flow:")
    page.check("[value='flow:0001']")
    page.select_option("[name=action]", "delete_selected")
    press(page, ".actions button")
    press(page, "#content-main form input[type=submit]")
    assert store.keys("flow:0001") == []
    page.goto(f"{page.url.partition('/statestore/')[0]}/statestore/default/clean/")
    page.fill("#id_idle", "30d")
    press(page, "input.default")
    page.click(".state-danger")
    page.wait_for_selector("text=17 scopes were removed")
    assert len(list(store.scopes())) == 81
