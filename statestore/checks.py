"""System checks: every mistake in ``STATESTORE`` has a number, a sentence and a hint. No server is asked.

Only ``check --deploy`` asks: whether the stores answer, and what threatens their promises.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004 (Django's own name)
from django.db import connections

from statestore import cleanrules, conf, resolving, schemas
from statestore.backends.base import StateStore
from statestore.backends.cache import CacheStore, is_redis
from statestore.backends.layered import LayeredStore
from statestore.backends.layered_options import ROLES, end_of
from statestore.backends.model import ModelStore
from statestore.backends.sql_vendors import DIALECTS
from statestore.context import StateContext
from statestore.exceptions import kind, shown
from statestore.handler import DEFAULT, stores
from statestore.importing import load

TAG = "statestore"

HINTS = {
    "E001": "STATESTORE = {'STORES': {...}}; leave it out to have one store on the default database.",
    "E002": f"The sections are {', '.join(conf.SECTIONS)}.",
    "E003": "STORES maps aliases to stores: {'default': {'BACKEND': 'statestore.backends.ModelStore'}}.",
    "E004": "Add {'default': {'BACKEND': 'statestore.backends.ModelStore'}}, or an alias: {'default': 'fast'}.",
    "E005": "Write {'BACKEND': 'dotted.path.of.a.Store', ...}, or the alias of another store as a text.",
    "E006": "Name one of the configured stores, or give this one a BACKEND of its own.",
    "E007": "One of these aliases must be a store with a BACKEND.",
    "E008": "BACKEND is the dotted path of a class, such as 'statestore.backends.CacheStore'.",
    "E009": "A store is a subclass of statestore.StateStore that has all its hooks.",
    "E010": f"A store takes {', '.join(conf.PARAMETERS)}.",
    "E011": "See what this kind of store takes as OPTIONS in its documentation.",
    "E012": "SCOPES maps names to resolvers, callables that take the request: {'tenant': 'shop.tenants.scope_of'}.",
    "E013": "CLEAN maps families to rules: {'flow': {'active': 'shop.flows.active_scopes', 'idle': '30d'}}.",
    "E014": "API is a dict; leave it out to have the defaults.",
    "E016": "SCHEMAS maps patterns of scopes to types by key: {'user:*': {'theme': str}}.",
    "W001": "Their scopes mix. Keep one of them and make the other its alias, or move it elsewhere.",
    "W002": "If that will not do, use a ModelStore, or Redis by way of django-redis.",
    "W003": "Nothing is lost by it here; take it out of the cache's OPTIONS if you expected otherwise.",
    "W004": "Look whether its server runs and can be reached from here.",
    "W005": "Change the server's configuration, or silence this check if the loss is acceptable.",
    "W006": "Choose another name for this scope.",
}


def check_settings(**kwargs: Any) -> list[CheckMessage]:
    """Return what is wrong with ``STATESTORE``, and what its stores can't promise by their nature."""
    given = getattr(settings, "STATESTORE", None)
    if given is None:
        given = {}
    if not isinstance(given, Mapping):
        return [_message("E001", f"STATESTORE is a dict, not {kind(given)}.")]
    found = [_message("E002", f"{shown(name)} is no section of STATESTORE.") for name in given if _unknown(name)]
    if isinstance(params := given.get("STORES", conf.DEFAULT_STORES), Mapping):
        return [*found, *_stores(params), *_sections(given), *_promises()]
    return [*found, _message("E003", f"STATESTORE['STORES'] is a dict, not {kind(params)}.")]


def check_servers(**kwargs: Any) -> list[CheckMessage]:
    """Ask every store how it is; one that can't be reached is a warning, for it may be back at any moment."""
    return [message for store in _built().values() for message in _asked(store)]


def register_checks() -> None:
    """Make the checks known to Django."""
    register(check_settings, TAG)
    register(check_servers, TAG, deploy=True)


def _message(number: str, sentence: str) -> CheckMessage:
    kind = Error if number.startswith("E") else Warning
    return kind(sentence, hint=HINTS[number], id=f"statestore.{number}")


def _unknown(name: object) -> bool:
    return name not in conf.SECTIONS


# -- STORES


def _stores(params: Mapping[Any, Any]) -> Iterator[CheckMessage]:
    if DEFAULT not in params:
        yield _message("E004", "STATESTORE['STORES'] has no store 'default'.")
    for alias, given in params.items():
        place = f"STATESTORE['STORES'][{shown(alias)}]"
        if not isinstance(alias, str):
            yield _message("E003", f"{place}: an alias is a text, not {kind(alias)}.")
        elif isinstance(given, str):
            yield from _alias_problems(alias, params, place)
        elif isinstance(given, Mapping):
            yield from _store_problems(alias, given, place)
        else:
            yield _message("E005", f"{place} is a dict or a text, not {kind(given)}.")


def _alias_problems(alias: str, params: Mapping[Any, Any], place: str) -> Iterator[CheckMessage]:
    way = [alias]
    while isinstance(target := params.get(way[-1]), str):
        if target in way:
            yield _message("E007", f"{place} goes in a circle: {' → '.join(map(shown, [*way, target]))}.")
            return
        way.append(target)
    if target is None:
        yield _message("E006", f"{place} is an alias of {shown(way[-1])}, and there is no such store.")


def _store_problems(alias: str, params: Mapping[str, Any], place: str) -> Iterator[CheckMessage]:
    wrong = [_message("E010", f"{place}: {problem}") for problem in conf.problems(params)]
    yield from wrong
    backend = params.get("BACKEND")
    try:
        made = load(backend)
    except ImportError as error:
        yield _message("E008", f"{place}: BACKEND {error}")
        return
    if not isinstance(backend, str):
        yield _message("E008", f"{place}: there is no BACKEND.")
    elif not (isinstance(made, type) and issubclass(made, StateStore)):
        yield _message("E009", f"{place}: {shown(backend)} is not a subclass of StateStore.")
    elif not wrong:
        yield from _schema_problems(params, place)
        yield from _option_problems(alias, params, made, place)


