"""Conditional requests (RFC 9110, section 13): what ``If-Match`` and ``If-None-Match`` ask of a version."""

import re
from dataclasses import dataclass
from typing import Any

from statestore.api.problems import BadRequest
from statestore.entries import ABSENT, Sentinel
from statestore.exceptions import VersionConflict

ANY = "*"
_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_TAGS = re.compile(rf"[\s,]*{_TAG}(?:\s*,[\s,]*{_TAG})*[\s,]*", re.ASCII)
_EACH = re.compile(_TAG)
_VERSION = re.compile(r'"([\w.=-]{1,64})"', re.ASCII)


def etag(version: str) -> str:
    """Return the entity tag of a version."""
    return f'"{version}"'


@dataclass(frozen=True, slots=True)
class Conditions:
    """The tags of both headers; None where a header is not given."""

    match: tuple[str, ...] | None = None
    none_match: tuple[str, ...] | None = None

    @classmethod
    def of(cls, request: Any) -> "Conditions":
        """Return the conditions of a request, or raise ``BadRequest`` for what can't be understood."""
        match, none_match = request.META.get("HTTP_IF_MATCH"), request.META.get("HTTP_IF_NONE_MATCH")
        if match is None and none_match is None:
            return UNCONDITIONAL
        return cls(_tags(match, "If-Match"), _tags(none_match, "If-None-Match"))

    def matched(self, version: str | None) -> bool:
        """Say whether ``If-Match`` lets this version pass (None: nothing is there)."""
        if self.match is None:
            return True
        return version is not None and (self.match == (ANY,) or etag(version) in self.match)

    def excluded(self, version: str | None) -> bool:
        """Say whether ``If-None-Match`` rules this version out."""
        if self.none_match is None or version is None:
            return False
        return self.none_match == (ANY,) or any(tag.removeprefix("W/") == etag(version) for tag in self.none_match)

    def check(self, version: str | None) -> None:
        """Raise ``VersionConflict`` unless a write over this version is wanted."""
        if not self.matched(version) or self.excluded(version):
            raise VersionConflict("The state is not as the request demands.")

    def single(self) -> str | Sentinel | None:
        """Return what to hand to the store where that alone says everything: a version, or ``ABSENT``."""
        if self.match is None and self.none_match == (ANY,):
            return ABSENT
        if self.none_match is None and self.match and len(self.match) == 1:
            found = _VERSION.fullmatch(self.match[0])
            return found and found[1]
        return None


UNCONDITIONAL = Conditions()


def _tags(header: str | None, name: str) -> tuple[str, ...] | None:
    if header is None:
        return None
    if header.strip() == ANY:
        return (ANY,)
    if not _TAGS.fullmatch(header):
        raise BadRequest(f'{name} is * or a list of entity tags: "…", "…".')
    return tuple(_EACH.findall(header))
