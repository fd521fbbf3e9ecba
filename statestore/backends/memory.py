"""``MemoryStore``: one process, for tests and examples; the reference for all others."""

import threading
from collections.abc import Collection, Mapping
from platform import python_version
from typing import Any

from statestore.backends.base import StateStore
from statestore.entries import ABSENT, Page, Record, Sentinel, Stamp, summary

_EMPTY: Mapping[str, Record] = {}


class MemoryStore(StateStore):
    """Keeps everything in a dict of dicts, under one lock."""

    @classmethod
    def option_problems(cls, alias: str, params: Mapping[str, Any]) -> list[str]:
        """Return what is wrong with ``OPTIONS``, as sentences: there are none to give."""
        return [f"OPTIONS: {name!r} is not an option of a {cls.__name__}." for name in params.get("OPTIONS") or {}]

    def _open(self) -> None:
        self._scopes: dict[str, dict[str, Record]] = {}
        self._touched: dict[str, int] = {}
        self._lock = threading.RLock()

    def _read(self, scope: str, keys: Collection[str] | None) -> Mapping[str, Record]:
        with self._lock:
            records = self._scopes.get(scope, {})
            return {key: records[key] for key in (records if keys is None else keys) if key in records}

    def _read_one(self, scope: str, key: str) -> Record | None:
        return self._scopes.get(scope, _EMPTY).get(key)

    def _keys(self, scope: str, now: int) -> list[str]:
        with self._lock:
            return [key for key, record in self._scopes.get(scope, {}).items() if record.is_live(now)]

    def _write(self, scope: str, texts: Mapping[str, bytes], stamp: Stamp, expect: str | Sentinel | None) -> bool:
        with self._lock:
            if expect is not None and self._version(scope, next(iter(texts)), stamp.updated_at) != expect:
                return False
            records = self._scopes.setdefault(scope, {})
            records.update({key: Record(text, *stamp) for key, text in texts.items()})
            return True

    def _write_unchanged(
        self, scope: str, texts: Mapping[str, bytes], stamp: Stamp, versions: Mapping[str, str]
    ) -> bool:
        with self._lock:
            live = self._live(scope, stamp.updated_at)
            return _versions(live) == versions and self._write(scope, texts, stamp, None)

    def _remove(self, scope: str, keys: Collection[str], expect: str | None, now: int) -> list[str]:
        with self._lock:
            if expect is not None and self._version(scope, next(iter(keys)), now) != expect:
                return []
            records = self._scopes.get(scope, {})
            gone = {key: records.pop(key) for key in keys if key in records}
            if not records:
                self._forget(scope)
            return [key for key, record in gone.items() if record.is_live(now)]

    def _delete(
        self, scope: str, now: int, unused_since: int | None = None, versions: Mapping[str, str] | None = None
    ) -> int | None:
        with self._lock:
            live = self._live(scope, now)
            if unused_since is not None and self._last_use(scope, live) > unused_since:
                return None
            if versions is not None and _versions(live) != versions:
                return None
            self._forget(scope)
            return len(live)

    def _touch(self, scope: str, now: int) -> bool:
        with self._lock:
            exists = any(record.is_live(now) for record in self._scopes.get(scope, {}).values())
            if exists:
                self._touched[scope] = now
            return exists

    def _scan(self, prefix: str, after: str, limit: int, idle_since: int | None, now: int) -> Page:
        with self._lock:
            names = sorted(name for name in self._scopes if name.startswith(prefix) and name > after)
            found = [summary(n, self._scopes[n].values(), self._touched.get(n), now) for n in names[:limit]]
        return Page([info for info in found if info], names[limit - 1] if len(names) > limit else None)

    def _sweep(self, prefix: str, after: str, last: str | None, now: int) -> None:
        with self._lock:
            for scope in [name for name in self._scopes if name.startswith(prefix) and after < name]:
                if last is None or scope <= last:
                    self._remove(
                        scope, [k for k, r in self._scopes[scope].items() if not r.is_live(now)], None, now
                    )

    def _health(self) -> tuple[str, str, list[str]]:
        lost = "The state is lost when this process ends, and other processes do not see it."
        return "memory", f"Python {python_version()}", [lost]

    def _live(self, scope: str, now: int) -> dict[str, Record]:
        return {key: record for key, record in self._scopes.get(scope, {}).items() if record.is_live(now)}

    def _version(self, scope: str, key: str, now: int) -> str | Sentinel:
        record = self._scopes.get(scope, {}).get(key)
        return record.version if record and record.is_live(now) else ABSENT

    def _last_use(self, scope: str, live: Mapping[str, Record]) -> int:
        return max([self._touched.get(scope, 0), *(record.updated_at for record in live.values())])

    def _forget(self, scope: str) -> None:
        self._scopes.pop(scope, None)
        self._touched.pop(scope, None)


def _versions(records: Mapping[str, Record]) -> dict[str, str]:
    return {key: record.version for key, record in records.items()}
