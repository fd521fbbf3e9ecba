"""Who comes to the site, and what the site says of its scopes."""

from types import SimpleNamespace

from django.conf import settings
from django.test import override_settings

MEMORY = "statestore.backends.MemoryStore"


def person(pk, **attributes):
    return SimpleNamespace(pk=pk, is_authenticated=True, **attributes)


def scopes_setting(**scopes):
    return override_settings(STATESTORE={**settings.STATESTORE, "SCOPES": scopes})


def tenant_of(request):
    return getattr(request, "tenant", None)


async def awaited_tenant_of(request):
    return f"{request.tenant}:awaited"
