"""``stores`` and ``store``: aliases, settings that change, threads, forks."""

import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, SynchronousOnlyOperation
from django.core.signals import setting_changed
from django.test import override_settings

from statestore import (
    MemoryStore,
    StateStore,
    StoreClosed,
    StoreUnavailable,
    UnknownStore,
    UsageError,
    store,
    stores,
)
from statestore.backends import CacheStore, ModelStore
from statestore.testing import override_stores

MEMORY = {"BACKEND": "statestore.backends.MemoryStore"}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


def configured(**given):
    return override_settings(STATESTORE={"STORES": given})


def test_without_settings_there_is_one_store_on_the_default_database():
    for nothing in (None, {}):
        with override_settings(STATESTORE=nothing):
            assert list(stores) == ["default"]
            assert (type(stores["default"]), stores["default"].database) == (ModelStore, "default")
    with override_settings():
        from django.conf import settings

        del settings.STATESTORE
        assert type(stores["default"]) is ModelStore


def test_store_is_the_default_one():
    with configured(default=MEMORY):
        store.set("flow:1", "a", 1)
        assert stores["default"].get("flow:1", "a") == 1
        assert store.alias == "default"


def test_one_alias_is_one_store():
    with configured(default=MEMORY, fast=MEMORY):
        assert stores["fast"] is stores["fast"]
        assert stores["fast"] is not stores["default"]


def test_alias_of_an_alias_is_the_same_store():
    with configured(default="main", main="third", third=MEMORY):
        assert stores["default"] is stores["main"] is stores["third"]
        assert stores["default"].alias == "third"
        assert stores.all() == [stores["third"]]


@pytest.mark.parametrize("alias", ["", "nowhere", "Default", None, 5, ["default"], "defa\x00ult", "\ud800"])
def test_unknown_store_is_never_another_one(alias):
    with configured(default=MEMORY), pytest.raises(UnknownStore) as caught:
        stores[alias]
    assert isinstance(caught.value, UsageError)
    assert caught.value.alias == alias
    assert str(caught.value).isascii()


def test_no_default_is_no_store():
    with configured(fast=MEMORY), pytest.raises(UnknownStore):
        store.get("flow:1", "a")


def test_membership_and_iteration_go_by_the_settings():
    with configured(default=MEMORY, fast="default"):
        assert list(stores) == ["default", "fast"]
        assert "fast" in stores
        assert "slow" not in stores


@pytest.mark.parametrize(
    "given",
    [
        {"default": "default"},
        {"default": "a", "a": "b", "b": "default"},
        {"default": {}},
        {"default": {"BACKEND": "no.such.Store"}},
        {"default": MEMORY | {"TTL": 0}},
        {"default": 5},
        {"default": {"BACKEND": None}},
        {"default": {"BACKEND": "statestore.entries"}},
        {"default": {"BACKEND": "statestore.Entry"}},
        {"default": {"BACKEND": "statestore.StateStore"}},
        {"default": {"BACKEND": "statestore.stores"}},
    ],
)
def test_wrong_settings_are_told(given):
    with configured(**given), pytest.raises(ImproperlyConfigured, match="STATESTORE"):
        stores["default"]


@pytest.mark.parametrize("given", [5, [], {"STORES": None}, {"STORES": ["default"]}])
def test_settings_that_are_no_dict_are_told(given):
    with override_settings(STATESTORE=given), pytest.raises(ImproperlyConfigured, match="STATESTORE"):
        stores["default"]


def test_an_alias_that_leads_nowhere_is_unknown():
    with configured(default=MEMORY, fast="nowhere"), pytest.raises(UnknownStore, match="nowhere"):
        stores["fast"]


def test_overridden_settings_count_at_once_and_only_so_long():
    with configured(default=MEMORY):
        before = stores["default"]
        with configured(default=MEMORY | {"TTL": 5}):
            assert stores["default"].config.ttl == 5_000_000
        assert stores["default"].config.ttl is None
        with configured(default=MEMORY, fast=MEMORY | {"TTL": 1}):
            kept = stores["default"]
            assert stores["fast"].config.ttl == 1_000_000
            assert stores["default"] is kept
        with pytest.raises(UnknownStore):
            stores["fast"]
        assert type(before) is MemoryStore


def test_a_block_starts_without_the_state_of_the_one_before_it():
    cfg = {"STORES": {"default": MEMORY, "other": "default"}}
    for setting in ({"STATESTORE": cfg}, {"STATESTORE": cfg, "CACHES": CACHES}, {"STATESTORE": cfg}):
        with override_settings(**setting):
            assert stores["other"].get("flow:1", "a") is None
            stores["other"].set("flow:1", "a", 1)


@pytest.mark.parametrize("turn", ["first", "second"])
def test_a_test_starts_without_the_state_of_the_one_before_it(settings, turn):
    settings.STATESTORE = {"STORES": {"default": MEMORY}}
    settings.STATESTORE = {"STORES": {"default": MEMORY}, "CLEAN": {}}
    assert store.increment("flow:1", "a") == 1
    del settings.STATESTORE


