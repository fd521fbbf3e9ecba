"""The forms of the admin where there is little room: what stands beside one another, and what below."""

import pytest

from tests.admin.demo import fill

pytest.importorskip("playwright.sync_api")
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ENTRY = "default/scope/global/key/announcement/"
widths = pytest.mark.parametrize("width", [1280, 1000, 375], ids=["desk", "tablet", "phone"])
AREA, GUTTER = "document.querySelector('#id_value')", "document.querySelector('.state-gutter')"
FIELDS = "input[type=text], select, textarea:not(#id_value), .state-editor"


@pytest.fixture
def look(two_stores, visit):
    """Open a page of this width."""

    def look(path, width):
        fill(two_stores["default"], two_stores.clock)
        return visit(path, viewport={"width": width, "height": 812})

    return look


@widths
def test_line_numbers_stand_beside_their_lines(look, width):
    page = look(ENTRY, width)
    kind = "(({fontSize, lineHeight, paddingTop}) => ({fontSize, lineHeight, paddingTop}))"
    numbers, text = (page.evaluate(f"{kind}(getComputedStyle({one}))") for one in (GUTTER, AREA))
    assert numbers == text


@widths
def test_editor_shows_a_short_text_whole(look, width):
    page = look(ENTRY, width)
    assert page.evaluate(f"{AREA}.scrollHeight - {AREA}.clientHeight") == 0


@pytest.mark.parametrize("path", [ENTRY, "default/add/", "default/clean/", "default/import/"])
def test_fields_on_a_phone_are_as_wide_as_the_page(look, path):
    page = look(path, 375)
    edges = "all => all.map(one => one.getBoundingClientRect()).map(({left, right}) => [left, right])"
    found = page.eval_on_selector_all(f"#content :is({FIELDS})", edges)
    assert found == [[15, 360]] * len(found)
    assert found


@widths
def test_help_begins_where_its_field_does(look, width):
    page = look(ENTRY, width)
    left = "one => one.getBoundingClientRect().left + parseFloat(getComputedStyle(one).paddingLeft)"
    help_, field = (page.eval_on_selector(one, left) for one in ("#state-ttl-help > div", "#id_expiry"))
    padding = page.eval_on_selector("#id_expiry", "one => parseFloat(getComputedStyle(one).paddingLeft)")
    assert help_ == field - padding


def test_name_on_a_phone_has_the_whole_width_of_its_card(look):
    page = look("default/scope/user:7/", 375)
    width = "all => all.map(one => one.getBoundingClientRect().width)"
    rows, names = (page.eval_on_selector_all(f"#result_list tbody {one}", width) for one in ("tr", "th"))
    assert rows == names == [345, 345]
