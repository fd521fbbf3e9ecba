"""DRF's request, without its reading of bodies: the views read them, once and with a limit."""

from typing import Any

from django.http import HttpRequest, QueryDict
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.settings import api_settings

_NEGOTIATOR = DefaultContentNegotiation()
_NO_FORM = QueryDict()


class StateRequest(Request):
    """Knows who asks."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request, authenticators=authenticators(), negotiator=_NEGOTIATOR)
        del self.parser_context["request"]  # a circle, which would keep it until the garbage is collected

    @property
    def POST(self) -> Any:  # type: ignore[override]  # noqa: N802 (Django's name)
        """Hold no form: the check for CSRF asks for one, and must not use up the body."""
        return _NO_FORM


def authenticators() -> list[Any]:
    """Return the site's, as its settings are at this moment."""
    kinds: Any = api_settings.DEFAULT_AUTHENTICATION_CLASSES
    return [kind() for kind in kinds]
