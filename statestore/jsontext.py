"""JSON text that somebody hands in, read strictly: nothing is coerced, and nothing is dropped in silence.

``values.decode`` reads what a store wrote itself and is made for speed: it takes an integer beyond 64 bits for a
float and the last of two members with one name. A person, or a file from elsewhere, is told instead.
"""

import json
from typing import Any


class NotJSON(ValueError):
    """This is not JSON text; ``offset`` says where it stops being so (None: nowhere in particular)."""

    def __init__(self, message: str, offset: int | None = None) -> None:
        super().__init__(message)
        self.offset = offset


class NotFinite(NotJSON):
    """``NaN`` or ``Infinity``, which Python would read and JSON has not."""

    def __init__(self, constant: str) -> None:
        super().__init__(f"{constant} is not JSON.")
        self.constant = constant


class DuplicateName(NotJSON):
    """An object has this ``name`` twice."""

    def __init__(self, name: str) -> None:
        super().__init__(f"An object has the name {json.dumps(name, ensure_ascii=False)[:80]} twice.")
        self.name = name


def parse(text: str | bytes) -> Any:
    """Return the value that ``text`` says, or raise ``NotJSON``. Whether a store takes it, the store says."""
    try:
        text = text.decode() if isinstance(text, bytes) else text
        if text.startswith("\ufeff"):
            raise NotJSON("This begins with a byte order mark, which JSON has not.", 0)
        return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse)
    except NotJSON:
        raise
    except json.JSONDecodeError as error:
        raise NotJSON(f"{error.msg}.", error.pos) from None
    except UnicodeDecodeError as error:
        raise NotJSON(f"This is not UTF-8 (at byte {error.start}).") from None
    except RecursionError:
        raise NotJSON("This is nested too deeply.") from None
    except ValueError:  # an integer of more digits than Python turns into a number
        raise NotJSON("An integer is beyond signed 64 bit.") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        raise DuplicateName(next(name for name, _value in pairs if name in seen or seen.add(name)))  # type: ignore[func-returns-value]
    return found


def _refuse(constant: str) -> Any:
    raise NotFinite(constant)
