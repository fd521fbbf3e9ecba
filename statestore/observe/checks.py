"""The system check of ``STATESTORE["OBSERVERS"]``; ``register_checks`` makes it known to Django."""

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from statestore import conf
from statestore.exceptions import kind
from statestore.observe.watching import build

HINT = (
    'OBSERVERS is a list of dotted paths: "statestore.observe.Prometheus" (pip install "statestore[metrics]"), '
    '"statestore.observe.OpenTelemetry" (pip install "statestore[tracing]"), or a class of your own.'
)


def check_observers(**kwargs: Any) -> list[CheckMessage]:
    """Return what is wrong with ``STATESTORE["OBSERVERS"]``."""
    return [Error(problem, hint=HINT, id="statestore.E017") for problem in _problems()]


def _problems() -> Iterator[str]:
    try:
        paths = conf.observers()
    except ImproperlyConfigured:
        return  # what is wrong with STATESTORE itself has a check of its own
    if not isinstance(paths, list | tuple):
        yield f"STATESTORE['OBSERVERS'] is a list, not {kind(paths)}."
        return
    for path in paths:
        try:
            build(path)
        except ImproperlyConfigured as error:
            yield str(error)


def register_checks() -> None:
    """Make the check known to Django."""
    register(check_observers, "statestore")
