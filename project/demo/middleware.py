"""What every answer of the site has in common."""

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.deprecation import MiddlewareMixin

from statestore import StoreError

POLICY = """
    default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self';
    frame-ancestors 'none'
"""
HEADER = " ".join(POLICY.split())


class ContentSecurityPolicy(MiddlewareMixin):
    """No page runs or shows anything that is not the site's own, nor any script or style within the page."""

    def process_response(self, request, response):
        response.headers.setdefault("Content-Security-Policy", HEADER)
        return response


class StoreTrouble(MiddlewareMixin):
    """A store that is unwell is a 503 with a page that needs no store, not an error of the site's."""

    def process_exception(self, request, exception):
        if not isinstance(exception, StoreError):
            return None
        page = render_to_string("503.html", {"trouble": exception})  # without the request, whose theme is state
        return HttpResponse(page, status=503, headers={"Retry-After": "5"})
