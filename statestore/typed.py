"""Typed keys: a key that knows the type of its value, checked by pydantic on every write and every read.

pydantic is imported when the first typed key is used; sites without typed keys need not install it.
"""

import copy
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from statestore.exceptions import SchemaViolation
from statestore.pointer import join
from statestore.values import decode, encode

if TYPE_CHECKING:
    from typing import Generic, Never

    from typing_extensions import TypeForm, TypeVar

    Kind = TypeVar("Kind")
    Missing = TypeVar("Missing", default=Never)

    class _Name(str, Generic[Kind, Missing]):  # noqa: SLOT000 (see below)
        """For type checkers: ``Kind`` is the type of the value, ``Missing`` what a read may answer besides."""
else:

    class _Name(str):  # noqa: SLOT000 (its adapter is made when it is needed)
        @classmethod
        def __class_getitem__(cls, kinds: Any) -> Any:
            return cls


class Key(_Name["Kind", "Missing"]):
    """A key's name with the type of its value; it goes wherever the name of a key goes.

    ``type``: anything that pydantic validates (a class, a ``Literal``, a dataclass, a ``TypedDict``, a model, …).
    ``default``: what a read answers when there is no value. ``on_invalid``: called with the stored JSON value when
    that does not fit the type, its result is what the read answers; without it the read is a ``SchemaViolation``.
    """

    type: Any
    default: Any
    on_invalid: Callable[[Any], Any] | None

    @overload
    def __new__(
        cls,
        name: str,
        *,
        type: "TypeForm[Kind]",
        default: None = None,
        on_invalid: Callable[[Any], Any] | None = None,
    ) -> "Key[Kind, None]": ...
    @overload
    def __new__(
        cls,
        name: str,
        *,
        type: "TypeForm[Kind]",
        default: object,
        on_invalid: Callable[[Any], Any] | None = None,
    ) -> "Key[Kind]": ...
    @overload
    def __new__(cls, name: str, *, default: object = None) -> "Key[Any, Any]": ...
    def __new__(
        cls,
        name: str,
        *,
        type: Any = Any,  # noqa: A002 (what it is)
        default: Any = None,
        on_invalid: Callable[[Any], Any] | None = None,
    ) -> Any:
        key = super().__new__(cls, name)
        key.type, key.default, key.on_invalid = type, default, on_invalid
        return key

    def __repr__(self) -> str:
        return f"Key({str.__repr__(self)}, type={self.type!r})"

    def missing(self) -> Any:
        """Return a copy of the default."""
        return copy.deepcopy(self.default)

    def to_text(self, value: Any) -> bytes:
        """Return a value of the type, or the plain JSON of one, as JSON text; ``SchemaViolation`` for any other."""
        pydantic = _pydantic()
        try:
            known = self._adapter.validate_python(value, strict=True)
        except pydantic.ValidationError as error:
            return self._plain_text(value, error)
        return encode(self._adapter.dump_python(known, mode="json"))

    def _plain_text(self, value: Any, error: Any) -> bytes:
        """Return the text of what is no value of the type but the JSON of one, as programs send it."""
        try:
            text = encode(value)
            self._adapter.validate_json(text, strict=True)
        except ValueError:
            raise self._violation(error) from None
        return text

    def from_text(self, text: bytes) -> Any:
        """Return the value that JSON text says, in its type."""
        pydantic = _pydantic()
        raw = decode(text)  # what is no JSON at all is the store's affair
        try:
            return self._adapter.validate_json(text, strict=True)
        except pydantic.ValidationError as error:
            if self.on_invalid is not None:
                return self.on_invalid(raw)
            raise self._violation(error) from None

    @cached_property
    def _adapter(self) -> Any:
        return _pydantic().TypeAdapter(self.type)

    def _violation(self, error: Any) -> SchemaViolation:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        reasons = "; ".join(f"{join(fault['loc'])} {fault['msg']}".strip() for fault in faults)
        return SchemaViolation(f"The value does not fit: {reasons}.", pointer=join(faults[0]["loc"]))


class Schemas:
    """``STORES[…]["SCHEMAS"]``: types by pattern of the scope and by key.

    ``{"user:*": {"theme": Literal["light", "dark"], "*": int}}``: in a pattern ``*`` stands for one segment, in
    last place for all that follow; ``"*"`` as a key is any other key. The first pattern that fits decides. Types
    may be dotted paths; instead of a dict of types there may be one class with annotations (or its path).
    """

    def __init__(self, patterns: Mapping[str, Any]) -> None:
        self._patterns = [(pattern.split(":"), _keys(types)) for pattern, types in patterns.items()]

    def key(self, scope: str, key: str) -> str:
        """Return the typed key for this place, or ``key`` as it is where no schema speaks."""
        segments = scope.split(":")
        for pattern, keys in self._patterns:
            if _fits(pattern, segments):
                found = keys.get(key, keys.get("*"))
                return key if found is None else found
        return key


def _fits(pattern: list[str], segments: list[str]) -> bool:
    if pattern[-1] == "*" and len(segments) > len(pattern):
        segments = segments[: len(pattern)]
    return len(pattern) == len(segments) and all(
        wanted in ("*", segment) for wanted, segment in zip(pattern, segments, strict=True)
    )


def _keys(types: Any) -> dict[str, Key[Any, Any]]:
    if isinstance(types, str):
        types = import_string(types)
    if not isinstance(types, Mapping):
        from typing import get_type_hints

        types = get_type_hints(types)
    return {name: _key(name, kind) for name, kind in types.items()}


def _key(name: str, kind: Any) -> Key[Any, Any]:
    if isinstance(kind, Key):
        return kind
    return Key(name, type=import_string(kind) if isinstance(kind, str) else kind)


def _pydantic() -> Any:
    try:
        import pydantic
    except ImportError:
        raise ImproperlyConfigured("Typed keys need pydantic: install statestore[typed].") from None
    return pydantic
