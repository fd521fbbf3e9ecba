"""What the templates of the admin's section need."""

from django import template
from django.utils.safestring import SafeString, mark_safe

from statestore.admin.tree import name_html, visible
from statestore.admin.tree import plain as plain_text

register = template.Library()


@register.filter
def name(text: str) -> SafeString:
    """Show a name of a store, scope or key so that no letter of it hides or turns around what follows."""
    return name_html(str(text))


@register.filter
def seen(text: str) -> SafeString:
    """Show any text with every character visible."""
    return mark_safe(visible(str(text)))


@register.filter
def plain(text: str) -> str:
    """Show a name where there can be no HTML, with every character visible."""
    return plain_text(str(text))


@register.inclusion_tag("admin/statestore/bars.html")
def bars(rows: list[object], caption: str, href: str = "") -> dict[str, object]:
    """Draw a picture: a row for each bar, with its label, its length and its number."""
    return {"rows": rows, "caption": caption, "href": href}
