"""``SCOPES["tenant"]``: whose host is asked? ``acme.localhost`` is the tenant ``acme``'s."""

SITE = "localhost"


def tenant_scope(request):
    """Return ``tenant:<name>``, or None at the site's own address."""
    host = request.get_host().partition(":")[0].lower()
    name, dot, parent = host.partition(".")
    return f"tenant:{name}" if dot and parent == SITE else None
