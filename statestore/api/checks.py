"""The system check of the API's settings; ``register_checks`` makes it known to Django."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from statestore import conf
from statestore.api import options

HINT = f"The settings are {', '.join(options.DEFAULTS)}."


def check_api(**kwargs: Any) -> list[CheckMessage]:
    """Return what is wrong with ``STATESTORE["API"]``."""
    try:
        given = conf.section("API")
    except ImproperlyConfigured:
        return []  # what is wrong with STATESTORE itself has a check of its own
    return list(_problems(given)) if isinstance(given, Mapping) else []  # what is no dict is statestore.E014


def _problems(given: Mapping[Any, Any]) -> Iterator[CheckMessage]:
    for problem in options.problems(given):
        yield Error(f"STATESTORE['API']: {problem}", hint=HINT, id="statestore.E015")


def register_checks() -> None:
    """Make the check known to Django."""
    register(check_api, "statestore")
