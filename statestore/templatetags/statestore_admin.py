"""What the templates of the admin's section need.

Django imports this for any template of any site, the admin installed or not: so the admin's own code is imported
by the filters, when they are used.
"""

from datetime import timedelta

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}

register = template.Library()


@register.filter
def name(text: str) -> SafeString:
    """Show a name of a store, scope or key so that no letter of it hides or turns around what follows."""
    from statestore.admin.tree import name_html

    return name_html(str(text))


@register.filter
def seen(text: str) -> SafeString:
    """Show any text with every character visible."""
    from statestore.admin.tree import visible

    return mark_safe(visible(str(text)))


@register.filter
def plain(text: str) -> str:
    """Show a name where there can be no HTML, with every character visible."""
    from statestore.admin.tree import plain

    return plain(str(text))


@register.filter
def age(length: timedelta) -> str:
    """Write a length of time as it is typed: ``30d``."""
    seconds = length.total_seconds()
    for unit, size in UNITS.items():
        if seconds % size == 0:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds:g}s"


@register.simple_tag(takes_context=True)
def nonce(context: template.Context) -> str:
    """Write the attribute that a policy with nonces asks for, where the site puts one into its pages."""
    given = context.get("csp_nonce")
    return "" if given is None else format_html('nonce="{}"', given)


@register.inclusion_tag("admin/statestore/bars.html")
def bars(rows: list[object], caption: str, href: str = "") -> dict[str, object]:
    """Draw a picture: a row for each bar, with its label, its length and its number."""
    return {"rows": rows, "caption": caption, "href": href}
