"""The settings, read when they are needed: one dict, ``STATESTORE``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from statestore.durations import check_ttl
from statestore.exceptions import InvalidValue

DEFAULT_STORES = {"default": {"BACKEND": "statestore.backends.ModelStore"}}
SECTIONS = ("STORES", "SCOPES", "CLEAN", "API", "OBSERVERS")
VERBS = ("GET", "SET", "REMOVE", "CLEAN")
PARAMETERS = (
    "BACKEND",
    "OPTIONS",
    "TTL",
    "MAX_VALUE_BYTES",
    "SCHEMAS",
    *(f"ENABLE_{verb}" for verb in VERBS),
)


def section(name: str) -> dict[str, Any]:
    """Return one part of ``STATESTORE``; an empty dict where the site says nothing."""
    return _all().get(name) or {}


def store_params() -> Mapping[str, Any]:
    """Return the configured stores by alias: a dict of parameters, or a string, the alias of another."""
    stores = _all().get("STORES", DEFAULT_STORES)
    if not isinstance(stores, Mapping):
        raise ImproperlyConfigured("STATESTORE['STORES'] is a dict of stores by alias.")
    return stores


def observers() -> Sequence[Any]:
    """Return who watches the stores: dotted paths, as the site names them."""
    return _all().get("OBSERVERS") or ()


def _all() -> Mapping[str, Any]:
    given = getattr(settings, "STATESTORE", None)
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ImproperlyConfigured("STATESTORE is a dict.")
    return given


@dataclass(frozen=True)
class StoreConfig:
    """What any store takes, checked."""

    ttl: int | None = None  # microseconds
    max_value_bytes: int = 256 * 1024
    enabled: frozenset[str] = frozenset(VERBS)
    schemas: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, alias: str, params: Mapping[str, Any]) -> "StoreConfig":
        """Return the configuration that ``params`` say; raise ``ImproperlyConfigured`` naming what is wrong."""
        for problem in problems(params):
            raise ImproperlyConfigured(f"STATESTORE['STORES'][{alias!r}]: {problem}")
        return cls(
            ttl=check_ttl(params.get("TTL")),
            max_value_bytes=params.get("MAX_VALUE_BYTES", cls.max_value_bytes),
            enabled=frozenset(verb for verb in VERBS if params.get(f"ENABLE_{verb}", True)),
            schemas=params.get("SCHEMAS") or {},
            options=params.get("OPTIONS") or {},
        )


def problems(params: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a store's parameters, as sentences; backends see to their own ``OPTIONS``."""
    found = [f"{name!r} is not a parameter of a store." for name in params if name not in PARAMETERS]
    for verb in VERBS:
        if not isinstance(params.get(f"ENABLE_{verb}", True), bool):
            found.append(f"ENABLE_{verb} is True or False.")
    for name in ("OPTIONS", "SCHEMAS"):
        if not isinstance(params.get(name), Mapping | None):
            found.append(f"{name} is a dict.")
    limit = params.get("MAX_VALUE_BYTES", 1)
    if type(limit) is not int or limit < 1:
        found.append("MAX_VALUE_BYTES is a whole number above 0.")
    try:
        check_ttl(params.get("TTL"))
    except InvalidValue:
        found.append("TTL is a number of seconds above 0, or None.")
    return found
