"""A view for load balancers and people on duty: how are the stores?"""

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from statestore.entries import Health
from statestore.handler import stores


@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """Answer 200 when every store can be reached, else 503, and which; staff see what ``store.health()`` says."""
    reports = [store.health() for store in stores.all()]
    tell = _all if getattr(getattr(request, "user", None), "is_staff", False) else _little
    well = all(report.reachable for report in reports)
    return JsonResponse({report.alias: tell(report) for report in reports}, status=200 if well else 503)


def _little(report: Health) -> dict[str, Any]:
    return {"reachable": report.reachable}


def _all(report: Health) -> dict[str, Any]:
    return {
        "reachable": report.reachable,
        "latency": round(report.latency, 4),
        "backend": report.backend,
        "server": report.server,
        "version": report.version,
        "threats": report.threats,
        "error": report.error,
    }
