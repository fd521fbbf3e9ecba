"""What somebody typed into the editor, checked by the store's own rules."""

import json
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from statestore.admin.source import Mistake, locate, mistake, read
from statestore.backends.base import StateStore
from statestore.durations import check_ttl, parse_age
from statestore.entries import ABSENT, Record
from statestore.exceptions import CorruptState, InvalidValue, StateStoreError

EXPIRY = {
    "keep": gettext_lazy("as it is"),
    "store": gettext_lazy("as the store has it for every write"),
    "never": gettext_lazy("never"),
    "in": gettext_lazy("after this time:"),
}


@dataclass
class Draft:
    """A text that is to become a value, over a certain ``version`` ("": where there is nothing yet)."""

    text: str
    version: str
    expiry: str = "store"
    ttl: str = ""
    errors: dict[str, Any] = field(default_factory=dict)
    value: Any = None
    mistake: Mistake | None = None

    @classmethod
    def of(cls, record: Record, text: str, *, is_corrupt: bool) -> "Draft":
        """Return what the editor starts with."""
        return cls(text=text, version=record.version, expiry="store" if is_corrupt else "keep")

    @classmethod
    def given(cls, posted: Any) -> "Draft":
        """Return what was sent."""
        text, version, expiry, ttl = (posted.get(name, "") for name in ("value", "version", "expiry", "ttl"))
        return cls(text=text, version=version, expiry=expiry, ttl=ttl.strip())

    @property
    def choices(self) -> list[tuple[str, str, bool]]:
        """Return what can be chosen as expiry: a word, its label, whether it is chosen now."""
        offered = {word: str(label) for word, label in EXPIRY.items() if word != "keep" or self.version}
        chosen = self.expiry if self.expiry in offered else "store"
        return [(word, label, word == chosen) for word, label in offered.items()]

    @property
    def lines(self) -> int:
        """Return how many lines the text has."""
        return self.text.count("\n") + 1

    def over(self, version: str) -> "Draft":
        """Return this draft as one for another version."""
        expiry = self.expiry if version or self.expiry != "keep" else "store"
        return Draft(text=self.text, version=version, expiry=expiry, ttl=self.ttl, value=self.value)

    def is_valid(self) -> bool:
        """Say whether this can be written; ``errors`` and ``mistake`` say why not."""
        self.value, self.mistake = read(self.text)
        if self.expiry not in EXPIRY or (self.expiry == "keep" and not self.version):
            self.errors["expiry"] = _("Choose when the entry expires.")
        if self.expiry == "in":
            self._check_ttl()
        return not self.errors and self.mistake is None

    def write(self, store: StateStore, scope: str, key: str) -> bool:
        """Write the value over its version, and say whether it is a new entry.

        ``VersionConflict`` if there is another version now, and whatever else ``set`` raises.
        """
        expect = self.version or ABSENT
        if self.expiry == "keep":
            store.set(scope, key, self.value, if_version=expect, at="")  # a part, the whole one: keeps the expiry
        else:
            store.set(scope, key, self.value, if_version=expect, **self._lifetime())
        return expect is ABSENT

    def refuse(self, error: StateStoreError) -> None:
        """Take in why the store did not take the value, or could not keep the expiry."""
        if isinstance(error, CorruptState):
            self.errors["expiry"] = _("What is stored now can't be read. Choose when the new value expires.")
            return
        text = self.text.replace("\r\n", "\n")
        pointer = getattr(error, "pointer", None)
        self.mistake = mistake(text, str(error), locate(text, pointer) if pointer else None)

    def changes(self) -> str:
        """Return the change as the history keeps it."""
        fields = ["value"] if self.expiry == "keep" else ["value", "expiry"]
        return json.dumps([{"changed": {"fields": fields}}])

    def _lifetime(self) -> dict[str, Any]:
        if self.expiry == "store":
            return {}
        return {"ttl": None if self.expiry == "never" else parse_age(self.ttl).total_seconds()}

    def _check_ttl(self) -> None:
        try:
            check_ttl(parse_age(self.ttl).total_seconds())
        except InvalidValue:
            self.errors["ttl"] = _("Give a number with s, m, h, d or w, as in 30d, and not more than 1,000 years.")
