"""The verbs of a dict that read and write as one step."""

from contextlib import suppress
from typing import Any

from statestore import signals
from statestore.backends.writing import Writing
from statestore.entries import ABSENT, STORE_TTL
from statestore.exceptions import VersionConflict
from statestore.names import check_key, check_scope


class Taking(Writing):
    """Takes an entry away, or puts one where there is none, and knows what it found."""

    def pop(self, scope: str, key: str, default: Any = None) -> Any:
        """Remove ``key`` and return its value, or ``default`` when missing; of two callers only one gets it.

        A value that can't be read stays where it is.
        """
        self._permit("GET", "pop")
        self._permit("REMOVE", "pop")
        scope, name = check_scope(scope), check_key(key)
        for now in self._tries():
            record = self._if_live(self._ask(self._read_to_change, scope, name))
            if record is None:
                return self._value(scope, key, None, default)
            value = self._decode(scope, key, record.text)
            if self._tell(self._remove, scope, [name], record.version, now):
                self._announce(signals.entry_removed, scope=scope, key=name)
                return value
        raise self._outrun(scope, key)

    def setdefault(self, scope: str, key: str, default: Any = None) -> Any:
        """Return the value under ``key``, after storing ``default`` where there is none: the first writer wins."""
        self._permit("GET", "setdefault")
        scope, name = check_scope(scope), check_key(key)
        record = self._fetch_one(scope, name)
        if record is not None:
            return self._decode(scope, key, record.text)
        self._permit("SET", "setdefault")
        text = self._encode(scope, key, default)
        for _ in self._tries():
            # Nothing is locked that is not there: two transactions that fill the same gap would wait in a circle.
            with suppress(VersionConflict):
                self._put_texts(scope, {name: text}, STORE_TTL, ABSENT)
                return self._decode(scope, key, text)
            record = self._if_live(self._ask(self._read_to_change, scope, name))
            if record is not None:
                return self._decode(scope, key, record.text)
        raise self._outrun(scope, key)
