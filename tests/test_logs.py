"""Log records: every one has its name, and every name is told with its level and fields."""

import ast
import logging
import re
from pathlib import Path

import pytest

import statestore
from statestore import OperationDisabled
from statestore.backends import MemoryStore
from statestore.logs import LEVELS, called, event
from tests.docs import DOCS

HOUSE = Path(statestore.__file__).parent
METHODS = {"debug": "DEBUG", "info": "INFO", "warning": "WARNING", "error": "ERROR", "exception": "ERROR"}


def statements(tree):
    """The simple statements of a file with the one before each, if it is in the same block."""
    for node in ast.walk(tree):
        for block in (getattr(node, "body", None), getattr(node, "orelse", None), getattr(node, "finalbody", None)):
            if isinstance(block, list):
                yield from zip([None, *block], block, strict=False)


def is_logging(node):
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Attribute)
        and getattr(node.value.func.value, "id", "") == "logger"
    )


def extra_of(call, before):
    """The call of ``event`` that a record gets as ``extra``: written there, or in the line before."""
    extra = next((word.value for word in call.keywords if word.arg == "extra"), None)
    if isinstance(extra, ast.Name) and isinstance(before, ast.Assign) and before.targets[0].id == extra.id:
        extra = before.value
    assert isinstance(extra, ast.Call), ast.unparse(call)
    assert extra.func.id == "event", ast.unparse(call)
    return extra


def records():
    """All that is logged, as {event: (level, its fields)}."""
    found = {}
    for path in HOUSE.rglob("*.py"):
        for before, node in statements(ast.parse(path.read_text("utf-8"))):
            if is_logging(node):
                extra = extra_of(node.value, before)
                fields = tuple(word.arg for word in extra.keywords)
                found[extra.args[0].value] = METHODS[node.value.func.attr], fields
    return found


def test_every_record_has_a_name_and_every_name_a_record():
    assert {name: level for name, (level, _fields) in records().items()} == LEVELS


def test_every_record_is_told_with_its_level_and_its_fields():
    page = (DOCS / "howto/observing.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| ([A-Z]+) \| ([^|]*) \|", page, re.MULTILINE)
    told = {name: (level, tuple(re.findall(r"`(\w+)`", fields))) for name, level, fields in rows}
    assert told == records()


def test_records_for_every_day_carry_no_key_and_no_value():
    for level, fields in records().values():
        assert level in ("WARNING", "ERROR") or not {"scope", "key", "value"} & set(fields)
        assert not {"key", "value"} & set(fields)


def test_fields_are_led_by_our_name():
    told = event("verb_disabled", store="default", verb="set")
    assert told == {"statestore_event": "verb_disabled", "statestore_store": "default", "statestore_verb": "set"}


def test_function_is_called_by_its_dotted_name_and_an_object_as_it_shows_itself():
    assert called(records) == "tests.test_logs.records"
    assert called(5) == "5"


def test_record_carries_its_fields(caplog):
    store = MemoryStore("mine", {"ENABLE_SET": False})
    with caplog.at_level(logging.WARNING, logger="statestore"), pytest.raises(OperationDisabled):
        store.increment("secret-scope", "secret-key")
    (record,) = caplog.records
    assert (record.statestore_event, record.statestore_store, record.statestore_verb) == (
        "verb_disabled",
        "mine",
        "increment",
    )
    assert "secret" not in caplog.text