def test_a_store_closed_in_one_block_is_new_in_the_next():
    for _ in range(2):
        with configured(default=MEMORY):
            store.set("flow:1", "a", 1)
            stores["default"].close()
            with pytest.raises(StoreClosed):
                store.get("flow:1", "a")
    with configured(default=MEMORY):
        assert store.get("flow:1", "a") is None
        for _ in range(2):
            with configured(default=MEMORY):
                assert store.increment("flow:1", "a") == 1
                stores["default"].close()
        assert store.get("flow:1", "a") is None


def test_a_block_inside_keeps_the_stores_that_it_does_not_change():
    with configured(default=MEMORY, main="default", other=MEMORY):
        store.set("flow:1", "a", 1)
        before = stores["default"], stores["main"]
        with override_settings(STATESTORE={**settings.STATESTORE, "API": {"PAGE_SIZE": 5}}):
            assert (stores["default"], stores["main"]) == before
            assert store.increment("flow:1", "a") == 2
            stores["other"].set("flow:1", "a", "was asked for here first")
        assert store.get("flow:1", "a") == 2
        assert stores["other"].get("flow:1", "a") == "was asked for here first"


@pytest.mark.parametrize("asked_before", [False, True])
def test_what_a_block_inside_was_the_first_to_ask_for_stays_whoever_asked_before_both(asked_before):
    with configured(default=MEMORY | {"TTL": 60}):
        if asked_before:
            assert stores["default"].config.ttl
        with configured(default=MEMORY):
            with override_settings(STATESTORE={**settings.STATESTORE, "API": {"PAGE_SIZE": 5}}):
                store.set("flow:1", "a", 1)
            assert store.get("flow:1", "a") == 1


@pytest.mark.parametrize(
    "inside",
    [
        {"STORES": {"default": MEMORY | {"ENABLE_SET": False}}},
        {"STORES": {"default": "other", "other": MEMORY}},
        {"STORES": {"fast": MEMORY}},
        {"STORES": "nonsense"},
        {"OBSERVERS": ["no.such.Observer"]},
        {},
        None,
    ],
)
def test_a_block_has_its_stores_again_whatever_one_inside_has_changed(inside):
    layered = {"BACKEND": "statestore.backends.LayeredStore", "OPTIONS": {"durable": "default", "fast": "fast"}}
    with configured(default=MEMORY, fast=MEMORY, layered=layered, main="default"):
        store.set("flow:1", "a", 1)
        before = stores.all()
        with override_settings(STATESTORE=inside), override_settings(CACHES=CACHES), suppress(Exception):
            stores["default"].get("flow:1", "a")
        assert [*map(id, stores.all())] == [*map(id, before)]
        assert store.get("flow:1", "a") == 1


def test_a_block_that_closes_every_store_leaves_new_ones_behind():
    with configured(default=MEMORY, main="default"):
        store.set("flow:1", "a", 1)
        with override_settings(STATESTORE={**settings.STATESTORE, "API": {}}):
            assert stores["main"].get("flow:1", "a") == 1
            stores.close_all()
        assert stores["main"].get("flow:1", "a") is None


def test_other_settings_change_no_store():
    with configured(default=MEMORY):
        before = stores["default"]
        with override_settings(DEBUG=True), override_settings(SITE_ID=5):
            assert stores["default"] is before
            with override_settings(STATESTORE={**settings.STATESTORE, "API": {}}):
                assert stores["default"] is before
            assert stores["default"] is before
        assert stores["default"] is before
        with pytest.warns(UserWarning, match="DATABASES"), override_settings(DATABASES=settings.DATABASES):
            assert stores["default"] is before


def test_a_block_within_settings_that_are_wrong_ends_in_peace():
    with override_settings(STATESTORE=5):
        with configured(default=MEMORY):
            store.set("flow:1", "a", 1)
        with pytest.raises(ImproperlyConfigured):
            store.get("flow:1", "a")
        with configured(default=MEMORY):
            assert store.get("flow:1", "a") is None


@pytest.mark.parametrize("enter", [True, False])
def test_a_word_that_has_no_counterpart_breaks_nothing(enter):
    with configured(default=MEMORY):
        for setting in ("STATESTORE", "CACHES", "STATESTORE"):
            setting_changed.send(type(settings._wrapped), setting=setting, value=None, enter=enter)
            store.set("flow:1", "a", 1)
            assert store.get("flow:1", "a") == 1
    for _ in range(2):
        with configured(default=MEMORY):
            assert store.increment("flow:1", "a") == 1


