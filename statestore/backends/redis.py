"""``RedisStore``: a ``CacheStore`` on django-redis, by Redis's own structures.

One hash a scope, and an index of the scopes. What only reads is a plain command; what writes is a Lua script.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from django.conf import settings
from redis.exceptions import RedisClusterException, RedisError

from statestore.backends import redis_commands as commands
from statestore.backends import redis_health
from statestore.backends import redis_scripts as scripts
from statestore.backends.cache import CacheStore
from statestore.backends.hooks import Others
from statestore.backends.redis_commands import STEPS
from statestore.backends.redis_connections import Command, Unanswered
from statestore.backends.redis_demand import Unacknowledged
from statestore.backends.redis_guard import Welcomes, names
from statestore.backends.redis_layout import Layout, fields, live_texts, moment_text, record
from statestore.backends.redis_link import Link
from statestore.backends.redis_listing import Parts, by_bucket, info, read_names, runs, said_by
from statestore.backends.redis_opening import open_layout, open_link, options
from statestore.entries import Cleaned, Page, Record, Sentinel, Stamp
from statestore.exceptions import StateStoreError, StoreTimeout

SWEPT_AT_ONCE = 1000  # scopes
NOTHING_GOES = b""  # before the beginning: every scope was used since
NOT_THERE = b"00"
SENT_AT_ONCE = 1000  # commands
READS = {"_read_one", "_stamps"}  # of the steps


class RedisStore(CacheStore):
    """Keeps state in Redis or Valkey: one server, behind Sentinel, or a cluster."""

    vendor_errors = (RedisError, RedisClusterException, OSError)
    durable = True  # with appendonly; health() says where it is off
    shared = True
    _welcomes: Welcomes | None = None

    def _open(self) -> None:
        caches = settings.CACHES
        link = open_link(self.cache_alias, self.timeout, self.replicas, self._welcomes)
        self._opened = open_layout(self.cache_alias, self.prefix), link
        self._caches = caches

    def _close(self) -> None:
        self._opened[1].close()

    @property
    def _layout(self) -> Layout:
        return self._ready()[0]

    @property
    def _link(self) -> Link:
        return self._ready()[1]

    def _ready(self) -> tuple[Layout, Link]:
        if settings.CACHES is not self._caches:  # override_settings
            self._open()
        return self._opened

    def _run(self, sent: list[Command], *, writing: bool = False) -> list[Any]:
        return self._opened[1].run(sent, writing=writing)  # made of the layout's keys: it was ready for that

    def _read_one(self, scope: str, key: str) -> Record | None:
        stored = self._run([(b"HGET", self._layout.key(scope), key.encode())])[0]
        return None if stored is None else record(stored)

    def _read(self, scope: str, keys: Collection[str] | None) -> Mapping[str, Record]:
        place = self._layout.key(scope)
        if keys is None:
            found = fields(self._run([(b"HGETALL", place)])[0])
            return {field.decode(): record(stored) for field, stored in found.items() if field}
        stored = self._run([(b"HMGET", place, *map(str.encode, keys))])[0]
        return {key: record(each) for key, each in zip(keys, stored, strict=True) if each is not None}

    def _keys(self, scope: str, now: int) -> list[str]:
        command = scripts.KEYS.call((self._layout.key(scope),), moment_text(now))
        number, *names = self._run([command])[0].decode().split("\n")
        if len(names) != int(number):  # a line break in one, which is not of ours
            return list(super()._keys(scope, now))
        return names

    def _texts_of(self, scope: str, keys: Collection[str], now: int) -> Mapping[str, bytes]:
        stored = self._run([(b"HMGET", self._layout.key(scope), *map(str.encode, keys))])[0]
        return live_texts(zip(keys, stored, strict=True), now)

    def _stamps(self, scope: str) -> Mapping[str, Stamp]:
        return commands.stamps_found(self._run([commands.stamps(self._layout, scope)])[0])

    def _write(self, scope: str, texts: Mapping[str, bytes], stamp: Stamp, expect: str | Sentinel | None) -> bool:
        layout, link = self._ready()
        place = layout.place(scope)
        if expect is None and link.together and link.together.write(place, texts, stamp):
            return True
        command = commands.write(layout, scope, texts, stamp, expect)
        return commands.written(link.write(place.index, command))

    def _write_unchanged(
        self, scope: str, texts: Mapping[str, bytes], stamp: Stamp, versions: Mapping[str, str]
    ) -> bool:
        command = commands.write_unchanged(self._layout, scope, texts, stamp, versions)
        return commands.written(self._run([command], writing=True)[0])

    def _remove(self, scope: str, keys: Collection[str], expect: str | None, now: int) -> list[str]:
        command = commands.remove(self._layout, scope, keys, expect, now)
        return commands.removed(self._run([command], writing=True)[0])

    def _in_turn(self, steps: Sequence[tuple[str, tuple[Any, ...]]]) -> list[Any]:
        answers: list[Any] = []
        for first in range(0, len(steps), SENT_AT_ONCE):
            part = steps[first : first + SENT_AT_ONCE]
            batch = [(STEPS[name], args) for name, args in part]
            sent = [step.command(self._layout, *args) for step, args in batch]
            only_reads = READS.issuperset(name for name, _ in part)
            replies = self._link.run(sent) if only_reads else self._link.run_in_order(sent)
            answers += [step.answer(reply) for (step, _), reply in zip(batch, replies, strict=True)]
        return answers

    def _delete(
        self, scope: str, now: int, unused_since: int | None = None, versions: Mapping[str, str] | None = None
    ) -> int | None:
        return self._run([commands.delete(self._layout, scope, now, unused_since, versions)], writing=True)[0]

    def _clean_next(
        self, prefix: str, after: str, upto: str | None, limit: int, others: Others, unused_since: int, now: int
    ) -> Cleaned:
        parts, last = self._ask(self._names, prefix, after, upto, limit)
        idle = [list(map(str.encode, others(list(map(bytes.decode, part))))) for part in parts]
        active = [list(set(part).difference(those)) for part, those in zip(parts, idle, strict=True)]
        said = self._cleaned(now, (idle, moment_text(unused_since)), (active, NOTHING_GOES))
        examined = len(said) - list(said.values()).count(NOT_THERE)
        return Cleaned(examined, _gone(said), last)

    def _clean(self, names: Iterable[str], unused_since: int, now: int) -> dict[str, int]:
        return _gone(self._cleaned(now, (by_bucket(names), moment_text(unused_since))))

    def _touch(self, scope: str, now: int) -> bool:
        command = scripts.TOUCH.call((self._layout.key(scope),), moment_text(now))
        return self._run([command], writing=True)[0] == 1

    def _scan(self, prefix: str, after: str, limit: int, idle_since: int | None, now: int) -> Page:
        parts, last = self._names(prefix, after, None, limit)
        said = said_by(self._link, runs(self._layout, parts, scripts.INFOS, now))
        found = [info(name, said[name]) for name in sorted(said)]
        return Page([shown for shown in found if shown], last)

    def _sweep(self, prefix: str, after: str, last: str | None, now: int) -> None:
        done: str | None = after
        while done is not None:
            parts, done = self._names(prefix, done, last, SWEPT_AT_ONCE)
            self._cleaned(now, (parts, NOTHING_GOES))

    def _cleaned(self, now: int, *scopes: tuple[Parts, bytes]) -> dict[str, bytes]:
        """Clean scopes, those not used after a moment, and return what is said of each."""
        layout = self._layout
        each = (runs(layout, parts, scripts.CLEAN, now, unused_since) for parts, unused_since in scopes)
        return said_by(self._link, chain.from_iterable(each), writing=True)

    def _names(self, prefix: str, after: str, last: str | None, limit: int) -> tuple[Parts, str | None]:
        return read_names(self._link, self._layout, prefix, after, last, limit)

    def _guarded(self, welcomes: Welcomes) -> "RedisStore":
        """Return a store like this one, with connections of its own, which speaks only to welcome servers."""
        twin = type(self)(self.alias, {"OPTIONS": self.config.options})
        twin._welcomes = welcomes  # noqa: SLF001 (of the same class)
        return twin

    def _servers(self) -> tuple[str, ...] | None:
        return names(self._link.servers_now())

    def _health(self) -> tuple[str, str, list[str]]:
        server, version, threats = redis_health.ask(self._link)
        ignores = options(self.cache_alias).get("IGNORE_EXCEPTIONS")
        return server, version, [*threats, redis_health.HIDES] if ignores else threats

    def _unwell(self, error: Exception, *, writing: bool) -> StateStoreError:
        if isinstance(error, Unacknowledged):
            return StoreTimeout(
                f"The store {self.alias!r}: the write is done, but only {error.acknowledged} of the "
                f"{error.demanded} replicas demanded are known to have it: a failover may undo it.",
                alias=self.alias,
            )
        if writing and isinstance(error, Unanswered):
            return StoreTimeout(
                f"The store {self.alias!r} gave no answer: the write may or may not have happened.",
                alias=self.alias,
            )
        return super()._unwell(error, writing=writing)


def _gone(said: Mapping[str, bytes]) -> dict[str, int]:
    """Return the number of entries of each scope of which a clean says that it went."""
    return {name: int(entries) for name, entries in said.items() if entries > NOT_THERE}
