"""System checks: every mistake in STATESTORE has its number, and no junk makes them fail."""

import re
from pathlib import Path

import pytest
from django.core import checks as django_checks
from django.core.checks.registry import registry
from django.db import connections
from django.db.backends.dummy.base import DatabaseWrapper
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from statestore import checks, conf
from statestore.backends.memory import MemoryStore

MEMORY = {"BACKEND": "statestore.backends.MemoryStore"}
CACHE = {"BACKEND": "statestore.backends.CacheStore"}
MODEL = {"BACKEND": "statestore.backends.ModelStore"}
PAGE = Path(__file__).parent.parent / "docs" / "checks.md"


class Picky(MemoryStore):
    """A store that has something to say about its options, and about itself."""

    @classmethod
    def option_problems(cls, alias, params):
        return [f"OPTIONS: {name!r} means nothing to {alias}." for name in params.get("OPTIONS") or {}]

    def threats(self):
        return ["It forgets.", "It is slow."]


class Broken(MemoryStore):
    def __init__(self, alias, params):
        raise RuntimeError("no luck")


class Unfinished(checks.StateStore):
    pass


PICKY, BROKEN, UNFINISHED = ({"BACKEND": f"{__name__}.{name}"} for name in ("Picky", "Broken", "Unfinished"))
RESOLVER = "django.contrib.auth.get_user_model"


def layered(durable, fast):
    return {"BACKEND": "statestore.backends.LayeredStore", "OPTIONS": {"durable": durable, "fast": fast}}


def found(statestore):
    with override_settings(STATESTORE=statestore):
        return checks.check_settings()


def numbers(statestore):
    return [message.id.removeprefix("statestore.") for message in found(statestore)]


def with_default(**more):
    return {"STORES": {"default": MEMORY}, **more}


def stores_of(**more):
    return {"STORES": {"default": MEMORY, **more}}


