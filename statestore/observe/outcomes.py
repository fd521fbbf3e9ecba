"""How a call ended, in one word: the label that metrics and spans carry."""

from statestore.exceptions import CorruptState, StoreError, StoreTimeout, UsageError, VersionConflict

OK = "ok"
CONFLICT = "conflict"
USAGE_ERROR = "usage_error"
UNKNOWN = "unknown"
CORRUPT = "corrupt"
UNAVAILABLE = "unavailable"
ERROR = "error"
OUTCOMES = (OK, CONFLICT, USAGE_ERROR, UNAVAILABLE, UNKNOWN, CORRUPT, ERROR)

_BY_KIND: list[tuple[type[BaseException], str]] = [  # the first that fits
    (VersionConflict, CONFLICT),
    (UsageError, USAGE_ERROR),
    (StoreTimeout, UNKNOWN),
    (CorruptState, CORRUPT),
    (StoreError, UNAVAILABLE),
]


def outcome_of(error: BaseException | None) -> str:
    """Return the outcome that an error stands for; ``"ok"`` for none, ``"error"`` for one that is not ours."""
    if error is None:
        return OK
    return next((outcome for kind, outcome in _BY_KIND if isinstance(error, kind)), ERROR)
