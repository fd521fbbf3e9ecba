"""``PortableStore``: state through the plain cache API, on any cache that Django has."""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import blake2b
from itertools import islice
from typing import Any, NamedTuple

from django.core.cache.backends.base import BaseCache
from django.db import router, transaction

from statestore.backends.cache import CacheStore
from statestore.backends.portable_documents import Document, pack, unpack
from statestore.backends.portable_index import Index
from statestore.backends.portable_locks import Check
from statestore.backends.portable_shelf import BATCH, Shelf
from statestore.entries import Page, Record, Sentinel, Stamp, summary
from statestore.exceptions import CorruptState, ValueTooLarge
from statestore.logs import event

logger = logging.getLogger("statestore")


class Change(NamedTuple):
    """A scope that is held for changing it: where it lies, what was found there, and what that says."""

    scope: str
    digest: str
    address: str
    found: Any
    document: Document
    check: Check


class PortableStore(CacheStore):
    """Keeps each scope as one document, changed under a lock, and the names of all scopes in an index.

    A read is one ``get``. A write takes the lock, reads, writes and lets go.
    """

    def __init__(self, alias: str = "default", params: Mapping[str, Any] | None = None) -> None:
        super().__init__(alias, params)
        self._shelf = Shelf(alias, self.cache_alias, self.timeout)
        self._index = Index(self._shelf, self.prefix)
        self.max_scope_bytes: int | None = self.config.options.get(
            "max_scope_bytes", self._shelf.kind.max_scope_bytes
        )

    @property
    def cache(self) -> BaseCache:
        """Return this thread's cache."""
        return self._shelf.cache

    @property
    def durable(self) -> bool:  # type: ignore[override]
        """Does a write survive the end of the server's process?"""
        return self._shelf.kind.durable

    @property
    def shared(self) -> bool:  # type: ignore[override]
        """Do all processes of a site see the same state?"""
        return self._shelf.kind.shared

    @property
    def transactional(self) -> bool:  # type: ignore[override]
        """Does a write belong to the caller's database transaction?"""
        return self._shelf.kind.transactional

    def threats(self) -> list[str]:
        """Return what this cache can't promise, as sentences, told by the settings alone."""
        return [
            *self._shelf.kind.threats(self._shelf.params),
            "Each page of a listing reads the names of all scopes.",
            f"cache.clear() on the cache {self.cache_alias!r} removes the state too.",
            *(["There are no replicas to acknowledge a write."] if self.replicas else []),
        ]

    # -- the hooks

    def _read(self, scope: str, keys: Collection[str] | None) -> Mapping[str, Record]:
        return self._load(scope, keys).records

    def _read_one(self, scope: str, key: str) -> Record | None:
        return self._load(scope, (key,)).records.get(key)

    def _write(self, scope: str, texts: Mapping[str, bytes], stamp: Stamp, expect: str | Sentinel | None) -> bool:
        key, now = next(iter(texts)), stamp.updated_at
        if expect is not None and self._load(scope, (key,)).version(key, now) != expect:
            return False
        with self._changing(scope) as change:
            document = change.document.live(now)
            if expect is not None and document.version(key, now) != expect:
                return False
            document.records.update({key: Record(text, *stamp) for key, text in texts.items()})
            self._save(change, document)
        return True

    def _write_unchanged(
        self, scope: str, texts: Mapping[str, bytes], stamp: Stamp, versions: Mapping[str, str]
    ) -> bool:
        with self._changing(scope) as change:
            document = change.document.live(stamp.updated_at)
            if document.versions() != versions:
                return False
            document.records.update({key: Record(text, *stamp) for key, text in texts.items()})
            self._save(change, document)
        return True

    def _remove(self, scope: str, keys: Collection[str], expect: str | None, now: int) -> list[str]:
        if not self._load(scope).records:
            return []
        with self._changing(scope) as change:
            document = change.document.live(now)
            if expect is not None and document.version(next(iter(keys)), now) != expect:
                return []
            gone = [key for key in keys if document.records.pop(key, None)]
            self._save(change, document)
        return gone

    def _delete(
        self, scope: str, now: int, unused_since: int | None = None, versions: Mapping[str, str] | None = None
    ) -> int | None:
        if unused_since is None and versions is None:
            return self._delete_whatever(scope, now)
        with self._changing(scope) as change:
            document = change.document.live(now)
            if unused_since is not None and document.last_use() > unused_since:
                return None
            if versions is not None and document.versions() != versions:
                return None
            self._forget(change)
        return len(document.records)

    def _delete_whatever(self, scope: str, now: int) -> int:
        """Remove a scope, also one that can't be read, and return how many live entries could be seen."""
        if not self._shelf.get(self._address(_digest(scope))):
            return 0
        with self._holding(scope) as change:
            self._forget(change)
        try:
            return len(unpack(scope, change.found).live(now).records)
        except ValueError:
            return 0

    def _touch(self, scope: str, now: int) -> bool:
        if not self._load(scope).live(now).records:
            return False
        with self._changing(scope) as change:
            document = change.document.live(now)
            if document.records:
                self._save(change, document._replace(touched=now))
        return bool(document.records)

    def _scan(self, prefix: str, after: str, limit: int, idle_since: int | None, now: int) -> Page:
        names = self._index.names(prefix, after)
        found = [
            summary(name, document.records.values(), document.touched, now)
            for name, document in self._documents(names[:limit])
        ]
        return Page([info for info in found if info], names[limit - 1] if len(names) > limit else None)

    def _sweep(self, prefix: str, after: str, last: str | None, now: int) -> None:
        names = [name for name in self._index.names(prefix, after) if last is None or name <= last]
        for name, document in self._documents(names):
            if not document.records or len(document.live(now).records) < len(document.records):
                with self._changing(name) as change:
                    self._save(change, change.document.live(now))

    def _after_commit(self, action: Callable[[], None]) -> None:
        if self.transactional:
            transaction.on_commit(action, using=router.db_for_write(self.cache.cache_model_class))  # type: ignore[attr-defined]
        else:
            action()

    def _health(self) -> tuple[str, str, list[str]]:
        self._shelf.get(self._address(_digest("global")))
        version = ""
        with suppress(Exception):  # which is not worth a failure: the cache has answered
            version = self._shelf.kind.version(self.cache)
        return self._shelf.kind.name, version, self.threats()

    # -- documents

    def _address(self, digest: str) -> str:
        return f"{self.prefix}:s:{digest}"

    def _load(self, scope: str, keys: Collection[str] | None = None) -> Document:
        return self._unpack(scope, self._shelf.get(self._address(_digest(scope))), keys)

    def _documents(self, names: Iterable[str]) -> Iterator[tuple[str, Document]]:
        """Yield the named scopes with their documents; those that can't be read are left out, with a log entry."""
        rest = iter(names)
        while addresses := {name: self._address(_digest(name)) for name in islice(rest, BATCH)}:
            found = self._shelf.get_many(addresses.values())
            for name, address in addresses.items():
                try:
                    yield name, unpack(name, found.get(address))
                except ValueError:
                    told = event("scope_unreadable", store=self.alias, scope=name)
                    logger.error("The scope %r in the store %r can't be read.", name, self.alias, extra=told)

    def _unpack(self, scope: str, found: Any, keys: Collection[str] | None = None) -> Document:
        try:
            return unpack(scope, found, keys)
        except ValueError as error:
            key = next(iter(keys)) if keys and len(keys) == 1 else None
            place = scope if key is None else f"{scope} / {key}"
            raise CorruptState(
                f"{place}: what is stored in {self.alias!r} can't be read.", alias=self.alias, scope=scope, key=key
            ) from error

    @contextmanager
    def _holding(self, scope: str) -> Iterator[Change]:
        digest = _digest(scope)
        address = self._address(digest)
        with self._shelf.hold(address) as check:
            yield Change(scope, digest, address, self._shelf.get(address), Document({}), check)

    @contextmanager
    def _changing(self, scope: str) -> Iterator[Change]:
        with self._holding(scope) as change:
            yield change._replace(document=self._unpack(scope, change.found))

    def _save(self, change: Change, document: Document) -> None:
        if not document.records:
            self._forget(change)
            return
        text = pack(change.scope, document)
        self._check_size(change.scope, text)
        self._index.enter(change.scope, change.digest, self.max_scope_bytes)
        self._shelf.put(change.address, text, change.found, change.check)

    def _forget(self, change: Change) -> None:
        if change.found is not None:
            self._shelf.drop(change.address, change.found, change.check)
        self._index.strike(change.scope, change.digest)

    def _check_size(self, scope: str, text: str) -> None:
        size, limit = len(text.encode()), self.max_scope_bytes
        if limit is not None and size > limit:
            raise ValueTooLarge(
                f"{scope}: the scope would have {size:,} bytes; the store {self.alias!r} takes {limit:,} a scope.",
                alias=self.alias,
                scope=scope,
            )


def _digest(scope: str) -> str:
    return blake2b(scope.encode(), digest_size=20).hexdigest()
