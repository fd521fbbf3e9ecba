"""The verbs that read."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

from statestore import pointer
from statestore.backends.rules import check_keys, check_scopes, fingerprint
from statestore.backends.texts import Texts
from statestore.entries import Entry, Record, Stamp
from statestore.names import check_key, check_scope
from statestore.values import decode

if TYPE_CHECKING:
    from typing import TypeVar

    from statestore.typed import Key, Kind, Missing

    Other = TypeVar("Other")


class Reading(Texts):
    """Answers what is there; what has expired is not."""

    @overload
    def get(self, scope: str, key: "Key[Kind, Missing]", default: None = None) -> "Kind | Missing": ...
    @overload
    def get(self, scope: str, key: "Key[Kind, Any]", default: "Other") -> "Kind | Other": ...
    @overload
    def get(self, scope: str, key: str, default: Any = None, *, at: str | None = None) -> Any: ...
    @overload
    def get(
        self, scope: str, key: list[str] | tuple[str, ...], default: Any = None, *, at: str | None = None
    ) -> list[Any]: ...
    def get(self, scope: str, key: Any, default: Any = None, *, at: str | None = None) -> Any:
        """Return the value under ``key``, or ``default`` when missing; of a list of keys, the list of values.

        ``at``, a JSON Pointer, reads a part of the value.
        """
        self._permit("GET", "get")
        if at is None and type(key) is str and self._schemas is None:  # the hottest path
            record = self._fetch_one(check_scope(scope), check_key(key))
            return default if record is None else self._decode_plain(scope, key, record.text)
        tokens = None if at is None else pointer.parse(at)
        if isinstance(key, list | tuple):
            return self._several(check_scope(scope), key, default, tokens)
        return self._answer(scope, key, self._fetch_one(check_scope(scope), check_key(key)), default, tokens)

    def get_many(self, scope: str, keys: Iterable[str] | None = None) -> dict[str, Any]:
        """Return the values that exist under ``keys`` (None: in the whole scope) by key."""
        self._permit("GET", "get_many")
        return {name: self._decode(scope, key, record.text) for name, key, record in self._found(scope, keys)}

    def entry(self, scope: str, key: str) -> Entry | None:
        """Return the value under ``key`` with its version and dates, or None when missing."""
        self._permit("GET", "entry")
        record = self._fetch_one(check_scope(scope), check_key(key))
        return record and self._entry(scope, key, record)

    def entries(self, scope: str, keys: Iterable[str] | None = None) -> dict[str, Entry]:
        """Return the entries that exist under ``keys`` (None: in the whole scope) by key."""
        self._permit("GET", "entry")
        return {name: self._entry(scope, key, record) for name, key, record in self._found(scope, keys)}

    def records(self, scope: str, keys: Iterable[str] | None = None) -> dict[str, Record]:
        """Return what is stored, undecoded: so that a corrupt entry can be shown, or text passed on as it is."""
        self._permit("GET", "entry")
        return self._fetch(check_scope(scope), keys if keys is None else check_keys(keys))

    def record(self, scope: str, key: str) -> Record | None:
        """Return what is stored under one key, undecoded, or None when missing."""
        self._permit("GET", "entry")
        return self._fetch_one(check_scope(scope), check_key(key))

    def keys(self, scope: str) -> list[str]:
        """Return the names of the scope's keys, sorted; an empty list when there is no such scope."""
        return sorted(self._ask(self._keys, check_scope(scope), self.now()))

    def version(self, scope: str, key: str | None = None) -> str | None:
        """Return the version of an entry, or a token that changes with every write to the scope; None when missing.

        A version is no state: it is answered also where ``ENABLE_GET`` is off.
        """
        if key is None:
            return fingerprint(self._versions(check_scope(scope)))
        record = self._fetch_one(check_scope(scope), check_key(key))
        return record and record.version

    def versions(self, scopes: Iterable[str]) -> dict[str, str]:
        """Return what ``version`` answers for each of these scopes that exists, by scope; at most 1,000 of them."""
        names = check_scopes(scopes)
        found, now = self._ask(self._stamps_of, names) if names else {}, self.now()
        live = {name: {k: s.version for k, s in stamps.items() if s.is_live(now)} for name, stamps in found.items()}
        return {name: token for name in names if (token := fingerprint(live.get(name, {})))}

    def _several(self, scope: str, keys: Sequence[str], default: Any, tokens: pointer.Tokens | None) -> list[Any]:
        """Return the values under several keys, or their parts, in the order asked."""
        names = check_keys(keys)
        if tokens is None and self._schemas is None and set(map(type, keys)) == {str}:
            return self._plain_values(scope, keys, list(names), default)
        found = self._fetch(scope, names)
        return [self._answer(scope, name, found.get(name), default, tokens) for name in keys]

    def _plain_values(self, scope: str, keys: Sequence[str], names: list[str], default: Any) -> list[Any]:
        """Return the values under several keys of which none has a type: with no call for each but the decoding."""
        found = self._ask(self._texts_of, scope, names, self.now())
        try:
            return [decode(found[key]) if key in found else default for key in keys]
        except ValueError:  # once more, to name the key
            return [self._decode_plain(scope, key, found[key]) if key in found else default for key in keys]

    def _answer(
        self, scope: str, key: str, record: Record | None, default: Any, tokens: pointer.Tokens | None
    ) -> Any:
        if tokens is None:
            return self._value(scope, key, record, default)
        return self._part(scope, key, record, default, tokens)

    def _found(self, scope: str, keys: Iterable[str] | None) -> Iterator[tuple[str, str, Record]]:
        """Yield each entry there is: its key, the key as it was asked for (it may be a typed one), its record."""
        asked = None if keys is None else check_keys(keys)
        for name, record in self._fetch(check_scope(scope), asked).items():
            yield name, asked[name] if asked else name, record

    def _fetch_one(self, scope: str, key: str) -> Record | None:
        return self._if_live(self._ask(self._read_one, scope, key))

    def _fetch(self, scope: str, keys: Collection[str] | None) -> dict[str, Record]:
        if keys is not None and not keys:
            return {}
        found, now = self._ask(self._read, scope, keys if keys is None else list(keys)), self.now()
        return {key: record for key, record in found.items() if record.is_live(now)}

    def _if_live(self, record: Record | None) -> Record | None:
        if record is None or record.expires_at is None:
            return record
        return record if record.is_live(self.now()) else None

    def _live_stamps(self, scope: str) -> dict[str, Stamp]:
        found, now = self._ask(self._stamps, scope), self.now()
        return {key: stamp for key, stamp in found.items() if stamp.is_live(now)}

    def _versions(self, scope: str) -> dict[str, str]:
        return {key: stamp.version for key, stamp in self._live_stamps(scope).items()}
