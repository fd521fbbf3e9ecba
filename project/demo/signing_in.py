"""How programs sign in to the API; people have their session."""

from drf_spectacular.authentication import BasicScheme
from rest_framework.authentication import BasicAuthentication


class BasicForPrograms(BasicAuthentication):
    """Basic authentication, of which a page's script is not told: its browser would ask for a password by itself.

    A 401 still has a challenge, as it must: the API names the session then.
    """

    def authenticate_header(self, request):
        """Return the challenge, or None to a script, which browsers mark as such."""
        return None if request.headers.get("Sec-Fetch-Dest") == "empty" else super().authenticate_header(request)


class SchemeForPrograms(BasicScheme):
    """Says the same in the OpenAPI document."""

    target_class = BasicForPrograms