@pytest.mark.parametrize(
    "fine",
    [
        None,
        {},
        with_default(),
        with_default(SCOPES=None, CLEAN=None, API=None),
        stores_of(one="default", two="one"),
        with_default(SCOPES={"tenant": RESOLVER, "team": len, "user": {"store": "default"}}),
        with_default(CLEAN={"flow": {"active": RESOLVER, "idle": "30d", "store": ["default"]}}),
        stores_of(fast={**MEMORY, "SCHEMAS": {"user:*": {"theme": str}}}),
        {"STORES": {"default": {**MEMORY, "TTL": 5, "ENABLE_CLEAN": False, "OPTIONS": {}}}},
    ],
)
def test_right_settings_pass(fine):
    assert found(fine) == []


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (5, ["E001"]),
        ([], ["E001"]),
        ("", ["E001"]),
        (with_default(STORE={}), ["E002"]),
        (with_default(stores={}), ["E002"]),
        ({"STORES": None}, ["E003"]),
        ({"STORES": ["default"]}, ["E003"]),
        ({"STORES": {"default": MEMORY, 5: MEMORY}}, ["E003"]),
        ({"STORES": {}}, ["E004"]),
        ({"STORES": {"fast": MEMORY}}, ["E004"]),
        (stores_of(fast=5), ["E005"]),
        (stores_of(fast=None), ["E005"]),
        (stores_of(fast="fats"), ["E006"]),
        (stores_of(fast="slow", slow="nowhere"), ["E006", "E006"]),
        (stores_of(fast="fast"), ["E007"]),
        (stores_of(fast="slow", slow="fast"), ["E007", "E007"]),
        (stores_of(fast={}), ["E008"]),
        (stores_of(fast={"BACKEND": None}), ["E008"]),
        (stores_of(fast={"BACKEND": MemoryStore}), ["E008"]),
        (stores_of(fast={"BACKEND": ""}), ["E008"]),
        (stores_of(fast={"BACKEND": ".relative"}), ["E008"]),
        (stores_of(fast={"BACKEND": "no.such.Store"}), ["E008"]),
        (stores_of(fast={"BACKEND": "statestore.backends.NoStore"}), ["E008"]),
        (stores_of(fast={"BACKEND": "statestore.stores"}), ["E009"]),
        (stores_of(fast={"BACKEND": "statestore.Entry"}), ["E009"]),
        (stores_of(fast=UNFINISHED), ["E009"]),
        (stores_of(fast=MEMORY | {"TLL": 5}), ["E010"]),
        (stores_of(fast=MEMORY | {"TTL": 0, "OPTIONS": 5, "ENABLE_GET": 1, "MAX_VALUE_BYTES": "1"}), ["E010"] * 4),
        (stores_of(fast=PICKY | {"OPTIONS": {"a": 1, "b": 2}}), ["E011", "E011", "W002"]),
        (stores_of(fast=BROKEN), ["E011"]),
        (stores_of(fast=CACHE | {"OPTIONS": {"cache": "nowhere"}}), ["E011"]),
        (stores_of(fast=CACHE | {"OPTIONS": {"cash": "default"}}), ["E011"]),
        (stores_of(fast={"BACKEND": "statestore.backends.ModelStore", "OPTIONS": {"database": "x"}}), ["E011"]),
        (stores_of(fast={"BACKEND": "statestore.backends.ModelStore", "OPTIONS": {"table": "x"}}), ["E011"]),
        *((stores_of(fast=MODEL | {"OPTIONS": {"database": x}}), ["E011"]) for x in ([], {}, 5, None, b"default")),
        (stores_of(fast=MEMORY | {"OPTIONS": {"size": 5}}), ["E011"]),
        (stores_of(fast=MEMORY, front=layered("front", "fast")), ["E011"]),
        (stores_of(fast="front", front=layered("default", "fast")), ["E011"]),
        (stores_of(fast="default", front=layered("default", "fast")), ["E011"]),
        (stores_of(one="fast", fast=MEMORY, front=layered("one", "fast")), ["E011"]),
        (stores_of(a=MEMORY, b=MEMORY, inner=layered("default", "a"), outer=layered("inner", "b")), ["E011"]),
        (stores_of(fast=MEMORY, one=layered("two", "fast"), two=layered("one", "fast")), ["E011", "E011"]),
        (stores_of(main=MEMORY, one=layered("default", "two"), two=layered("main", "one")), ["E011", "E011"]),
        (stores_of(fast=MEMORY, front=layered("nowhere", "fast")), ["E011"]),
        (stores_of(fast=MEMORY, front=layered([], "fast")), ["E011"]),
        (stores_of(fast={}, front=layered("fast", "default")), ["E008"]),
        (stores_of(a="b", b="a", front=layered("default", "a")), ["E007", "E007"]),
        (stores_of(fast=MEMORY | {"SCHEMAS": {"user:*": "no.such.Types"}}), ["E016"]),
        (stores_of(fast=MEMORY | {"SCHEMAS": {"user:*": {"theme": "no.such.Theme"}}}), ["E016"]),
        (stores_of(fast=MEMORY | {"SCHEMAS": {5: {"theme": str}}}), ["E016"]),
        (stores_of(fast=MEMORY | {"SCHEMAS": {"user:*": 5}}), ["E016"]),
        (with_default(SCOPES=[]), ["E012"]),
        (with_default(SCOPES={"": RESOLVER}), ["E012"]),
        (with_default(SCOPES={5: RESOLVER}), ["E012"]),
        (with_default(SCOPES={"tenant": "no.such.thing"}), ["E012"]),
        (with_default(SCOPES={"tenant": 5}), ["E012"]),
        (with_default(SCOPES={"tenant": {"store": "default"}}), ["E012"]),
        (with_default(SCOPES={"tenant": {"resolver": RESOLVER, "store": "x", "stoer": 1}}), ["E012"] * 2),
        (with_default(CLEAN=[]), ["E013"]),
        (with_default(CLEAN={"flow": {}}), ["E013"]),
        (with_default(CLEAN={"flow:": {"idle": "1d"}}), ["E013"]),
        (with_default(CLEAN={5: {"idle": "1d"}}), ["E013"]),
        (with_default(CLEAN={"flow": {"idle": "1 day", "active": "no.thing", "store": "x", "x": 1}}), ["E013"] * 4),
        (with_default(API=[]), ["E014"]),
        (with_default(SCOPES={"lookup": RESOLVER, "request": RESOLVER}), ["W006", "W006"]),
        ({"STORES": {"default": PICKY}}, ["W002"]),
    ],
)
def test_mistake_has_its_number(wrong, expected):
    assert numbers(wrong) == expected


