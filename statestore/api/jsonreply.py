"""A response that is JSON."""

from typing import Any

import orjson
from django.http import HttpResponse


class JSONReply(HttpResponse):
    """JSON text as it is; ``data`` is what it says, as on the responses of Django REST framework."""

    @property
    def data(self) -> Any:
        """The value that the body says."""
        return orjson.loads(self.content)
