"""Every error statestore raises, in two branches.

``UsageError``: what you asked was wrong; asking again changes nothing.
``StoreError``: the store is unwell; the same call may succeed later.
"""


class StateStoreError(Exception):
    """Something went wrong with a state store."""

    def __init__(self, message: str = "", **details: object) -> None:
        super().__init__(message or self.__doc__)
        self.__dict__.update(details)

    def __getattr__(self, name: str) -> object:
        if name in ("alias", "scope", "key", "pointer"):
            return None
        raise AttributeError(name)


class UsageError(StateStoreError):
    """What you asked was wrong."""


class StoreError(StateStoreError):
    """The store is unwell."""


class InvalidScope(UsageError, ValueError):
    """This is not the name of a scope."""


class InvalidKey(UsageError, ValueError):
    """This is not the name of a key."""


class InvalidValue(UsageError, ValueError):
    """This can't be stored exactly as JSON; ``pointer`` (RFC 6901) names the place."""


class SchemaViolation(InvalidValue):
    """The value does not fit the type that its key or its scope demands."""


class ValueTooLarge(UsageError, ValueError):
    """This is larger than the store accepts."""


class TooManyKeys(InvalidKey, ValueTooLarge):
    """One call takes at most 1,000 keys."""


class VersionConflict(UsageError):
    """The entry is not at the version you asked for; nothing was changed."""


class OperationDisabled(UsageError):
    """This verb is switched off for this store."""


class UnknownStore(UsageError):
    """No store has this alias."""


class ScopeUnavailable(UsageError):
    """This request has no such scope."""

    silent_variable_failure = True  # in a template it renders as nothing


class StoreUnavailable(StoreError):
    """The store can't do its work now; the vendor's error is the ``__cause__``."""


class StoreTimeout(StoreUnavailable):
    """No answer: the write may or may not have happened."""


class CorruptState(StoreError):
    """What is stored here can't be read."""


class StoreClosed(StoreError):
    """This store was closed."""


def shown(thing: object, most: int = 80) -> str:
    """Return ``thing`` as the sentence of an error shows it: in ASCII, at most so long, whatever it is."""
    try:
        text = ascii(thing)
    except Exception:  # noqa: BLE001 (an integer of 5,000 digits, somebody's __repr__)
        text = f"<{type(thing).__name__}>"
    return text if len(text) <= most else f"{text[: most - 3]}..."


_JSON_KINDS = {
    dict: "an object",
    list: "an array",
    str: "a string",
    bool: "a boolean",
    int: "a number",
    float: "a number",
}


def json_kind(value: object) -> str:
    """Return the type of a JSON value as the sentence of an error says it: "an object", "null"."""
    return _JSON_KINDS.get(type(value), "null")


def kind(thing: object) -> str:
    """Return the type of ``thing`` as the sentence of an error says it: "an int", "None"."""
    if thing is None:
        return "None"
    name = type(thing).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