def test_all_mistakes_are_told_at_once():
    wrong = {"STORES": {"fast": 5}, "STROES": {}, "SCOPES": 5, "CLEAN": 5, "API": 5}
    assert numbers(wrong) == ["E002", "E004", "E005", "E012", "E013", "E014"]


def test_message_says_where_and_what():
    (message,) = found(stores_of(fast={"BACKEND": "no.such.Store"}))
    assert message.msg.startswith("STATESTORE['STORES']['fast']: BACKEND 'no.such.Store' can't be imported")
    assert message.hint == checks.HINTS["E008"]
    (message,) = found(stores_of(fast=BROKEN))
    assert message.msg == "STATESTORE['STORES']['fast']: no luck"
    message, _ = found(stores_of(fast=PICKY | {"OPTIONS": {"a": 1}}))
    assert message.msg == "STATESTORE['STORES']['fast']: OPTIONS: 'a' means nothing to fast."
    (message,) = found({"STORES": {"default": PICKY}})
    assert message.msg == "What the store 'default' can't promise: It forgets. It is slow."


def test_two_stores_in_one_place_are_told():
    assert numbers({"STORES": {"default": MODEL, "again": MODEL}}) == ["W001"]
    assert numbers({"STORES": {"default": MODEL, "again": "default"}}) == []
    apart = CACHE | {"OPTIONS": {"prefix": "other"}}
    assert "W001" not in numbers(stores_of(one=CACHE, two=apart))
    assert "W001" in numbers(stores_of(one=CACHE, two=CACHE | {"OPTIONS": {"timeout": 1}}))
    assert numbers(stores_of(one=MEMORY)) == []


def test_two_layered_stores_that_share_a_part_are_told():
    apart = {"fast": MEMORY, "main": MEMORY, "quick": MEMORY, "same": "default"}
    one, two = layered("default", "fast"), layered("main", "quick")
    assert numbers(stores_of(**apart, one=one, two=two, again="one")) == []
    (message,) = found(stores_of(**apart, one=one, two=layered("same", "quick")))
    assert (message.id, message.msg) == (
        "statestore.W001",
        "The layered stores 'one' and 'two' share the store 'default'.",
    )
    assert numbers(stores_of(**apart, one=one, two=layered("main", "fast"))) == ["W001"]
    assert numbers(stores_of(**apart, one=one, two=layered("same", "fast"))) == ["W001", "W001"]
    assert numbers(stores_of(**apart, one=one, two=layered("main", "one"))) == []  # a fast store may be layered


def test_database_that_no_model_store_works_on_is_told(settings, monkeypatch):
    (alias,) = list(settings.DATABASES)[:1]
    other = DatabaseWrapper({**connections[alias].settings_dict}, alias)
    monkeypatch.setattr(checks, "connections", {alias: other})
    (message,) = found({"STORES": {"default": MODEL}})
    works = "A ModelStore works on sqlite, postgresql, mysql; the database 'default' is unknown."
    assert (message.id, message.msg) == ("statestore.E011", f"STATESTORE['STORES']['default']: {works}")


def test_portable_cache_says_what_it_can_not_promise():
    messages = found(stores_of(fast=CACHE))
    assert [message.id for message in messages] == ["statestore.W002"]
    assert "other processes do not see it" in messages[0].msg


