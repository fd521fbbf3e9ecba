"""The settings of the API: ``STATESTORE["API"]``, read when they are needed."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from statestore import conf
from statestore.api.policy import Policy
from statestore.exceptions import UnknownStore, shown
from statestore.handler import stores
from statestore.importing import load

MOST_PER_PAGE = 1000
DEFAULTS: dict[str, Any] = {
    "POLICY": Policy,  # who may do what: a subclass of Policy, or its dotted path
    "STORES": None,  # the aliases that are served; None: all
    "PAGE_SIZE": 100,  # scopes in one page of a listing
    "MAX_BODY_BYTES": 1024 * 1024,  # of a request
}


class Chosen:
    """The settings of the API, put together anew only when the site's are others."""

    def __init__(self) -> None:
        self._site: Any = object()
        self._options: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        site = getattr(settings, "STATESTORE", None)
        if site is not self._site:
            chosen = DEFAULTS | conf.section("API")
            self._options, self._site = chosen | {"POLICY": _policy_class(chosen["POLICY"])}, site
        return self._options[name]


option = Chosen().__getitem__
"""Return a setting of the API, or its default."""


def policy() -> Policy:
    """Return the site's policy."""
    return option("POLICY")()


def _policy_class(given: Any) -> type[Policy]:
    found = load(given)
    if isinstance(found, type) and issubclass(found, Policy):
        return found
    raise ImproperlyConfigured("STATESTORE['API']['POLICY'] is a subclass of statestore.Policy, or its path.")


def served() -> list[str]:
    """Return the aliases of the stores that the API serves."""
    chosen = option("STORES")
    return [alias for alias in stores if chosen is None or alias in chosen]


def served_store(alias: str) -> Any:
    """Return a store that the API serves, or raise ``UnknownStore``."""
    chosen = option("STORES")
    if chosen is None or alias in chosen:
        with suppress(UnknownStore):
            return stores[alias]
    raise UnknownStore(f"There is no store {shown(alias)}.", alias=alias)


def problems(given: Mapping[Any, Any]) -> Iterator[str]:
    """Yield what is wrong with the settings of the API, as sentences."""
    yield from (f"{shown(name)} is no setting of the API." for name in given if name not in DEFAULTS)
    yield from _policy_problems(given.get("POLICY", Policy))
    yield from _store_problems(given.get("STORES"))
    size = given.get("PAGE_SIZE", 1)
    if type(size) is not int or not 1 <= size <= MOST_PER_PAGE:
        yield f"PAGE_SIZE is a whole number from 1 to {MOST_PER_PAGE}."
    limit = given.get("MAX_BODY_BYTES", 1)
    if type(limit) is not int or limit < 1:
        yield "MAX_BODY_BYTES is a whole number above 0."


def _policy_problems(given: Any) -> Iterator[str]:
    try:
        _policy_class(given)
    except ImportError as error:
        yield f"POLICY {error}"
    except ImproperlyConfigured:
        yield "POLICY is a subclass of statestore.Policy, or its dotted path."


def _store_problems(given: Any) -> Iterator[str]:
    if given is None:
        return
    if isinstance(given, str) or not isinstance(given, list | tuple | set | frozenset):
        yield "STORES is a list of aliases, or None for all."
        return
    known = conf.store_params()
    yield from (f"STORES: there is no store {shown(alias)}." for alias in given if alias not in known)
