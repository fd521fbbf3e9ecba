"""The session's scope: nobody else's, no session before a write, kept at login and gone at logout."""

import re

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.test import Client

from statestore import (
    ABSENT,
    InvalidKey,
    InvalidValue,
    OperationDisabled,
    VersionConflict,
    get_context,
    stores,
)
from statestore.late import TOKEN
from statestore.testing import override_stores
from tests.context.visitors import MEMORY

SESSIONS = ["db", "cache", "cached_db", "file", "signed_cookies"]

pytestmark = pytest.mark.urls("tests.context.site")


def test_reading_starts_no_session(request_of):
    request = request_of()
    mine = get_context(request).session
    answers = [
        mine.get("a"),
        mine.get("a", 5),
        mine.get(["a", "b"], 0),
        mine.get_many(),
        mine.entry("a"),
        mine.keys(),
        mine.remove("a"),
        mine.delete(),
        mine.touch(),
        mine.info(),
        "a" in mine,
        len(mine),
        list(mine),
        dict(mine.items()),
        mine.pop("a", 7),
    ]
    assert answers == [None, 5, [0, 0], {}, None, [], 0, 0, False, None, False, 0, [], {}, 7]
    with pytest.raises(KeyError):
        mine["a"]
    repr(mine)
    assert (request.session.modified, dict(request.session.items())) == (False, {})


def test_reading_an_empty_session_scope_does_not_touch_the_store(request_of, monkeypatch):
    monkeypatch.setattr(stores["default"], "_wake", lambda: pytest.fail("the store was touched"))
    mine = get_context(request_of()).session
    assert mine.get("a") is None
    assert async_to_sync(mine.aget)("a") is None


def test_the_rules_hold_on_an_empty_session_scope(request_of):
    mine = get_context(request_of()).session
    with pytest.raises(InvalidKey):
        mine.get("")
    with pytest.raises(VersionConflict):
        mine.remove("a", if_version="x")
    with pytest.raises(VersionConflict):
        mine.delete(if_version="x")
    with override_stores(default={"BACKEND": MEMORY, "ENABLE_GET": False}), pytest.raises(OperationDisabled):
        mine.get("a")


def test_refused_write_starts_no_session(request_of):
    request = request_of()
    with pytest.raises(InvalidValue):
        get_context(request).session.set("a", {1})
    with pytest.raises(InvalidKey):
        get_context(request).session["\n"] = 1
    assert not request.session.modified


@pytest.mark.parametrize(
    "write",
    [
        lambda mine: mine.set("a", 1),
        lambda mine: mine.set_many({"a": 1}),
        lambda mine: mine.increment("a"),
        lambda mine: mine.update("a", lambda value: 1),
        lambda mine: mine.update({"a": 1}),
        lambda mine: mine.update(a=1),
        lambda mine: mine.setdefault("a", 1),
        lambda mine: mine.change("a", lambda value: 1),
        lambda mine: mine.change_many({"a": 1}),
        lambda mine: mine.change_many({"a": 1}, if_version=ABSENT),
        lambda mine: mine.__setitem__("a", 1),
        lambda mine: async_to_sync(mine.aset)("a", 1),
        lambda mine: async_to_sync(mine.aset_many)({"a": 1}),
        lambda mine: async_to_sync(mine.aincrement)("a"),
        lambda mine: async_to_sync(mine.aupdate)("a", lambda value: 1),
        lambda mine: async_to_sync(mine.achange_many)({"a": 1}),
    ],
)
def test_first_write_of_any_kind_binds_the_scope(request_of, write):
    request = request_of()
    write(get_context(request).session)
    assert request.session.modified
    again = get_context(request).session
    assert again["a"] == 1
    assert stores["default"].get(f"session:{request.session[TOKEN]}", "a") == 1
    assert async_to_sync(again.aget)("a") == 1


def test_asking_for_the_name_binds_it(request_of):
    context = get_context(request_of())
    name = context.session.name
    stores["default"].set(name, "a", 1)
    assert context.session["a"] == 1


def test_two_sessions_never_share_a_scope(request_of):
    names = {get_context(request_of()).session.name for _ in range(100)}
    assert len(names) == 100


def test_plain_dict_will_do_as_a_session(request_of):
    request = request_of(session=False)
    request.session = {}
    async_to_sync(get_context(request).session.aset)("a", 1)
    assert async_to_sync(get_context(request).session.aget)("a") == 1
    assert get_context(request).session["a"] == 1


@pytest.fixture(params=SESSIONS)
def sessions(request, settings, tmp_path):
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{request.param}"
    settings.SESSION_FILE_PATH = str(tmp_path)
    return request.param


@pytest.mark.django_db
@pytest.mark.usefixtures("with_middleware")
@pytest.mark.parametrize("a", ["", "a"])
def test_visitors_state_is_kept_and_nobody_elses(sessions, a):
    one, two = Client(), Client()
    assert one.get(f"/{a}read/color/").json() is None
    assert not one.cookies
    name = one.get(f"/{a}write/color/?value=red").content.decode()
    two.get(f"/{a}write/color/?value=blue")
    assert one.get(f"/{a}read/color/").json() == "red"
    assert two.get(f"/{a}read/color/").json() == "blue"
    assert one.cookies["sessionid"].value not in name
    assert name not in one.cookies["sessionid"].value


@pytest.mark.django_db
@pytest.mark.usefixtures("with_middleware")
@pytest.mark.parametrize("a", ["", "a"])
def test_session_scope_survives_login_and_ends_with_logout(sessions, a):
    get_user_model().objects.create_user("ann", pk=5)
    client = Client()
    name = client.get(f"/{a}write/color/?value=red").content
    key = client.cookies["sessionid"].value
    assert client.get(f"/{a}in/?as=ann").content == b"user:5"
    assert client.cookies["sessionid"].value != key
    assert client.get(f"/{a}read/color/").json() == "red"
    assert client.get(f"/{a}write/size/?value=xl").content == name
    fresh = client.get("/out/").content
    assert fresh not in (name, b"")
    assert client.get(f"/{a}read/color/").json() is None
    assert client.get(f"/{a}read/after/").json() == 1


def test_session_scopes_name_is_a_random_token(request_of):
    assert re.fullmatch(r"session:[\w-]{24}", get_context(request_of()).session.name)