def _schema_problems(params: Mapping[str, Any], place: str) -> Iterator[CheckMessage]:
    for problem in schemas.problems(params.get("SCHEMAS") or {}):
        yield _message("E016", f"{place}: {problem}")


def _option_problems(
    alias: str, params: Mapping[str, Any], backend: Callable[..., StateStore], place: str
) -> Iterator[CheckMessage]:
    try:
        hook = getattr(backend, "option_problems", None)
        found = list(hook(alias, params)) if hook else []
        found = found or list(_database_problems(backend(alias, params)))
    except TypeError as error:
        yield _message("E009", f"{place}: {error}.")
    except Exception as error:  # noqa: BLE001 (whatever a store's author raises, it is told as a check)
        said = str(error) or repr(error)
        yield _message("E011", said if said.startswith("STATESTORE[") else f"{place}: {said}")
    else:
        yield from (_message("E011", f"{place}: {problem}") for problem in found)


def _database_problems(store: StateStore) -> Iterator[str]:
    if not isinstance(store, ModelStore):
        return
    if store.database not in list(settings.DATABASES):
        yield f"DATABASES has no database {shown(store.database)}."
    elif (vendor := connections[store.database].vendor) not in DIALECTS:
        yield f"A ModelStore works on {', '.join(DIALECTS)}; the database {shown(store.database)} is {vendor}."


# -- SCOPES, CLEAN, API


def _sections(given: Mapping[str, Any]) -> Iterator[CheckMessage]:
    yield from _members("E012", "SCOPES", given.get("SCOPES"), resolving.problems)
    yield from _members("E013", "CLEAN", given.get("CLEAN"), cleanrules.problems)
    yield from _members("E014", "API", given.get("API"), lambda name, value: ())
    names = given.get("SCOPES") if isinstance(given.get("SCOPES"), Mapping) else ()
    for name in names or ():
        if isinstance(name, str) and (hasattr(StateContext, name) or name == "request"):
            yield _message("W006", f"context.{name} is the context's own; this scope is only at context[{name!r}].")


def _members(number: str, section: str, given: Any, problems: Callable[[Any, Any], Any]) -> Iterator[CheckMessage]:
    if given is not None and not isinstance(given, Mapping):
        yield _message(number, f"STATESTORE[{section!r}] is a dict, not {kind(given)}.")
        return
    for name, value in (given or {}).items():
        for problem in problems(name, value):
            yield _message(number, f"STATESTORE[{section!r}][{shown(name)}]: {problem}")


# -- what the stores are


def _built() -> dict[str, StateStore]:
    """Return the stores that can be made, by alias; what is wrong with the others is told by their errors."""
    found = {}
    for alias in conf.store_params():
        try:
            found[alias] = stores[alias]
        except Exception:  # noqa: BLE001, S112 (see above)
            continue
    return {alias: store for alias, store in found.items() if store.alias == alias}


def _promises() -> Iterator[CheckMessage]:
    seen: dict[Any, str] = {}
    for alias, store in _built().items():
        place = _place(store)
        if place and place in seen:
            yield _message("W001", f"The stores {seen[place]!r} and {alias!r} keep their state in the same place.")
        seen.setdefault(place, alias)
        yield from _shared_parts(alias, store, seen)
        yield from _threats(alias, store)


def _place(store: StateStore) -> tuple[str, ...] | None:
    if isinstance(store, ModelStore):
        return "database", store.database
    return ("cache", store.cache_alias, store.prefix) if isinstance(store, CacheStore) else None


def _shared_parts(alias: str, store: StateStore, seen: dict[Any, str]) -> Iterator[CheckMessage]:
    if not isinstance(store, LayeredStore):
        return
    for role in ROLES:
        part = "part", end_of(store.options[role])
        if part in seen:
            yield _message("W001", f"The layered stores {seen[part]!r} and {alias!r} share the store {part[1]!r}.")
        seen.setdefault(part, alias)


def _threats(alias: str, store: StateStore) -> Iterator[CheckMessage]:
    told: list[str] = getattr(store, "threats", list)()
    if told:
        yield _message("W002", f"What the store {alias!r} can't promise: {' '.join(told)}")
    if (
        isinstance(store, CacheStore)
        and is_redis(store.cache_alias)
        and _ignores(settings.CACHES[store.cache_alias])
    ):
        yield _message(
            "W003",
            f"The cache of the store {alias!r} has IGNORE_EXCEPTIONS, which state does not heed: "
            "a server that is down is StoreUnavailable, never a missing value.",
        )


def _ignores(cache: Mapping[str, Any]) -> bool:
    everywhere = getattr(settings, "DJANGO_REDIS_IGNORE_EXCEPTIONS", False)
    return bool((cache.get("OPTIONS") or {}).get("IGNORE_EXCEPTIONS", everywhere))


def _asked(store: StateStore) -> Iterator[CheckMessage]:
    try:
        health = store.health()
    except Exception as error:  # noqa: BLE001 (a check reports, whatever happens)
        yield _message("W004", f"The store {store.alias!r} can't be asked ({type(error).__name__}: {error}).")
        return
    if not health.reachable:
        yield _message("W004", f"The store {store.alias!r} does not answer: {health.error}")
    elif health.threats:
        yield _message("W005", f"The store {store.alias!r} on {health.server}: {' '.join(health.threats)}")
