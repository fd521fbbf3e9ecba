"""A store on ``diskcache`` (SQLite in a directory, with a lock that processes share): a scope is one value of it.

"default": {"BACKEND": "shop.diskcache_store.DiskStore", "OPTIONS": {"directory": "state"}}
"""

import sqlite3

import diskcache

from statestore import ABSENT, StateStore
from statestore.entries import Page, Record, summary

EMPTY = ((), 0)  # (key, record) pairs, and when the scope was touched


class DiskStore(StateStore):
    vendor_errors = (diskcache.Timeout, sqlite3.Error, OSError)
    durable = shared = True

    def _open(self):
        self._cache = diskcache.Cache(self.config.options["directory"], eviction_policy="none")

    def _close(self):
        self._cache.close()

    def _read(self, scope, keys):
        records, _ = self._cache.get(scope, EMPTY)
        return {key: Record(*record) for key, record in records if keys is None or key in keys}

    def _write(self, scope, texts, stamp, expect):
        with self._cache.transact(retry=True):
            records, touched = self._live(scope, stamp.updated_at)
            there = [records[key].version if key in records else ABSENT for key in texts]
            if expect is not None and there != [expect]:
                return False
            self._save(scope, records | {key: Record(text, *stamp) for key, text in texts.items()}, touched)
            return True

    def _remove(self, scope, keys, expect, now):
        with self._cache.transact(retry=True):
            records, touched = self._live(scope, now)
            gone = [key for key in keys if key in records and expect in (None, records[key].version)]
            self._save(scope, {key: record for key, record in records.items() if key not in gone}, touched)
            return gone

    def _delete(self, scope, now, unused_since=None, versions=None):
        with self._cache.transact(retry=True):
            records, touched = self._live(scope, now)
            used = max([touched, *(record.updated_at for record in records.values())])
            found = {key: record.version for key, record in records.items()}
            if versions not in (None, found) or (unused_since is not None and used > unused_since):
                return None
            self._save(scope, {}, 0)
            return len(records)

    def _touch(self, scope, now):
        with self._cache.transact(retry=True):
            records, _ = self._live(scope, now)
            self._save(scope, records, now)
            return bool(records)

    def _scan(self, prefix, after, limit, idle_since, now):
        names = self._names(prefix, after)
        found = [summary(name, self._read(name, None).values(), self._touched(name), now) for name in names[:limit]]
        return Page([info for info in found if info], names[limit - 1] if len(names) > limit else None)

    def _sweep(self, prefix, after, last, now):
        for name in self._names(prefix, after):
            if last is None or name <= last:
                with self._cache.transact(retry=True):
                    self._save(name, *self._live(name, now))

    def _names(self, prefix, after):
        return sorted(name for name in self._cache if name.startswith(prefix) and name > after)

    def _touched(self, scope):
        return self._cache.get(scope, EMPTY)[1]

    def _live(self, scope, now):
        records = {key: record for key, record in self._read(scope, None).items() if record.is_live(now)}
        return records, self._touched(scope)

    def _save(self, scope, records, touched):
        if records:
            self._cache[scope] = (tuple((key, tuple(record)) for key, record in records.items()), touched)
        else:
            self._cache.pop(scope)
