"""Receivers that are coroutine functions: from sync and async code, with transactions and without."""

import asyncio
import logging
from contextlib import contextmanager

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpResponse
from django.test import AsyncClient, Client
from django.urls import path

from statestore import MemoryStore, ModelStore, entry_changed, entry_removed, scope_deleted
from statestore.testing import override_stores
from tests.docs import run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=[MemoryStore, ModelStore])
def store(request):
    backend = f"statestore.backends.{request.param.__name__}"
    with override_stores(default={"BACKEND": backend}) as stores:
        yield stores["default"]


@contextmanager
def connected(*receivers, signals=(entry_changed,)):
    for signal in signals:
        for receiver in receivers:
            signal.connect(receiver)
    try:
        yield
    finally:
        for signal in signals:
            for receiver in receivers:
                signal.disconnect(receiver)


@pytest.fixture
def heard():
    return []


@pytest.fixture
def listen(heard):
    async def listen(scope, key=None, **more):
        await asyncio.sleep(0)
        heard.append((scope, key))

    return listen


def test_async_receivers_hear_of_sync_writes(store, heard, listen):
    with connected(listen, signals=(entry_changed, entry_removed, scope_deleted)):
        store.set("s", "k", 1)
        store.remove("s", "k")
        store.set("t", "k", 1)
        store.delete("t")
    assert heard == [("s", "k"), ("s", "k"), ("t", "k"), ("t", None)]


def test_async_receivers_hear_of_async_writes(store, heard, listen):
    async def work():
        await store.aset("s", "k", 1)
        await store.aupdate("s", "k", lambda value: value + 1)

    with connected(listen):
        asyncio.run(work())
    assert heard == [("s", "k"), ("s", "k")]


def test_async_receivers_may_use_the_store(store):
    async def answer(store, scope, key, **more):
        if key == "question":
            await store.aset(scope, "answer", await store.aget(scope, key))

    with connected(answer):
        store.set("s", "question", 1)
        asyncio.run(store.aset("t", "question", 2))
    assert [store.get(scope, "answer") for scope in "st"] == [1, 2]


def test_failing_async_receiver_breaks_nothing_and_the_others_hear(store, heard, listen, caplog):
    async def fail(**carried):
        raise RuntimeError("receiver failed")

    def listen_too(scope, key, **more):
        heard.append("sync")

    with connected(fail, listen, listen_too), caplog.at_level(logging.ERROR, logger="statestore"):
        store.set("s", "k", 1)
    assert store.get("s", "k") == 1
    assert heard == ["sync", ("s", "k")]
    (record,) = [each for each in caplog.records if each.name == "statestore"]
    assert record.statestore_event == "receiver_failed"
    assert record.statestore_receiver.endswith("fail")


def test_sync_write_in_the_event_loop_itself_holds_though_async_receivers_cannot_be_called(heard, listen, caplog):
    async def work(store):
        return store.set("s", "k", 1)

    with override_stores() as stores, connected(listen), caplog.at_level(logging.ERROR, logger="statestore"):
        store = stores["default"]
        version = asyncio.run(work(store))
        assert store.version("s", "k") == version
    assert heard == []
    (record,) = caplog.records
    assert record.statestore_event == "receivers_unreached"


class TestTransactions:
    @pytest.fixture
    def store(self):
        with override_stores(default={"BACKEND": "statestore.backends.ModelStore"}) as stores:
            yield stores["default"]

    def test_async_receivers_hear_after_the_commit(self, store, heard, listen):
        with connected(listen):
            with transaction.atomic():
                store.set("s", "k", 1)
                assert heard == []
            assert heard == [("s", "k")]

    def test_async_receivers_hear_nothing_of_what_was_rolled_back(self, store, heard, listen):
        with connected(listen), pytest.raises(ZeroDivisionError), transaction.atomic():
            store.set("s", "k", 1)
            1 / 0  # noqa: B018 (to fail)
        assert heard == []

    def test_failing_async_receiver_breaks_no_commit(self, store, caplog):
        async def fail(**carried):
            raise RuntimeError("receiver failed")

        with connected(fail), transaction.atomic():
            store.set("s", "k", 1)
        assert store.get("s", "k") == 1


RECIPE = {}


def remember_request(get_response):
    def middleware(request):
        request.user = User(username=request.GET["name"])
        return RECIPE["remember_request"](get_response)(request)

    return middleware


def sync_view(request):
    RECIPE["store"].set("s", "sync", 1)
    return HttpResponse()


async def async_view(request):
    await RECIPE["store"].aset("s", "async", 1)
    return HttpResponse()


urlpatterns = [path("sync/", sync_view), path("async/", async_view)]


@pytest.mark.urls(__name__)
def test_history_of_the_documentation_knows_who_it_was_in_sync_and_async_views(store, settings):
    settings.MIDDLEWARE = [f"{__name__}.remember_request"]
    RECIPE.update(run("howto/history.md", 0))
    receiver = RECIPE["write_down"]
    try:
        for name, way in (("ada", "sync"), ("bob", "async")):
            assert Client().get(f"/{way}/?name={name}").status_code == 200
            assert asyncio.run(AsyncClient().get(f"/{way}/?name={name}!")).status_code == 200
    finally:
        for signal in (entry_changed, entry_removed, scope_deleted):
            signal.disconnect(receiver)
    changes = store.get("history:s", "changes")
    assert [(change["by"], change["key"]) for change in changes] == [
        ("ada", "sync"),
        ("ada!", "sync"),
        ("bob", "async"),
        ("bob!", "async"),
    ]
