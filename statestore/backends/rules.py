"""Small rules that several verbs share."""

from base64 import urlsafe_b64encode
from binascii import b2a_base64
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from hashlib import blake2b
from itertools import islice
from os import urandom
from typing import Any

from django.conf import settings
from django.utils.timezone import get_default_timezone, make_aware

from statestore.entries import ABSENT, to_moment
from statestore.exceptions import (
    InvalidKey,
    InvalidScope,
    InvalidValue,
    StateStoreError,
    TooManyKeys,
    VersionConflict,
    json_kind,
    kind,
)
from statestore.names import check_key, check_scope

MAX_KEYS = 1000
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def new_version() -> str:
    """Return a token that was never used before: 96 random bits."""
    text = b2a_base64(urandom(12), newline=False)  # urlsafe_b64encode takes twice as long
    return text.translate(_URL_SAFE).decode()


def check_keys(keys: Any) -> dict[str, str]:
    """Return the keys of one call, each once: its plain name, and the key as it was given (it may be a typed one).

    Raise ``InvalidKey`` for what is no key, ``TooManyKeys`` beyond ``MAX_KEYS``.
    """
    found = list(islice(several(keys, InvalidKey), MAX_KEYS + 1))
    if len(found) > MAX_KEYS:
        raise TooManyKeys
    return {check_key(key): key for key in found}


def check_scopes(scopes: Any) -> list[str]:
    """Return the scopes of one call, each once, or raise ``InvalidScope``, also beyond ``MAX_KEYS``."""
    found = list(islice(several(scopes, InvalidScope), MAX_KEYS + 1))
    if len(found) > MAX_KEYS:
        raise InvalidScope(f"At most {MAX_KEYS:,} scopes a call.")
    return list(dict.fromkeys(map(check_scope, found)))


def several(names: Any, refusal: type[StateStoreError]) -> Iterator[Any]:
    if isinstance(names, str | bytes) or not isinstance(names, Iterable):
        raise refusal(f"Several names are a list or the like, not {kind(names)}.")
    return iter(names)


def check_version(version: Any) -> Any:
    """Return what was given as ``if_version``, or raise ``InvalidValue``."""
    if version is None or version is ABSENT:
        return version
    if isinstance(version, str):
        # What no version can be does not reach a database, which may choke on it, or pad it.
        return version if version.isascii() and version.isprintable() and " " not in version else ascii(version)
    raise InvalidValue(f"A version is a string as set() returns it, or ABSENT, not {kind(version)}.")


def check_existing_version(version: Any) -> str | None:
    """Return what was given as ``if_version`` where ``ABSENT`` makes no sense, or raise ``InvalidValue``."""
    if version is ABSENT:
        raise InvalidValue("Only what exists can be removed: if_version is a version here, not ABSENT.")
    return check_version(version)


def check_callable(verb: str, function: Any) -> None:
    """Raise ``TypeError`` before anything is touched, not in the middle."""
    if not callable(function):
        raise TypeError(f"{verb}() takes a function, not {kind(function)}.")


def check_moment(when: Any) -> int:
    """Return an aware datetime in microseconds since the epoch, or raise ``InvalidValue``.

    Where the site has ``USE_TZ`` off, a naive one is in the site's time zone, as Django's own are.
    """
    if isinstance(when, datetime) and when.tzinfo is None and not settings.USE_TZ:
        when = make_aware(when, get_default_timezone())
    if not isinstance(when, datetime) or when.tzinfo is None:
        raise InvalidValue("A moment is a datetime with a time zone.")
    return to_moment(when)


def pair(keys: Collection[str], value: Any) -> dict[str, Any]:
    """Pair keys with values by position; keys left over get None, surplus values are ignored."""
    check_keys(keys)
    values = list(value) if isinstance(value, list | tuple) else [value]
    return dict(zip(keys, values + [None] * len(keys), strict=False))


def adding(scope: str, key: str, by: float) -> Callable[[Any], Any]:
    """Return what adds ``by`` to the number there; ``InvalidValue`` where there is something else."""

    def add(current: Any) -> Any:
        if current is ABSENT:
            return by
        if type(current) not in (int, float):
            raise InvalidValue(f"{scope} / {key}: there is {json_kind(current)}, no number to add to.")
        try:
            return current + by
        except OverflowError:
            raise InvalidValue(f"{scope} / {key}: the sum is beyond the limits of a number.") from None

    return add


def placed(error: InvalidValue, scope: str, key: str) -> InvalidValue:
    """Return what was said of a value as what is said of this one."""
    return type(error)(f"{scope} / {key}: {error}", scope=scope, key=key, pointer=error.pointer)


def fingerprint(versions: Mapping[str, str]) -> str | None:
    if not versions:
        return None
    text = "\n".join(f"{key}\t{version}" for key, version in sorted(versions.items()))
    return urlsafe_b64encode(blake2b(text.encode(), digest_size=12).digest()).decode()


def conflict(scope: str, key: str | None, expected: Any) -> VersionConflict:
    place = scope if key is None else f"{scope} / {key}"
    if expected is ABSENT:
        return VersionConflict(f"{place} exists already.", scope=scope, key=key, expected=expected)
    return VersionConflict(f"{place} is not at this version.", scope=scope, key=key, expected=expected)
