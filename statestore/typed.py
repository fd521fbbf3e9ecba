"""Typed keys: a key that knows the type of its value, checked by pydantic on every write and every read.

pydantic is imported when the first typed key is used; sites without typed keys need not install it.
"""

import copy
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

from django.core.exceptions import ImproperlyConfigured

from statestore.exact import check_same
from statestore.exceptions import InvalidKey, InvalidValue, SchemaViolation, kind, shown
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

    ``type``: anything that pydantic validates (a class, a ``Literal``, a dataclass, a ``TypedDict``, a model, …);
    without it any JSON value, and no pydantic. ``default``: what a read answers when there is no value, as it is.
    ``on_invalid``: called with the stored JSON value when that does not fit the type, its result is what the read
    answers; without it the read is a ``SchemaViolation``.
    """

    type: Any
    default: Any
    on_invalid: Callable[[Any], Any] | None
    _schema: "Key[Any, Any] | None" = None  # see within()

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
        if not isinstance(name, str):
            raise InvalidKey(f"A key is a string, not {kind(name)}: {shown(name)}.", key=name)
        key = super().__new__(cls, name)
        key.type, key.default, key.on_invalid = type, default, on_invalid
        return key

    def __repr__(self) -> str:
        return f"Key({str.__repr__(self)}, type={self.type!r})"

    def missing(self) -> Any:
        """Return a copy of the default."""
        return copy.deepcopy(self.default)

    def to_text(self, value: Any) -> bytes:
        """Return a value of the type, or the plain JSON of one, as JSON text.

        ``SchemaViolation`` for what does not fit, ``InvalidValue`` for what would not be read back the same.
        """
        if self.type is Any:
            return encode(value)
        try:
            text = self._exact_text(self.adapter.validate_python(value, strict=True, by_name=True))
        except ValueError as error:  # ours or pydantic's
            text = self._plain_text(value, error)
        if self._schema is not None:
            self._schema.validated(text)
        return text

    def _exact_text(self, known: Any) -> bytes:
        """Return the text of a value of the type, which may hold what does not fit, or what JSON has not."""
        text = encode(self.adapter.dump_python(known, mode="json", by_alias=False, round_trip=True, warnings=False))
        check_same(known, self.adapter.validate_json(text, strict=True, by_name=True))
        return text

    def _plain_text(self, value: Any, error: ValueError) -> bytes:
        """Return the text of what is no value of the type but the JSON of one, as programs send it."""
        try:
            text = encode(value)
        except InvalidValue as problem:
            raise self._refusal(error, problem) from None
        self.validated(text)
        return text

    def _refusal(self, error: ValueError, problem: InvalidValue) -> InvalidValue:
        """Return what is wrong with a value that is neither one of the type nor JSON."""
        if isinstance(error, _pydantic().ValidationError):
            return self._violation(error)
        if isinstance(error, InvalidValue):
            return problem if problem.pointer == error.pointer else error
        return problem if problem.pointer else InvalidValue(f"The value can't be written as JSON: {error}.")

    def from_text(self, text: bytes) -> Any:
        """Return the value that JSON text says, in its type."""
        raw = decode(text)  # what is no JSON at all is the store's affair
        if self.type is Any:
            return raw
        try:
            return self.validated(text)
        except SchemaViolation:
            if self.on_invalid is not None:
                return self.on_invalid(raw)
            raise

    def validated(self, text: bytes) -> Any:
        """Return the value that JSON text says, in its type, or raise ``SchemaViolation``."""
        try:
            return self.adapter.validate_json(text, strict=True, by_name=True)
        except _pydantic().ValidationError as error:
            raise self._violation(error) from None

    def within(self, schema: "Key[Any, Any]") -> "Key[Any, Any]":
        """Return this key for a place of which a schema speaks too: what is written has to fit both."""
        both = copy.copy(self)
        vars(both).update(adapter=self.adapter, _schema=schema)
        return both

    @cached_property
    def adapter(self) -> Any:
        """What pydantic made of the type. ``ImproperlyConfigured`` where that is none, or there is no pydantic."""
        pydantic = _pydantic()
        try:
            adapter = pydantic.TypeAdapter(self.type)
            what = adapter.core_schema["type"]
        except Exception as error:
            reason = str(error).partition("\n")[0]
            raise ImproperlyConfigured(f"{self!r}: this is no type that pydantic knows ({reason}).") from error
        if what == "call":
            raise ImproperlyConfigured(f"{self!r}: this is a function, no type.")
        return adapter

    def _violation(self, error: Any) -> SchemaViolation:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        reasons = "; ".join(f"{join(fault['loc'])} {fault['msg']}".strip() for fault in faults)
        return SchemaViolation(f"The value does not fit: {reasons}.", pointer=join(faults[0]["loc"]))


def _pydantic() -> Any:
    try:
        import pydantic
    except ImportError:
        raise ImproperlyConfigured("Typed keys need pydantic: install statestore[typed].") from None
    return pydantic
