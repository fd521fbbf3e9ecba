"""Values and their text: encoded and checked on the way in, decoded on the way out, typed where a type is known."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from statestore import pointer
from statestore.backends.core import Core
from statestore.backends.rules import check_keys, placed
from statestore.entries import ABSENT, Entry, Record, to_datetime
from statestore.exceptions import CorruptState, InvalidValue, SchemaViolation, ValueTooLarge
from statestore.schemas import Schemas
from statestore.typed import Key
from statestore.values import decode, encode, encode_all


class Texts(Core):
    """Stands between the values of the caller and the text that the hooks move."""

    @cached_property
    def _schemas(self) -> Schemas | None:
        return Schemas(self.config.schemas) if self.config.schemas else None

    def _typed(self, scope: str, key: str) -> Key[Any, Any] | None:
        if self._schemas is not None:
            return self._schemas.key(scope, key)
        return key if isinstance(key, Key) else None

    def _encode(self, scope: str, key: str, value: Any) -> bytes:
        typed = None if type(key) is str and self._schemas is None else self._typed(scope, key)
        try:
            text = encode(value) if typed is None else typed.to_text(value)
        except InvalidValue as error:
            raise placed(error, scope, key) from None
        if len(text) > self.config.max_value_bytes:
            raise self._too_large(scope, key, text)
        return text

    def _too_large(self, scope: str, key: str, text: bytes) -> ValueTooLarge:
        return ValueTooLarge(
            f"{scope} / {key}: the value has {len(text):,} bytes of JSON text; "
            f"the store {self.alias!r} takes {self.config.max_value_bytes:,}.",
            scope=scope,
            key=key,
        )

    def _texts(self, scope: str, mapping: Mapping[str, Any]) -> dict[str, bytes]:
        keys = check_keys(mapping)
        if self._schemas is None and {*map(type, keys.values())} == {str}:  # no types to see to, as nearly always
            texts = encode_all([mapping[key] for key in keys])
            if texts is not None and max(map(len, texts)) <= self.config.max_value_bytes:
                return dict(zip(keys, texts, strict=True))
        return {name: self._encode(scope, key, mapping[key]) for name, key in keys.items()}

    def _decode(self, scope: str, key: str, text: bytes) -> Any:
        """Return the stored value, in its type where one is known."""
        typed = self._typed(scope, key)
        if typed is None:
            return self._decode_plain(scope, key, text)
        try:
            return typed.from_text(text)
        except InvalidValue as error:
            raise placed(error, scope, key) from None
        except ValueError as error:
            raise self._corrupt(scope, key) from error

    def _decode_plain(self, scope: str, key: str, text: bytes) -> Any:
        """Return the stored value as plain JSON."""
        try:
            return decode(text)
        except ValueError as error:
            raise self._corrupt(scope, key) from error

    def sound(self, scope: str, key: str, record: Record) -> Record:
        """Return a record whose text is known to be good, written as the key's type writes it.

        ``CorruptState`` or ``SchemaViolation`` otherwise, as when the value is read. The store is not asked.
        """
        value, typed = self._decode(scope, key, record.text), self._typed(scope, key)
        if typed is None:
            return record
        try:
            return record._replace(text=typed.to_text(value))
        except SchemaViolation:
            raise
        except InvalidValue:  # it can be read, though not be written again from what Python makes of it
            return record

    def _corrupt(self, scope: str, key: str) -> CorruptState:
        text = f"{scope} / {key}: what is stored in {self.alias!r} is not JSON."
        return CorruptState(text, alias=self.alias, scope=scope, key=key)

    def _value(self, scope: str, key: str, record: Record | None, default: Any) -> Any:
        if record is not None:
            return self._decode(scope, key, record.text)
        return key.missing() if default is None and isinstance(key, Key) else default

    def _part(self, scope: str, key: str, record: Record | None, default: Any, tokens: pointer.Tokens) -> Any:
        found = ABSENT if record is None else pointer.find(self._decode_plain(scope, key, record.text), tokens)
        return default if found is ABSENT else found

    def _entry(self, scope: str, key: str, record: Record) -> Entry:
        end = None if record.expires_at is None else to_datetime(record.expires_at)
        return Entry(self._decode(scope, key, record.text), record.version, to_datetime(record.updated_at), end)
