"""The verb that writes many entries over the version of their whole scope."""

from collections.abc import Mapping
from typing import Any

from statestore.backends.rules import check_version, conflict, fingerprint
from statestore.backends.writing import Writing
from statestore.entries import ABSENT, STORE_TTL, Changed, Sentinel
from statestore.exceptions import InvalidValue, StoreTimeout, StoreUnavailable, kind
from statestore.names import check_scope


class Many(Writing):
    """Writes many entries when their scope is as it was seen."""

    def change_many(
        self,
        scope: str,
        mapping: Mapping[str, Any],
        *,
        ttl: Any = STORE_TTL,
        if_version: str | Sentinel | None = None,
    ) -> Changed:
        """Store every value of ``mapping``, all or nothing; say what was done, with the scope's new version.

        ``if_version`` is from ``version(scope)``, or ``ABSENT`` where there must be no such scope yet:
        ``VersionConflict`` otherwise. Without it the version is None if others wrote the same keys meanwhile.
        """
        self._permit("SET", "change_many")
        if not isinstance(mapping, Mapping):
            raise InvalidValue(f"change_many takes a mapping of keys to values, not {kind(mapping)}.")
        scope, expect = check_scope(scope), check_version(if_version)
        texts, _ = self._texts(scope, mapping), self._lifetime(ttl)
        before = self._versions(scope)
        if expect is not None and expect != (fingerprint(before) or ABSENT):
            raise conflict(scope, None, expect)
        if not texts:
            return Changed(mapping, fingerprint(before), False)
        if expect is not None:
            written = dict.fromkeys(texts, self._put_over(scope, texts, ttl, before, expect))
            return Changed(mapping, fingerprint(before | written), not before)
        written = dict.fromkeys(texts, self._put_texts(scope, texts, ttl))
        after = self._versions_after_a_write(scope)
        return Changed(mapping, fingerprint(after) if written.items() <= after.items() else None, not before)

    def _versions_after_a_write(self, scope: str) -> dict[str, str]:
        try:
            return self._versions(scope)
        except StoreUnavailable as error:
            text = f"The store {self.alias!r} gave no answer after the write: it may or may not have happened."
            raise StoreTimeout(text, alias=self.alias) from error

    def _put_over(
        self, scope: str, texts: Mapping[str, bytes], ttl: Any, versions: Mapping[str, str], expect: str | Sentinel
    ) -> str:
        stamp = self._stamp(ttl)
        if not self._tell(self._write_unchanged, scope, texts, stamp, versions):
            raise conflict(scope, None, expect)
        self._announce_written(scope, texts, stamp)
        return stamp.version
