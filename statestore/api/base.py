"""What all views of the API share: from the URL to a store that the caller may use."""

from typing import Any, NoReturn

from django.db import DataError
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import AuthenticationFailed, MethodNotAllowed, NotAuthenticated, PermissionDenied
from rest_framework.metadata import SimpleMetadata
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import JSONRenderer
from rest_framework.views import APIView

from statestore.api import options, problems, replies
from statestore.api.accepting import check_accept
from statestore.api.conditions import Conditions
from statestore.api.naming import check_path, unescape
from statestore.api.parsers import StrictJSONParser, read_json
from statestore.api.query import Query
from statestore.api.requests import StateRequest, authenticators
from statestore.api.spec import OwnSchema
from statestore.api.throttling import SCOPES, throttles
from statestore.exceptions import VersionConflict
from statestore.names import check_key, check_scope

CACHE_CONTROL = "private, no-cache"  # may be kept, by the caller alone, and is asked for again by its tag


class StateView(APIView):
    """Checks what the URL says, then who asks, and only then looks for the store."""

    parser_classes = [StrictJSONParser]
    renderer_classes = [JSONRenderer]
    content_negotiation_class = DefaultContentNegotiation
    metadata_class = SimpleMetadata
    permission_classes = []  # the policy says it
    versioning_class = None
    schema = OwnSchema()  # pyright: ignore[reportAssignmentType]

    actions: dict[str, str] = {}
    """What each method does, in the policy's words."""
    switches: dict[str, str] = {"GET": "GET", "PUT": "SET", "PATCH": "SET", "POST": "SET", "DELETE": "REMOVE"}
    """The store's switch that each method needs."""
    parameters: dict[str, tuple[str, ...]] = {}
    """The query's parameters, by method."""

    plain: HttpRequest
    """The request as Django knows it."""
    alias: str
    scope: Any = None  # a name, where the route has one
    key: Any = None
    query: Query
    conditions: Conditions
    store: Any = None
    head: Any

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Give a class that has ``get`` its ``head``; Django would hang it on each instance, in a circle."""
        super().__init_subclass__(**kwargs)
        get = getattr(cls, "get", None)
        if get is not None:
            cls.head = get

    # -- the way of a request

    def dispatch(self, request: HttpRequest, *args: Any, **segments: str) -> Any:
        """Answer as DRF's views do, but for what there is one of here: renderers, formats, versions.

        Going through those costs as much as reading a value from a store.
        """
        self.plain, self.request = request, StateRequest(request)
        try:
            self.initial(self.request, **segments)
            response = getattr(self, request.method.lower())(self.request, **segments)  # type: ignore[union-attr]
        except Exception as error:  # noqa: BLE001 (what nobody foresaw is raised again)
            response = self.handle_exception(error)
        response.headers["Cache-Control"] = CACHE_CONTROL
        return response

    def initial(self, request: Any, *args: Any, **segments: str) -> None:
        """Check everything but the body, in an order that gives nothing away."""
        given = self.plain.method or ""
        method = "GET" if given in {"HEAD", "OPTIONS"} else given
        if method not in self.actions and given != "OPTIONS":
            raise MethodNotAllowed(given)
        self._read_url(segments, self.parameters.get(method, ()))
        check_accept(self.plain.META.get("HTTP_ACCEPT"))
        self.conditions = Conditions.of(self.plain)
        if request.authenticators:  # else all are strangers
            self.perform_authentication(request)
        self.action = self.action_of(method)
        self.check_policy(request)
        self.check_throttles(request)
        if "store" in segments:
            self.store = options.served_store(self.alias)

    def _read_url(self, segments: dict[str, str], parameters: tuple[str, ...]) -> None:
        check_path(self.plain)
        self.query = Query(self.plain, parameters)
        if "store" in segments:
            self.alias = unescape(segments["store"])
        if "scope" in segments:
            self.scope = check_scope(unescape(segments["scope"]))
        if "key" in segments:
            self.key = check_key(unescape(segments["key"]))

    def perform_authentication(self, request: Any) -> None:
        """Find out who asks. Credentials that the database can't even look up are wrong ones."""
        try:
            super().perform_authentication(request)
        except (DataError, ValueError) as error:
            if isinstance(error, ValueError) and "NUL (0x00)" not in str(error):  # which psycopg2 says; else a bug
                raise
            raise AuthenticationFailed from None

    def action_of(self, method: str) -> str:
        """Return what a method does, in the policy's words."""
        return self.actions.get(method) or next(iter(self.actions.values()))

    def check_policy(self, request: Any) -> None:
        """Raise ``NotAuthenticated`` or ``PermissionDenied`` unless the policy allows it."""
        if not options.policy().allows(request, self.action, self.alias, self.scope):
            self.refuse(request)

    def refuse(self, request: Any) -> None:
        """Raise what says no: the same to all who may not, whatever is there."""
        if getattr(request.user, "is_authenticated", False):
            raise PermissionDenied
        raise NotAuthenticated

    # -- of DRF, as it is at this moment

    def get_authenticators(self) -> list[Any]:
        """Return the site's."""
        return authenticators()

    def get_authenticate_header(self, request: Any) -> str:
        """Return all challenges that the site's authenticators have; a 401 needs one."""
        found = [kind.authenticate_header(request) for kind in self.get_authenticators()]
        return ", ".join(filter(None, found)) or "Session"

    def get_throttles(self) -> list[Any]:
        """Return the site's, and ours where the site sets a rate."""
        self.throttle_scope = SCOPES[self.action]
        return throttles(self.action)

    def get_exception_handler(self) -> Any:
        """Return ours: problems as JSON."""
        return problems.respond

    def raise_uncaught_exception(self, exc: Exception) -> NoReturn:
        """Leave what nobody foresaw to Django."""
        raise exc

    def tell_what_is_understood(self, response: HttpResponse) -> None:
        """Add the headers that say what the resource understands."""
        for name, value in self.understood().items():
            response.headers[name] = value

    def understood(self) -> dict[str, str]:
        """Return those headers, ``Allow`` without what is switched off for the store."""
        switches = {"HEAD": self.switches.get("GET")} | self.switches
        enabled = {None, *(self.store.config.enabled if self.store else switches.values())}
        return {"Allow": ", ".join(each for each in self.allowed_methods if switches.get(each) in enabled)}

    # -- for the methods

    def options(self, request: Any, *args: Any, **segments: str) -> Any:
        """Say what the resource understands."""
        metadata: Any = self.metadata_class
        response = replies.reply(metadata().determine_metadata(request, self))
        self.tell_what_is_understood(response)
        return response

    def read_json(self) -> Any:
        """Return the value in the body."""
        return read_json(self.plain, [StrictJSONParser])[1]

    def unchanged(self, version: str) -> HttpResponse | None:
        """Return 304 where the caller has this version already, None where it wants it; raise for 412."""
        if not self.conditions.matched(version):
            raise VersionConflict("The state is not as the request demands.")
        return replies.bare_reply(304, version) if self.conditions.excluded(version) else None

    def missing(self, what: str) -> problems.Missing | VersionConflict:
        """Return the error for what is not there: a condition that fails goes before."""
        if not self.conditions.matched(None):
            return VersionConflict("There is nothing that could match.")
        return problems.Missing(f"There is no such {what}.", scope=self.scope, key=self.key)
