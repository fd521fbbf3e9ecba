"""The verbs that write."""

import copy
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast, overload

from statestore import pointer, signals
from statestore.backends.reading import Reading
from statestore.backends.rules import (
    adding,
    check_callable,
    check_existing_version,
    check_keys,
    check_version,
    conflict,
    fingerprint,
    new_version,
    pair,
    placed,
)
from statestore.durations import check_ttl
from statestore.entries import ABSENT, KEEP_TTL, STORE_TTL, Changed, Record, Sentinel, Stamp, Until
from statestore.exceptions import InvalidKey, InvalidValue, StoreUnavailable, kind
from statestore.names import check_key, check_scope
from statestore.values import encode

if TYPE_CHECKING:
    from statestore.typed import Key, Kind

PATIENCE = 30.0  # seconds that a read-modify-write keeps trying against other writers


class Writing(Reading):
    """Changes what is there, all or nothing."""

    def set(
        self,
        scope: str,
        key: Any,
        value: Any,
        *,
        ttl: Any = STORE_TTL,
        if_version: str | Sentinel | None = None,
        at: str | None = None,
    ) -> str:
        """Store ``value`` under ``key`` and return the new version.

        ``ttl`` in seconds, None for ever, else the store's. ``if_version`` writes only over that version, or with
        ``ABSENT`` only where nothing is: ``VersionConflict`` otherwise. ``at``, a JSON Pointer, writes a part.
        With a list of keys a list or tuple is paired by position: keys left over become None, surplus values are
        ignored; any other value goes to the first key and None to the rest.
        """
        self._permit("SET", "set")
        scope, expect = check_scope(scope), check_version(if_version)
        if isinstance(key, list | tuple):
            if expect is not None or at is not None:
                raise InvalidKey("if_version and at go with one key, not with a list of keys.")
            return self._put_texts(scope, self._texts(scope, pair(key, value)), ttl)
        name = check_key(key)
        if at is not None:
            return self._set_part(scope, key, value, pointer.parse(at), ttl, expect)
        return self._put_texts(scope, {name: self._encode(scope, key, value)}, ttl, expect)

    def set_many(self, scope: str, mapping: Mapping[str, Any], *, ttl: Any = STORE_TTL) -> str:
        """Store every value of ``mapping`` under its key, all or nothing; return the version they share."""
        self._permit("SET", "set_many")
        if not isinstance(mapping, Mapping):
            raise InvalidValue(f"set_many takes a mapping of keys to values, not {kind(mapping)}.")
        return self._put_texts(check_scope(scope), self._texts(scope, mapping), ttl)

    @overload
    def update(
        self,
        scope: str,
        key: "Key[Kind, Any]",
        function: Callable[[Any], Any],
        default: None = None,
        *,
        ttl: Any = ...,
        if_version: str | None = None,
    ) -> "Kind": ...
    @overload
    def update(
        self,
        scope: str,
        key: str,
        function: Callable[[Any], Any],
        default: Any = None,
        *,
        ttl: Any = ...,
        if_version: str | None = None,
    ) -> Any: ...
    def update(
        self,
        scope: str,
        key: str,
        function: Callable[[Any], Any],
        default: Any = None,
        *,
        ttl: Any = KEEP_TTL,
        if_version: str | None = None,
    ) -> Any:
        """Store what ``function`` makes of a copy of the value (of ``default`` when missing) and return it.

        Atomic under any number of writers: when another one was quicker, ``function`` is called again with what
        is there now. If it raises, nothing changes.
        """
        self._permit("SET", "update")
        check_callable("update", function)

        def change(current: Any) -> Any:
            value = function(
                self._value(scope, key, None, copy.deepcopy(default)) if current is ABSENT else current
            )
            if value is ABSENT:
                raise InvalidValue(
                    f"{scope} / {key}: update() stores what its function returns; ABSENT is no value."
                )
            return value

        return self._modify(check_scope(scope), key, change, ttl, check_version(if_version), self._decode).value

    def change(
        self,
        scope: str,
        key: str,
        function: Callable[[Any], Any],
        *,
        ttl: Any = KEEP_TTL,
        if_version: str | Sentinel | None = None,
        switch: str = "SET",
    ) -> Changed:
        """Store what ``function`` makes of the plain JSON value, or of ``ABSENT`` when missing; say what was done.

        As ``update``, and for those who must know more: when ``function`` answers ``ABSENT`` nothing is written and
        the version is None. ``switch`` is the one that has to be on: "SET", or "REMOVE" for what takes a part away.
        """
        self._permit(switch, "change")
        check_callable("change", function)
        return self._modify(check_scope(scope), key, function, ttl, check_version(if_version), self._decode_plain)

    def increment(
        self, scope: str, key: str, by: float = 1, *, ttl: Any = KEEP_TTL, if_version: str | None = None
    ) -> float:
        """Add ``by`` to the number under ``key`` (0 when missing) and return the sum.

        ``InvalidValue`` if what is there is no number, or the sum is beyond signed 64 bit or not finite.
        """
        self._permit("SET", "increment")
        if type(by) not in (int, float):
            raise InvalidValue(f"A counter goes up by a number, not {kind(by)}.")
        encode(by)
        scope, expect, add = check_scope(scope), check_version(if_version), adding(scope, key, by)
        return self._modify(scope, key, add, ttl, expect, self._decode_plain).value

    def remove(self, scope: str, key_or_keys: Any, *, if_version: str | None = None, at: str | None = None) -> int:
        """Remove the entry under a key, or those under several; return how many there were.

        ``if_version`` removes only that version: ``VersionConflict`` otherwise, also when missing. ``at``, a JSON
        Pointer, removes a part of the value.
        """
        self._permit("REMOVE", "remove")
        scope, expect = check_scope(scope), check_existing_version(if_version)
        single = isinstance(key_or_keys, str)
        names = [check_key(key_or_keys)] if single else list(check_keys(key_or_keys))
        if not single and (expect is not None or at is not None):
            raise InvalidKey("if_version and at go with one key, not with a list of keys.")
        if at not in (None, ""):
            return self._remove_part(scope, key_or_keys, pointer.parse(at), expect)
        gone = self._tell(self._remove, scope, names, expect, self.now()) if names else []
        if expect is not None and not gone:
            raise conflict(scope, names[0], expect)
        for name in gone:
            self._announce(signals.entry_removed, scope=scope, key=name)
        return len(gone)

    def delete(self, scope: str, *, if_version: str | None = None) -> int:
        """Remove the whole scope, exactly that one, and return how many entries it had.

        ``if_version``, from ``version(scope)``, deletes it only unchanged: ``VersionConflict`` otherwise.
        """
        self._permit("REMOVE", "delete")
        scope, versions = check_scope(scope), None
        if check_existing_version(if_version) is not None:
            versions = self._versions(scope)
            if fingerprint(versions) != if_version:
                raise conflict(scope, None, if_version)
        entries = self._tell(self._delete, scope, self.now(), None, versions)
        if entries is None:
            raise conflict(scope, None, if_version)
        if entries:
            self._announce(signals.scope_deleted, scope=scope, entries=entries)
        return entries

    def touch(self, scope: str) -> bool:
        """Mark an existing scope as used now; say whether there was one."""
        return self._tell(self._touch, check_scope(scope), self.now())

    def _put_texts(
        self, scope: str, texts: Mapping[str, bytes], ttl: Any, expect: str | Sentinel | None = None
    ) -> str:
        stamp = self._stamp(ttl)
        if texts and not self._tell(self._write, scope, texts, stamp, expect):
            raise conflict(scope, next(iter(texts)), expect)
        if signals.entry_changed.receivers:
            self._announce_written(scope, texts, stamp)
        return stamp.version

    def _stamp(self, ttl: Any) -> Stamp:
        now, lifetime = self.now(), self._lifetime(ttl)
        return Stamp(new_version(), now, None if lifetime is None else self._end(now, lifetime, None))

    def _announce_written(self, scope: str, keys: Iterable[str], stamp: Stamp) -> None:
        for key in keys:
            self._announce(signals.entry_changed, scope=scope, key=key, version=stamp.version)

    def _modify(
        self,
        scope: str,
        key: str,
        change: Callable[[Any], Any],
        ttl: Any,
        if_version: Any,
        read: Callable[[str, str, bytes], Any],
    ) -> Changed:
        """Write what ``change`` makes of the value as ``read`` has it, or of ``ABSENT``, which also writes nothing.

        Optimistic: read, compute, write over the version read, again if somebody was quicker.
        """
        name, lifetime = check_key(key), ttl if ttl is KEEP_TTL else self._lifetime(ttl)
        for now in self._tries():
            record = self._if_live(self._ask(self._read_to_change, scope, name))
            found = ABSENT if record is None else record.version
            if if_version is not None and found != if_version:
                raise conflict(scope, key, if_version)
            value = change(ABSENT if record is None else read(scope, key, record.text))
            if value is ABSENT:
                return Changed(value, None, False)
            stamp = Stamp(new_version(), now, self._end(now, lifetime, record))
            text = self._encode(scope, key, value)
            if self._tell(self._write, scope, {name: text}, stamp, found):
                self._announce(signals.entry_changed, scope=scope, key=name, version=stamp.version)
                return Changed(value, stamp.version, record is None)
        raise self._outrun(scope, key)

    def _tries(self) -> Iterator[int]:
        """Yield the moment of every try, pausing a little longer, by chance, from one to the next."""
        deadline, pause = time.monotonic() + PATIENCE, 0.0005
        yield self.now()
        while time.monotonic() < deadline:
            time.sleep(random.uniform(0, pause))  # noqa: S311 (no secret)
            pause = min(pause * 2, 0.05)
            yield self.now()

    def _outrun(self, scope: str, key: str) -> StoreUnavailable:
        return StoreUnavailable(f"{scope} / {key}: too many writers at once.", alias=self.alias)

    def _set_part(
        self,
        scope: str,
        key: str,
        value: Any,
        tokens: pointer.Tokens,
        ttl: Any,
        expect: str | Sentinel | None,
    ) -> str:
        encode(pointer.place(ABSENT, tokens, value))  # what could go nowhere is refused before the store is touched
        if len(text := encode(value)) > self.config.max_value_bytes:
            raise self._too_large(scope, key, text)
        part_ttl = KEEP_TTL if ttl is STORE_TTL else ttl

        def change(current: Any) -> Any:
            try:
                return pointer.place(current, tokens, value)
            except InvalidValue as error:
                raise placed(error, scope, key) from None

        done = self._modify(scope, key, change, part_ttl, expect, self._decode_plain)
        return cast("str", done.version)  # something was placed, so something was written

    def _remove_part(self, scope: str, key: str, tokens: pointer.Tokens, expect: str | None) -> int:
        def change(current: Any) -> Any:
            return current if current is not ABSENT and pointer.cut(current, tokens) else ABSENT

        return int(self._modify(scope, key, change, KEEP_TTL, expect, self._decode_plain).version is not None)

    def _lifetime(self, ttl: Any) -> int | Until | None:
        if ttl is STORE_TTL:
            return self.config.ttl
        if type(ttl) is not Until:
            return check_ttl(ttl)
        check_ttl(max(ttl.moment - self.now(), 1) / 1_000_000)
        return ttl

    def _end(self, now: int, lifetime: Any, record: Record | None) -> int | None:
        if lifetime is KEEP_TTL:
            if record is not None:
                return record.expires_at
            lifetime = self.config.ttl
        if type(lifetime) is Until:
            return lifetime.moment
        return None if lifetime is None else now + lifetime
