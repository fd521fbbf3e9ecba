"""The marks of writers in the fast store, and the cells that a writer removes.

A mark stands from before a write until after its commit. While it does, nobody believes or makes copies in its
scope. It is a list of tokens with their ends, one for each writer, changed by compare and swap.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

import orjson

from statestore.backends.core import Core
from statestore.backends.layered_line import FrontDown, FrontUnfit, Line
from statestore.backends.rules import new_version
from statestore.entries import ABSENT, Record, Sentinel, Stamp

MARK, CELL = "!", "="
TRIES = 1000  # at changing a mark against other writers
MOST = 100  # tokens in a mark; beyond it the oldest are one that nobody takes away, only time
AT_ONCE = 1000  # cells that one step removes
NOBODY = ""

Places = Mapping[str, Collection[str] | None]
"""What is written: scopes with their keys; None stands for the whole scope."""
Token = list[Any]  # its name, and the moment at which it ends


class Mark(NamedTuple):
    """A mark of ours in one scope: the token, and the keys whose copies have been removed (None: all)."""

    token: str
    keys: Collection[str] | None


class Marks(Line):
    """Sets marks and takes them away, those of many scopes in a constant number of round trips."""

    def __init__(self, store: Core, alias: str, marked_for: float) -> None:
        super().__init__(store, alias)
        self.marked_for = int(marked_for * 1_000_000)

    def mark(self, places: Places, token: str, now: int) -> None:
        """Announce a write, then remove the copies and leases that are in its way."""
        mine: Token = [token, now + self.marked_for]
        named = {scope: keys for scope, keys in places.items() if keys is not None}
        steps = [_setting(scope, [mine], token, ABSENT, now) for scope in places]
        steps += _removals(_cells(named), now)
        try:
            answers = self.in_turn(steps)
        except FrontUnfit:
            answers = self._mark_anew(places, steps, now)
        crowded = [scope for scope, done in zip(places, answers, strict=False) if not done]
        for scope in crowded:
            self._change_mark(scope, lambda others: [*_thinned(others), mine], now)
        self.drop({scope: places[scope] for scope in places if scope in crowded or scope not in named}, now)

    def unmark(self, marks: Mapping[str, Mark], now: int) -> None:
        """Remove the copies and leases once more, then take our tokens away."""
        removals = _removals(self._find_cells({scope: mark.keys for scope, mark in marks.items()}), now)
        steps = [("_remove", (scope, [MARK], mark.token, now)) for scope, mark in marks.items()]
        answers = self.in_turn([*removals, *steps])[len(removals) :]
        for (scope, mark), done in zip(marks.items(), answers, strict=True):
            if not done:
                self._change_mark(scope, lambda all_: [one for one in all_ if one[0] != mark.token], now)  # noqa: B023

    def live_tokens_of(self, scope: str, now: int) -> list[Token]:
        """Return the tokens of the writers that have marked this scope."""
        return live_tokens(self.ask(self.store._read_one, scope, MARK), now)

    def drop(self, places: Places, now: int) -> None:
        """Remove copies and leases."""
        self.in_turn(_removals(self._find_cells(places), now))

    def _find_cells(self, places: Places) -> dict[str, list[str]]:
        whole = [scope for scope, keys in places.items() if keys is None]
        found = self.in_turn([("_stamps", (scope,)) for scope in whole])
        there = {
            scope: [name for name in names if name[:1] == CELL] for scope, names in zip(whole, found, strict=True)
        }
        return _cells({scope: keys for scope, keys in places.items() if keys is not None}) | there

    def _mark_anew(self, places: Places, steps: list[Any], now: int) -> list[Any]:
        """Make room for marks in scopes that were unfit."""
        try:
            return self.in_turn([*(("_delete", (scope, now)) for scope in places), *steps])[len(places) :]
        except FrontUnfit as error:
            raise self._failed(error) from error

    def _change_mark(self, scope: str, change: Callable[[list[Token]], list[Token]], now: int) -> None:
        for _ in range(TRIES):
            record = self.ask(self.store._read_one, scope, MARK)
            tokens = live_tokens(record, now)
            wanted = change(tokens)
            if wanted == tokens or self._swap(scope, wanted, record, now):
                return
        raise FrontDown("too many writers at once")

    def _swap(self, scope: str, wanted: list[Token], record: Record | None, now: int) -> bool:
        expect = record.version if record and record.is_live(now) else ABSENT
        step = _setting(scope, wanted, new_version(), expect, now) if wanted else None
        return bool(self.in_turn([step or ("_remove", (scope, [MARK], expect, now))])[0])


def live_tokens(record: Record | None, now: int) -> list[Token]:
    """Return the tokens of a mark that have not ended."""
    if record is None or not record.is_live(now):
        return []
    return [token for token in orjson.loads(record.text) if token[1] > now]


def cell(key: str) -> str:
    """Return the name under which the fast store has the copy of a key."""
    return CELL + key


def _cells(places: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    return {scope: [cell(key) for key in keys] for scope, keys in places.items()}


def _setting(scope: str, tokens: list[Token], version: str, expect: str | Sentinel, now: int) -> Any:
    stamp = Stamp(version, now, max(token[1] for token in tokens))
    return "_write", (scope, {MARK: orjson.dumps(tokens)}, stamp, expect)


def _removals(cells: Mapping[str, list[str]], now: int) -> list[Any]:
    return [
        ("_remove", (scope, names[first : first + AT_ONCE], None, now))
        for scope, names in cells.items()
        for first in range(0, len(names), AT_ONCE)
    ]


def _thinned(tokens: list[Token]) -> list[Token]:
    """Keep a mark short that many writers left behind."""
    if len(tokens) < MOST:
        return tokens
    return [[NOBODY, max(token[1] for token in tokens)], *tokens[-MOST // 2 :]]
