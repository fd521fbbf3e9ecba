"""What may be a scope or a key, and how scopes relate to one another."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from itertools import filterfalse, repeat
from typing import Any

from statestore.exceptions import InvalidKey, InvalidScope, kind, shown

GLOBAL = "global"
MAX_LENGTH = 200  # code points

# Cc (C0, DEL, C1) and lone surrogates, which have no place in valid Unicode.
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def check_scope(name: Any) -> str:
    """Return ``name`` as a plain string, or raise ``InvalidScope``."""
    if type(name) is str and 2 < len(name) <= MAX_LENGTH and name.isprintable():  # most are
        return name
    problem = _problem(name)
    if problem:
        raise InvalidScope(f"A scope {problem}: {shown(name)}.", scope=name)
    return name if type(name) is str else str.__str__(name)


def check_key(name: Any) -> str:
    """Return ``name`` as a plain string, or raise ``InvalidKey``."""
    if type(name) is str and 2 < len(name) <= MAX_LENGTH and name.isprintable():  # most are
        return name
    problem = _problem(name)
    if problem:
        raise InvalidKey(f"A key {problem}: {shown(name)}.", key=name)
    return name if type(name) is str else str.__str__(name)


def check_prefix(text: Any) -> str:
    """Return the beginning of a scope's name ("" is the beginning of all), or raise ``InvalidScope``."""
    problem = "" if text in ("", ".", "..") else _problem(text)
    if problem:
        raise InvalidScope(f"The beginning of a scope {problem}: {shown(text)}.", scope=text)
    return str.__str__(text)


def _problem(name: object) -> str:
    if not isinstance(name, str):
        return f"is a string, not {kind(name)}"
    if not 0 < len(name) <= MAX_LENGTH:
        return f"has 1 to {MAX_LENGTH} characters, not {len(name)}"
    if name in (".", ".."):
        return 'is neither "." nor ".."'
    found = _FORBIDDEN.search(name)
    return f"has no control character or lone surrogate (at position {found.start()})" if found else ""


def family(scope: str) -> str:
    """Return the first segment: ``user`` of ``user:42``."""
    return scope.partition(":")[0]


def leading(scope: str) -> Iterator[str]:
    """Yield the scope's leading segments, shortest first: ``a``, ``a:b`` and ``a:b:c`` of ``a:b:c``."""
    end = scope.find(":")
    while end >= 0:
        yield scope[:end]
        end = scope.find(":", end + 1)
    yield scope


def is_active(scope: str, active: Collection[str]) -> bool:
    """Say whether ``scope`` is covered by the active ids; ``global`` always is."""
    return scope == GLOBAL or _is_covered(scope, active)


def _is_covered(scope: str, active: Collection[str]) -> bool:
    return any(part in active for part in leading(scope))


class Active:
    """The active ids of a clean, asked about many scopes."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._ids = frozenset(ids)
        self._fewest = min(map(str.count, self._ids, repeat(":")), default=MAX_LENGTH)

    def others(self, names: Sequence[str]) -> list[str]:
        """Return those of the names that are not active, in their order."""
        found = list(filterfalse(self._ids.__contains__, names))  # a third of the time that a comprehension takes
        if GLOBAL in found:
            found = [name for name in found if name != GLOBAL]
        if max(map(str.count, found, repeat(":")), default=0) <= self._fewest:  # nothing lies below one of the ids
            return found
        is_covered = cache(lambda above: _is_covered(above, self._ids))  # many lie below the same
        return [name for name in found if not is_covered(name.rpartition(":")[0])]


def prefix_end(prefix: str) -> str | None:
    """Return the first text after all those that start with ``prefix``, in code point order.

    None where there is no such text (an empty prefix, or nothing but U+10FFFF).
    """
    stem = prefix.rstrip("\U0010ffff")
    if not stem:
        return None
    following = ord(stem[-1]) + 1
    return stem[:-1] + chr(0xE000 if following == 0xD800 else following)
