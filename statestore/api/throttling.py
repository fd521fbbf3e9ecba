"""Named throttle scopes; how often is for the site to say, in DRF's ``DEFAULT_THROTTLE_RATES``."""

from typing import Any

from rest_framework.settings import api_settings
from rest_framework.throttling import ScopedRateThrottle, SimpleRateThrottle

SCOPES = {"view": "statestore-read", "change": "statestore-write", "delete": "statestore-write"}
SCOPES["clean"] = "statestore-clean"


class StateThrottle(ScopedRateThrottle):
    """Counts each caller in the view's throttle scope."""

    THROTTLE_RATES: Any = property(lambda self: api_settings.DEFAULT_THROTTLE_RATES)


def throttles(action: str) -> list[SimpleRateThrottle]:
    """Return the throttles for an action: the site's own, and ours where the site sets a rate for its scope."""
    site: Any = api_settings.DEFAULT_THROTTLE_CLASSES
    found = [kind() for kind in site if not issubclass(kind, ScopedRateThrottle)] if site else []
    if api_settings.DEFAULT_THROTTLE_RATES.get(SCOPES[action]):
        found.append(StateThrottle())
    return found
