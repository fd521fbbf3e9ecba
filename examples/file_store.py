"""A store in files: a directory, a JSON file for each scope, a lock for all. For one machine, to read and to copy.

    "default": {"BACKEND": "shop.file_store.FileStore", "OPTIONS": {"directory": "state"}}

A scope is read, changed and put in place by ``os.replace``, so that nobody ever reads half of one.
"""

import fcntl
import json
import os
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from urllib.parse import unquote

from statestore import ABSENT, StateStore
from statestore.entries import Page, Record, summary

PLAIN = b"abcdefghijklmnopqrstuvwxyz0123456789"
LONGEST = 120  # characters of a file's name; what is longer goes into directories


class FileStore(StateStore):
    vendor_errors = (OSError, ValueError)
    durable = shared = True

    def _open(self):
        self._root = Path(self.config.options["directory"])
        self._root.mkdir(parents=True, exist_ok=True)
        self._threads = RLock()  # flock is between processes

    def _read(self, scope, keys):
        records, _ = self._load(scope)
        return {key: record for key, record in records.items() if keys is None or key in keys}

    def _write(self, scope, texts, stamp, expect):
        with self._alone():
            records, touched = self._live(scope, stamp.updated_at)
            if expect is not None and any(expect != _version(records, key) for key in texts):
                return False
            self._save(scope, records | {key: Record(text, *stamp) for key, text in texts.items()}, touched)
            return True

    def _remove(self, scope, keys, expect, now):
        with self._alone():
            records, touched = self._live(scope, now)
            gone = [key for key in keys if key in records and expect in (None, records[key].version)]
            self._save(scope, {key: record for key, record in records.items() if key not in gone}, touched)
            return gone

    def _delete(self, scope, now, unused_since=None, versions=None):
        with self._alone():
            records, touched = self._live(scope, now)
            used = max([touched, *(record.updated_at for record in records.values())])
            if versions not in (None, {key: record.version for key, record in records.items()}):
                return None
            if unused_since is not None and used > unused_since:
                return None
            self._save(scope, {}, 0)
            return len(records)

    def _touch(self, scope, now):
        with self._alone():
            records, _ = self._live(scope, now)
            if records:
                self._save(scope, records, now)
            return bool(records)

    def _scan(self, prefix, after, limit, idle_since, now):
        names = self._names(prefix, after)
        loaded = [(name, *self._load(name)) for name in names[:limit]]
        found = [summary(name, records.values(), touched, now) for name, records, touched in loaded]
        return Page([info for info in found if info], names[limit - 1] if len(names) > limit else None)

    def _sweep(self, prefix, after, last, now):
        for name in self._names(prefix, after):
            if last is None or name <= last:
                with self._alone():
                    self._save(name, *self._live(name, now))

    def _names(self, prefix, after):
        names = map(self._name, self._root.rglob("*.json"))
        return sorted(name for name in names if name.startswith(prefix) and name > after)

    # -- files

    @contextmanager
    def _alone(self):
        with self._threads, (self._root / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _path(self, scope):
        """A name of small letters and digits for any scope, for file systems to which A is a."""
        quoted = "".join(chr(byte) if byte in PLAIN else f"%{byte:02x}" for byte in scope.encode())
        *outer, last = [quoted[start : start + LONGEST] for start in range(0, len(quoted), LONGEST)]
        return self._root.joinpath(*(f"{part}+" for part in outer), f"{last}.json")

    def _name(self, path):
        return unquote("".join(path.relative_to(self._root).with_suffix("").parts).replace("+", ""))

    def _load(self, scope):
        try:
            kept = json.loads(self._path(scope).read_bytes())
        except FileNotFoundError:
            return {}, 0
        return {
            key: Record(text.encode("latin-1"), *stamp) for key, (text, *stamp) in kept["records"].items()
        }, kept["touched"]

    def _live(self, scope, now):
        records, touched = self._load(scope)
        return {key: record for key, record in records.items() if record.is_live(now)}, touched

    def _save(self, scope, records, touched):
        path = self._path(scope)
        if not records:
            path.unlink(missing_ok=True)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = {key: [record.text.decode("latin-1"), *record[1:]] for key, record in records.items()}
        half = path.with_suffix(".half")
        half.write_text(json.dumps({"records": kept, "touched": touched}))
        os.replace(half, path)  # noqa: PTH105 (the word for it)


def _version(records, key):
    return records[key].version if key in records else ABSENT