def test_a_block_that_fails_to_begin_leaves_the_one_around_it_as_it_was():
    def refuse(*, setting, enter, **kwargs):
        if setting == "STATIC_URL" and enter:
            raise LookupError

    inner = override_settings(STATIC_URL="/", STATESTORE={"STORES": {"default": MEMORY}})
    setting_changed.connect(refuse)
    try:
        with configured(default=MEMORY), configured(default=MEMORY | {"TTL": 5}):
            store.set("flow:1", "a", 1)
            with pytest.raises(LookupError):
                inner.enable()
            assert store.get("flow:1", "a") == 1
    finally:
        setting_changed.disconnect(refuse)


def test_alias_follows_what_it_names_when_the_settings_change():
    with configured(default=MEMORY, main="default"):
        assert stores["main"].config.ttl is None
        with configured(default=MEMORY | {"TTL": 5}, main="default"):
            assert stores["main"] is stores["default"]
            assert stores["main"].config.ttl == 5_000_000


def test_closed_stores_are_built_anew():
    with configured(default=MEMORY):
        before = stores["default"]
        before.open()
        stores.close_all()
        assert stores["default"] is not before
        with pytest.raises(StoreClosed):
            before.get("flow:1", "a")
        assert store.get("flow:1", "a", "nothing") == "nothing"


def test_building_a_store_touches_nothing(settings, monkeypatch):
    monkeypatch.setattr("socket.socket.connect", lambda *args: pytest.fail("a server was asked"))
    place = {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {**settings.CACHES, "dead": place}
    models = {"BACKEND": "statestore.backends.ModelStore"}
    caches = {"BACKEND": "statestore.backends.CacheStore", "OPTIONS": {"cache": "dead"}}
    with configured(default=models, fast=caches):  # pytest-django would complain about the database
        assert [type(one).__mro__.count(StateStore) for one in stores.all()] == [1, 1]
        assert isinstance(stores["fast"], CacheStore)
        monkeypatch.undo()
        with pytest.raises(StoreUnavailable):
            stores["fast"].get("flow:1", "a")


def test_threads_get_one_instance():
    start, found = threading.Barrier(16), []

    def ask():
        start.wait()
        found.append(stores["default"])

    with override_stores():
        threads = [threading.Thread(target=ask) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(found), len(set(found))) == (16, 1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_goes_on_with_what_it_has():
    code = """
import os, sys, threading
import django; django.setup()
from statestore import store, stores
store.set("flow:1", "a", 1)
reader, writer = os.pipe()
if os.fork() == 0:
    os.write(writer, repr([store.get("flow:1", "a"), store.increment("flow:1", "a")]).encode())
    os._exit(0)
os.wait()
print(os.read(reader, 100).decode(), store.get("flow:1", "a"))
"""
    settings = (
        "from tests.settings import *; STATESTORE = {'STORES': {'default': {'BACKEND': 'statestore.MemoryStore'}}}"
    )
    assert run(code, settings) == "[1, 2] 1\n"


def test_nothing_is_read_when_the_package_is_imported():
    code = """
import sys
import statestore
from statestore import stores, store, Scope, UnknownStore, StateStore
from django.conf import settings
print(settings.configured, "statestore.models" in sys.modules, "rest_framework" in sys.modules)
"""
    assert run(code) == "False False False\n"


def run(code, settings=None):
    """Run code in a process of its own; return what it prints."""
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    if settings:
        prelude = "import sys, types; sys.modules['own_settings'] = own = types.ModuleType('own_settings')\n"
        code = f"{prelude}exec({settings!r}, vars(own))\n{code}"
        environment["DJANGO_SETTINGS_MODULE"] = "own_settings"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_cache_of_another_kind_is_followed(settings):
    settings.STATESTORE = {"STORES": {"default": {"BACKEND": "statestore.backends.CacheStore"}}}
    before = stores["default"]
    assert stores["default"] is before
    settings.CACHES = {"default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://127.0.0.1:1"}}
    assert type(before).__name__ == "PortableStore"
    assert type(stores["default"]).__name__ == "RedisStore"


def test_store_is_a_store_to_whoever_asks(settings):
    settings.STATESTORE = {"STORES": {"default": {"BACKEND": "statestore.backends.MemoryStore"}}}
    assert isinstance(store, MemoryStore)
    assert (repr(store), store == stores["default"]) == ("<MemoryStore 'default'>", True)
    assert {store, stores["default"]} == {stores["default"]}
    settings.STATESTORE = {"STORES": "nonsense"}
    assert not isinstance(store, StateStore)


@pytest.mark.django_db
@pytest.mark.parametrize("alias", ["default", "behind"])
def test_sync_verb_on_a_database_in_an_event_loop_is_djangos_error_on_every_store(settings, alias):
    behind = {"BACKEND": "statestore.backends.LayeredStore", "OPTIONS": {"durable": "default", "fast": "front"}}
    front = {"BACKEND": "statestore.backends.MemoryStore"}
    model = {"BACKEND": "statestore.backends.ModelStore"}
    settings.STATESTORE = {"STORES": {"default": model, "front": front, "behind": behind}}

    async def view():
        stores[alias].get("user:1", "theme")

    with pytest.raises(SynchronousOnlyOperation):
        async_to_sync(view)()