@pytest.fixture
def dead_redis(settings):
    """A django-redis cache whose server does not run."""
    options = {"IGNORE_EXCEPTIONS": True, "SOCKET_CONNECT_TIMEOUT": 1}
    place = {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://127.0.0.1:1/0", "OPTIONS": options}
    settings.CACHES = {**settings.CACHES, "dead": place}
    return CACHE | {"OPTIONS": {"cache": "dead"}}


def test_ignored_exceptions_are_told(dead_redis):
    assert "W003" in numbers(stores_of(fast=dead_redis))


def test_only_the_deployment_checks_ask_a_server(dead_redis, monkeypatch):
    with override_settings(STATESTORE=stores_of(fast=dead_redis)):
        by_deploy = checks.check_servers()
        assert [message.id for message in by_deploy] == ["statestore.W005", "statestore.W004"]
        assert by_deploy[1].msg.startswith("The store 'fast' does not answer")
        monkeypatch.setattr("socket.socket.connect", lambda *args: pytest.fail("a server was asked"))
        checks.check_settings()


def test_deployment_check_survives_whatever_a_store_does(monkeypatch):
    def fail(self):
        raise ZeroDivisionError

    monkeypatch.setattr(MemoryStore, "health", fail)
    with override_settings(STATESTORE=stores_of()):
        assert [message.id for message in checks.check_servers()] == ["statestore.W004"]


def test_checks_are_registered():
    assert checks.check_settings in registry.registered_checks
    assert checks.check_servers in registry.deployment_checks
    with override_settings(STATESTORE=5):
        assert [one.id for one in django_checks.run_checks(tags=["statestore"])] == ["statestore.E001"]


def test_mistakes_are_errors_and_the_rest_warnings():
    levels = {number: type(checks._message(number, "")) for number in checks.HINTS}
    assert levels == {
        number: django_checks.Error if number[0] == "E" else django_checks.Warning for number in checks.HINTS
    }


def test_every_check_is_in_the_documentation():
    told = re.findall(r"^\| `statestore\.([EW]\d{3})` \| (.{20,}) \| (.{20,}) \|$", PAGE.read_text(), re.MULTILINE)
    assert [number for number, _, _ in told] == sorted([*checks.HINTS, API_CHECK, OBSERVERS_CHECK])


API_CHECK = "E015"  # of statestore.api.checks
OBSERVERS_CHECK = "E017"

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.binary(max_size=3)
)
hashable = st.one_of(
    scalars,
    st.sampled_from(
        ["STORES", "SCOPES", "CLEAN", "API", "default", "BACKEND", "OPTIONS", "TTL", "active", "idle", "store"]
    ),
)
leaves = st.one_of(
    scalars,
    st.sampled_from(
        [
            MEMORY,
            PICKY,
            CACHE,
            len,
            object(),
            MemoryStore,
            "statestore.backends.CacheStore",
            "a.b",
            ".a",
            "a..b",
            "\x00.a",
        ]
    ),
)
junk = st.recursive(
    leaves, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(hashable, inner, max_size=3))
)
sections = st.dictionaries(st.sampled_from([*conf.SECTIONS, "x"]), junk)
stores_junk = st.fixed_dictionaries(
    {"STORES": st.dictionaries(hashable, junk, max_size=3)}, optional={"CLEAN": junk}
)


@given(st.one_of(junk, sections, stores_junk, st.fixed_dictionaries({}, optional={"SCOPES": junk, "CLEAN": junk})))
def test_no_junk_makes_a_check_fail(given_settings):
    with override_settings(STATESTORE=given_settings):
        for message in checks.check_settings():
            assert re.fullmatch(r"statestore\.[EW]\d{3}", message.id)
            assert message.msg
        if not isinstance(given_settings, dict):
            assert checks.check_settings() or given_settings is None


def test_settings_of_these_tests_are_right():
    wrong = [message for message in checks.check_settings() if message.id.startswith("statestore.E")]
    assert wrong == []
