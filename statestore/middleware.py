"""``StateMiddleware``: every request has its state at hand."""

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest

from statestore.context import get_context


class StateMiddleware:
    """Hang the context on ``request.state``. It asks nothing of anybody, so its place in ``MIDDLEWARE`` is free."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        request.state = get_context(request)  # type: ignore[attr-defined]
        return self.get_response(request)
