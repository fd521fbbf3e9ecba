"""What is special to state on the plain cache API: its stored form, its locks, its index, and caches that fail."""

import re
import threading
import uuid
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest
from django import get_version
from django.core.cache import BaseCache, caches
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connections, transaction

from statestore import CorruptState, Entry, StoreTimeout, StoreUnavailable, ValueTooLarge, signals
from statestore.backends.cache import CacheStore
from statestore.backends.portable import PortableStore, _digest
from statestore.backends.portable_index import SHARDS
from statestore.backends.portable_kinds import Kind, kind_of
from statestore.backends.portable_locks import LockedOut, LockLost, file_lock, lease, process_lock, row_lock
from statestore.backends.portable_shelf import Shelf
from tests.servers import Memcached, ServerUnavailable, Valkey, addresses
from tests.servers.process import eventually

BACKENDS = "django.core.cache.backends"
SERVED = {"memcached": "memcached", "djangoredis": "redis"}  # by cache: the server it needs
DEAD = "127.0.0.1:1"
MEMBERS = ["get", "set", "add", "delete", "get_many"]


class Plain(BaseCache):
    """A third party's cache, which keeps Python objects, forgets the large ones in silence and notes each call."""

    calls = Counter()
    kept = {}
    room = 1000

    def __init__(self, location, params):
        super().__init__(params)

    def get(self, key, default=None, version=None):
        self.calls["get"] += 1
        return self.kept.get(key, default)

    def set(self, key, value, timeout=None, version=None):
        self.calls["set"] += 1
        self.kept.pop(key, None)
        if len(value) <= self.room:
            self.kept[key] = value

    def add(self, key, value, timeout=None, version=None):
        self.calls["add"] += 1
        return self.kept.setdefault(key, value) is value

    def delete(self, key, version=None):
        self.calls["delete"] += 1
        return self.kept.pop(key, None) is not None


@pytest.fixture(autouse=True)
def more_caches(settings):
    """Caches beside those of the settings; the local memory is this test's alone."""
    memory = {"BACKEND": f"{BACKENDS}.locmem.LocMemCache", "LOCATION": uuid.uuid4().hex}
    more = {"alone": memory, "plain": {"BACKEND": f"{__name__}.Plain"}}
    if "redis" in addresses():
        more["djangoredis"] = {
            "BACKEND": f"{BACKENDS}.redis.RedisCache",
            "LOCATION": addresses()["redis"]["url"],
        }
    settings.CACHES = settings.CACHES | more
    yield
    Plain.calls.clear()
    Plain.kept.clear()


def make(cache, **options):
    return PortableStore("portable", {"OPTIONS": {"cache": cache, "prefix": uuid.uuid4().hex, **options}})


def each_cache():
    for name in ("alone", "plain", "filecache", "dbcache", *SERVED):
        marks = [pytest.mark.django_db] if name == "dbcache" else []
        if SERVED.get(name, "") not in {"", *addresses()}:
            marks.append(pytest.mark.skip(reason=f"NOT TESTED: there is no {SERVED[name]} server"))
        yield pytest.param(name, marks=marks)


@pytest.fixture(params=each_cache())
def store(request):
    store = make(request.param)
    yield store
    for info in list(store.scopes()):
        store.delete(info.name)


@pytest.fixture
def alone():
    return make("alone", prefix="mine")


def address(store, scope):
    return f"{store.prefix}:s:{_digest(scope)}"


def shard(store, scope):
    return f"{store.prefix}:i:{int(_digest(scope)[:2], 16) % SHARDS:02x}"


class TestStoredForm:
    def test_scope_is_one_text_and_its_name_a_line_of_another(self, alone):
        alone.clock = lambda: 1000.5
        version = alone.set("user:1", "theme", ["dark", 1.0, None], ttl=60)
        alone.clock = lambda: 1001
        alone.touch("user:1")
        assert {key: alone.cache.get(key.removeprefix(":1:")) for key in alone.cache._cache} == {
            ":1:mine:s:5ac6bbdf7448737eb552dfdb56ded29212577806": (
                '{"scope":"user:1","touched":1001000000,"entries":'
                f'{{"theme":["[\\"dark\\",1.0,null]","{version}",1000500000,1060500000]}}}}'
            ),
            ":1:mine:i:1a": "\nuser:1\n",
        }

    def test_everything_is_kept_for_ever(self, alone):
        alone.set("user:1", "theme", "dark", ttl=60)
        assert set(alone.cache._expire_info.values()) == {None}

    def test_names_that_share_a_shard_lie_in_code_point_order(self, alone):
        digests = {f"s{n}": _digest(f"s{n}") for n in range(1000)}
        names = [name for name, digest in digests.items() if int(digest[:2], 16) % SHARDS == 7][:3]
        for name in reversed(names):
            alone.set(name, "k", 1)
        assert alone.cache.get("mine:i:07") == "\n" + "\n".join(sorted(names)) + "\n"

    def test_last_entry_gone_leaves_nothing(self, alone):
        alone.set("user:1", "theme", "dark")
        alone.remove("user:1", "theme")
        assert list(alone.cache._cache) == []

    def test_longest_name_of_all_fits_memcached(self, alone):
        alone.set("\U0001f600" * 200, " " * 200, 1)
        assert max(map(len, alone.cache._cache)) < 250
        assert not [key for key in alone.cache._cache if " " in key]


class TestBesideOthers:
    def test_strangers_keys_and_other_stores_are_left_alone(self, store):
        other = make(store.cache_alias)
        stranger = f"stranger-{store.prefix}"
        store.cache.set(stranger, "x" * 9)
        other.set("user:1", "theme", "dark")
        store.set("user:1", "theme", "light")
        assert [info.name for info in store.scopes()] == ["user:1"]
        assert store.clean([]).removed == 1
        assert other.get("user:1", "theme") == "dark"
        assert store.cache.get(stranger) == "x" * 9
        other.delete("user:1")
        store.cache.delete(stranger)

    @pytest.mark.parametrize("name", ["alone", "plain"])
    def test_after_a_clear_by_somebody_else_all_is_gone_and_all_works(self, name):
        store = make(name)
        store.set("user:1", "theme", "dark")
        getattr(store.cache, "kept", store.cache).clear()
        assert store.get("user:1", "theme") is None
        assert list(store.scopes()) == []
        assert store.increment("user:1", "visits") == 1
        assert [info.name for info in store.scopes()] == ["user:1"]


class TestIndex:
    def test_write_puts_a_lost_name_back(self, store):
        store.set("user:1", "theme", "dark")
        store.cache.delete(shard(store, "user:1"))
        assert list(store.scopes()) == []
        assert store.get("user:1", "theme") == "dark"
        store.set("user:1", "visits", 1)
        assert [info.name for info in store.scopes()] == ["user:1"]

    def test_unreadable_part_is_made_anew_and_told(self, store, caplog):
        store.cache.set(shard(store, "user:1"), ["no", "text"], timeout=None)
        store.set("user:1", "theme", "dark")
        assert [info.name for info in store.scopes()] == ["user:1"]
        assert "index" in caplog.text

    def test_name_without_its_scope_does_no_harm_and_goes_with_the_next_clean(self, store):
        store.set("user:1", "theme", "dark")
        store.set("user:2", "theme", "dark")
        store.cache.delete(address(store, "user:1"))
        assert [info.name for info in store.scopes()] == ["user:2"]
        assert store.clean(["user"]).examined == 1
        assert store._index.names("", "") == ["user:2"]

    def test_pages_walk_through_all_names(self, alone):
        names = sorted(f"{family}:{n}" for family in ("user", "üser", "flow") for n in range(40))
        for name in names:
            alone.set(name, "k", 1)
        seen, after = [], ""
        while page := list(alone.scopes(after=after, limit=7)):
            seen += [info.name for info in page]
            after = seen[-1]
        assert seen == names

    def test_full_index_refuses_new_scopes_and_serves_the_old(self, alone):
        alone.set("user:1", "k", 1)
        alone._index.enter("user:1", _digest("user:1"), 3)
        with pytest.raises(Exception, match="no room"):
            alone._index.enter("user:2", _digest("user:2"), 3)


class TestDamage:
    @pytest.mark.parametrize("text", ["not json", "[]", b"\xff", 7, '{"scope":"user:2","entries":{}}', {"a": 1}])
    def test_unreadable_scope_is_named_and_the_others_are_served(self, alone, text, caplog):
        alone.set("user:1", "theme", "dark")
        alone.set("user:2", "theme", "light")
        alone.cache.set(address(alone, "user:1"), text, timeout=None)
        for verb in (alone.get, alone.increment, alone.remove):
            with pytest.raises(CorruptState, match="user:1") as raised:
                verb("user:1", "theme")
            assert raised.value.scope == "user:1"
        assert [info.name for info in alone.scopes()] == ["user:2"]
        assert "user:1" in caplog.text
        alone.delete("user:1")
        assert alone.get("user:1", "theme") is None

    def test_unreadable_entry_is_named_and_the_others_are_served(self, store):
        store.set_many("user:1", {"a": 1, "b": 2})
        text = store.cache.get(address(store, "user:1"))
        store.cache.set(address(store, "user:1"), text.replace('["1",', '["1",0,'), timeout=None)
        with pytest.raises(CorruptState) as raised:
            store.get("user:1", "a")
        assert (raised.value.scope, raised.value.key) == ("user:1", "a")
        store.set("user:1", "c", 3)
        assert store.get("user:1", ["b", "c"]) == [2, 3]
        assert store.keys("user:1") == ["a", "b", "c"]
        store.set("user:1", "a", "whole again")
        assert store.get("user:1", "a") == "whole again"

    def test_file_that_can_not_be_unpickled_is_corrupt_state(self):
        store = make("filecache")
        store.set_many("user:1", {"a": 1})
        store.set("user:2", "a", 2)
        with Path(store.cache._key_to_file(address(store, "user:1"))).open("r+b") as file:
            file.seek(-5, 2)
            file.write(b"\0\0\0\0\0")
        with pytest.raises(CorruptState, match="user:1 / a"):
            store.get("user:1", "a")
        assert [info.name for info in store.scopes()] == ["user:2"]
        store.delete("user:1")
        store.delete("user:2")


class TestLease:
    """The lock for caches on a server, here on local memory, whose ``add`` is atomic too."""

    ADDRESS = "p:s:0123"

    @pytest.fixture
    def cache(self):
        return caches["alone"]

    def test_others_wait_until_the_holder_lets_go(self, cache):
        with lease(cache, self.ADDRESS, 5), pytest.raises(LockedOut), lease(cache, self.ADDRESS, 0.01):
            pytest.fail("two held it")
        with lease(cache, self.ADDRESS, 5) as check:
            check()

    def test_holder_that_died_is_succeeded(self, cache):
        cache.add(f"{self.ADDRESS}:lock", "the dead one's", 0.05)
        with lease(cache, self.ADDRESS, 20) as check:
            check()

    def test_holder_that_raises_lets_go(self, cache):
        with pytest.raises(ZeroDivisionError), lease(cache, self.ADDRESS, 20):
            1 / 0  # noqa: B018
        assert cache.get(f"{self.ADDRESS}:lock") is None

    def test_holder_that_was_too_slow_does_not_write(self, cache):
        with lease(cache, self.ADDRESS, 0) as check, pytest.raises(LockLost):
            check()

    def test_holder_that_lost_it_does_not_write_nor_take_it_from_the_next(self, cache):
        with lease(cache, self.ADDRESS, 5) as check:
            cache.set(f"{self.ADDRESS}:lock", "the next one's")
            with pytest.raises(LockLost):
                check()
        assert cache.get(f"{self.ADDRESS}:lock") == "the next one's"

    def test_locked_out_write_is_an_error_and_changes_nothing(self):
        patient, store = make("plain", prefix="mine"), make("plain", prefix="mine", timeout=0.02)
        patient.set("user:1", "theme", "dark")
        store.cache.add(f"{address(store, 'user:1')}:lock", "another's")
        with pytest.raises(StoreUnavailable, match="portable") as raised:
            store.set("user:1", "theme", "light")
        assert isinstance(raised.value.__cause__, LockedOut)
        assert store.get("user:1", "theme") == "dark"

    def test_write_that_lost_its_lock_is_an_error_and_changes_nothing(self, monkeypatch):
        store = make("plain")
        store.set("user:1", "theme", "dark")

        def lose(scope, digest, limit):
            store.cache.kept[f"{address(store, scope)}:lock"] = "the next one's"

        monkeypatch.setattr(store._index, "enter", lose)
        with pytest.raises(StoreUnavailable) as raised:
            store.set("user:1", "theme", "light")
        assert isinstance(raised.value.__cause__, LockLost)
        assert store.get("user:1", "theme") == "dark"


@pytest.mark.parametrize(
    ("lock", "name"), [(process_lock, "alone"), (file_lock, "filecache"), (lease, "alone"), (lease, "plain")]
)
def test_waiting_for_a_lock_ends(lock, name):
    outcome = []

    def wait():
        try:
            with lock(caches[name], "p:s:0123", 0.01):
                outcome.append("held")
        except LockedOut as error:
            outcome.append(type(error))

    with lock(caches[name], "p:s:0123", 5):
        thread = threading.Thread(target=wait)
        thread.start()
        thread.join()
    assert outcome == [LockedOut]


def test_lock_file_that_was_removed_does_not_let_two_in():
    cache = caches["filecache"]
    with file_lock(cache, "p:s:f123", 20):
        cache.clear()
        with pytest.raises(LockedOut), file_lock(cache, "p:s:f999", 0.01):
            pytest.fail("two held it")


class TestCacheThatFails:
    def test_value_that_was_not_kept_is_an_error_and_the_old_state_is_put_back(self):
        store = make("plain")
        store.set("user:1", "theme", "dark")
        before = dict(Plain.kept)
        with pytest.raises(StoreUnavailable) as raised:
            store.set("user:1", "essay", "x" * Plain.room)
        assert not isinstance(raised.value, StoreTimeout)
        assert Plain.kept == before

    def test_value_that_was_not_kept_and_can_not_be_put_back_is_unknown(self, monkeypatch):
        store = make("plain")
        store.set("user:1", "theme", "dark")
        monkeypatch.setattr(Plain, "room", 20)
        with pytest.raises(StoreTimeout, match="portable"):
            store.set("user:1", "theme", "light")

    def test_time_out_of_a_write_is_unknown(self, monkeypatch):
        store = make("plain")

        def hang(*args, **kwargs):
            raise TimeoutError

        monkeypatch.setattr(Plain, "set", hang)
        with pytest.raises(StoreTimeout) as raised:
            store.set("user:1", "theme", "light")
        assert isinstance(raised.value.__cause__, TimeoutError)

    @pytest.mark.parametrize("verb", MEMBERS)
    def test_any_error_is_store_unavailable(self, verb, monkeypatch):
        store = make("plain")
        store.set("user:1", "theme", "dark")

        def fail(*args, **kwargs):
            raise OSError("no such luck")

        monkeypatch.setattr(Plain, verb, fail)
        with pytest.raises(StoreUnavailable, match="portable") as raised, ExitStack() as stack:
            stack.callback(monkeypatch.undo)
            list(store.scopes())
            store.remove("user:1", "theme")
            store.set("user:1", "theme", "light")
        assert str(raised.value.__cause__) == "no such luck"

    def test_what_get_many_leaves_out_is_asked_for_one_by_one(self, monkeypatch):
        store = make("plain")
        store.set("user:1", "theme", "dark")
        monkeypatch.setattr(Plain, "get_many", lambda *args, **kwargs: {})
        monkeypatch.setattr(Kind, "partial", True)
        assert [info.name for info in store.scopes()] == ["user:1"]

    def test_dummy_cache_is_refused(self, settings):
        settings.CACHES = {"default": {"BACKEND": f"{BACKENDS}.dummy.DummyCache"}}
        with pytest.raises(ImproperlyConfigured, match="dummy"):
            CacheStore("x", {"OPTIONS": {"cache": "default"}})

    @pytest.mark.parametrize("path", ["no.such.module", "decimal.Decimal"])
    def test_what_is_no_cache_is_refused(self, path):
        with pytest.raises(ImproperlyConfigured, match=path):
            kind_of(path)


@pytest.mark.skipif("memcached" not in addresses(), reason="NOT TESTED: there is no memcached server")
class TestMemcached:
    def test_scope_that_is_too_large_is_refused_and_the_old_state_stays(self):
        store = make("memcached")
        store.set("user:1", "theme", "dark")
        with pytest.raises(ValueTooLarge, match=r"user:1: the scope would have 1,000,\d{3} bytes") as raised:
            store.set_many("user:1", {f"k{n}": "x" * 199_970 for n in range(5)})
        assert raised.value.scope == "user:1"
        assert store.get_many("user:1") == {"theme": "dark"}

    def test_scope_just_below_the_limit_is_taken(self):
        store = make("memcached")
        values = {f"k{n}": "x" * 199_800 for n in range(5)}
        store.set_many("user:1", values)
        assert store.get_many("user:1") == values
        store.delete("user:1")

    def test_limit_can_be_set(self, alone):
        alone.max_scope_bytes = 200
        with pytest.raises(ValueTooLarge, match="takes 200"):
            alone.set("user:1", "theme", "x" * 200)
        assert list(alone.scopes()) == []


def started(server):
    try:
        return server.start()
    except ServerUnavailable as error:
        pytest.skip(f"NOT TESTED: {error}")


@pytest.fixture
def own_server(request, settings):
    """A server of this test's alone, and a store on it by the cache alias `own`."""
    server = started(request.param())
    location = server.url
    backend = "redis.RedisCache" if isinstance(server, Valkey) else "memcached.PyMemcacheCache"
    settings.CACHES = settings.CACHES | {"own": {"BACKEND": f"{BACKENDS}.{backend}", "LOCATION": location}}
    yield server
    caches["own"].close()
    server.close()


class SmallMemcached(Memcached):
    def command(self):
        return [*super().command(), "-I", "16k", "-o", "slab_chunk_max=8192"]


@pytest.mark.slow
class TestServer:
    @pytest.mark.parametrize("own_server", [Memcached, Valkey], indirect=True)
    def test_stopped_server_is_an_error_every_time_and_never_missing(self, own_server):
        store = make("own", timeout=20)
        store.set("user:1", "theme", "dark")
        own_server.stop()
        for _ in range(4):
            for call in (
                lambda: store.get("user:1", "theme"),
                lambda: store.get_many("user:1"),
                lambda: store.set("user:1", "theme", "light"),
                lambda: store.remove("user:1", "theme"),
                lambda: list(store.scopes()),
            ):
                with pytest.raises(StoreUnavailable, match="portable"):
                    call()
        assert not store.health().reachable
        own_server.start()
        assert store.increment("user:1", "visits") == 1

    @pytest.mark.parametrize("own_server", [Memcached], indirect=True)
    def test_control_djangos_own_object_calls_it_missing(self, own_server):
        own_server.stop()
        with pytest.raises(ConnectionRefusedError):
            caches["own"].get("anything")
        assert caches["own"].get("anything", "missing") == "missing"

    @pytest.mark.parametrize("own_server", [Memcached], indirect=True)
    def test_one_of_two_servers_stopped_makes_errors_and_nothing_missing(self, own_server, settings):
        other = started(Memcached())
        settings.CACHES["own"]["LOCATION"] = [own_server.url, other.url]
        store, answers = make("own", timeout=20), Counter()
        for number in range(20):
            store.set(f"user:{number}", "number", number)
        other.close()
        for number in [*range(20), *range(20)]:
            try:
                answers[store.get(f"user:{number}", "number") == number] += 1
            except StoreUnavailable:
                answers["error"] += 1
        assert answers.keys() == {True, "error"}
        with pytest.raises(StoreUnavailable):
            list(store.scopes())

    @pytest.mark.parametrize("own_server", [Memcached, Valkey], indirect=True)
    def test_server_that_hangs_is_an_error_in_bounded_time(self, own_server):
        patient, hasty = make("own", prefix="mine", timeout=20), make("own", prefix="mine", timeout=0.2)
        patient.set("user:1", "theme", "dark")
        own_server.pause()
        try:
            with pytest.raises(StoreUnavailable):
                hasty.get("user:1", "theme")
            with pytest.raises(StoreUnavailable):
                hasty.set("user:1", "theme", "light")
        finally:
            own_server.resume()
        assert patient.get("user:1", "theme") == "dark"
        assert eventually(lambda: hasty.get("user:1", "theme") == "dark")

    @pytest.mark.parametrize("own_server", [SmallMemcached], indirect=True)
    def test_value_that_the_server_refuses_leaves_the_old_state(self, own_server):
        store = make("own")
        store.set("user:1", "theme", "dark")
        with pytest.raises(StoreUnavailable) as raised:
            store.set("user:1", "essay", "x" * 20_000)
        assert not isinstance(raised.value, StoreTimeout)
        assert store.get_many("user:1") == {"theme": "dark"}


@pytest.mark.django_db
class TestDatabaseCache:
    def test_write_joins_the_callers_transaction(self):
        store = make("dbcache")
        store.set("user:1", "theme", "dark")
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            store.set("user:1", "theme", "light")
            store.set("user:2", "theme", "light")
            assert store.get("user:1", "theme") == "light"
            1 / 0  # noqa: B018
        assert store.get("user:1", "theme") == "dark"
        assert [info.name for info in store.scopes()] == ["user:1"]

    def test_signals_wait_for_the_commit(self, django_capture_on_commit_callbacks):
        store, told = make("dbcache"), []

        def receive(**details):
            told.append((details["scope"], details["key"]))

        signals.entry_changed.connect(receive)
        try:
            with django_capture_on_commit_callbacks() as callbacks:
                store.set("user:1", "theme", "dark")
            assert told == []
            for callback in callbacks:
                callback()
        finally:
            signals.entry_changed.disconnect(receive)
        assert told == [("user:1", "theme")]

    def test_refused_write_leaves_the_callers_transaction_usable(self):
        store = make("dbcache")
        store.max_scope_bytes = 200
        with transaction.atomic():
            store.set("user:1", "theme", "dark")
            with pytest.raises(ValueTooLarge):
                store.set("user:1", "theme", "x" * 200)
            assert store.get("user:1", "theme") == "dark"

    def test_write_that_came_to_nothing_leaves_no_row(self):
        store = make("dbcache")
        with row_lock(store.cache, address(store, "user:1"), 1):
            pass
        assert store.cache.get(address(store, "user:1")) is None

    def test_read_is_one_statement(self, django_assert_num_queries):
        store = make("dbcache")
        store.set_many("user:1", {"a": 1, "b": 2})
        for call in (
            lambda: store.get("user:1", "a"),
            lambda: store.get("user:1", ["a", "b"]),
            lambda: store.get_many("user:1"),
            lambda: store.entry("user:1", "a"),
            lambda: store.keys("user:1"),
        ):
            with django_assert_num_queries(1):
                call()


class OnPostgres:
    """Routes Django's database cache to PostgreSQL."""

    def db_for_read(self, model, **hints):
        return "postgres" if model._meta.app_label == "django_cache" else None

    db_for_write = db_for_read

    def allow_migrate(self, db, app_label, **hints):
        return db == "postgres" if app_label == "django_cache" else None


@pytest.mark.skipif("postgres" not in connections, reason="NOT TESTED: there is no postgres server")
@pytest.mark.django_db(transaction=True, databases=["default", "postgres"])
class TestDatabaseCacheOnPostgres:
    @pytest.fixture
    def store(self, settings):
        settings.DATABASE_ROUTERS = [f"{__name__}.OnPostgres"]
        call_command("createcachetable", database="postgres", verbosity=0)
        yield make("dbcache", prefix="mine")
        with connections["postgres"].cursor() as cursor:
            cursor.execute("DROP TABLE dbcache")

    def limit(self):
        with connections["postgres"].cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            return cursor.fetchone()[0]

    def in_thread(self, action):
        def run():
            try:
                action()
            finally:
                connections.close_all()

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()

    @pytest.mark.parametrize("exists", [True, False])
    def test_waiting_for_an_open_transaction_ends_and_loses_nothing(self, store, exists):
        if exists:
            store.set("user:1", "theme", "old")
        errors, hasty = [], make("dbcache", prefix="mine", timeout=0.1)

        def write():
            try:
                hasty.set("user:1", "theme", "late")
            except StoreUnavailable as error:
                errors.append(type(error))

        with transaction.atomic(using="postgres"):
            store.set("user:1", "theme", "first")
            self.in_thread(write)
        assert errors == [StoreUnavailable]
        assert store.get("user:1", "theme") == "first"

    def test_callers_own_limit_is_kept(self, store):
        with transaction.atomic(using="postgres"):
            with connections["postgres"].cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '7s'")
            store.set("user:1", "theme", "dark")
            assert self.limit() == "7s"
        assert self.limit() == "0"


class TestCosts:
    def calls(self, action):
        Plain.calls.clear()
        action()
        return dict(Plain.calls)

    def test_read_is_one_get(self):
        store = make("plain")
        store.set_many("user:1", {"a": 1, "b": 2})
        for call in (
            lambda: store.get("user:1", "a"),
            lambda: store.get("user:1", ["a", "b"]),
            lambda: store.get_many("user:1"),
            lambda: store.keys("user:1"),
        ):
            assert self.calls(call) == {"get": 1}

    def test_write_of_an_existing_scope(self):
        """Lock; read the scope, the index, the lock; write; read again; look at the lock and let go of it."""
        store = make("plain")
        store.set("user:1", "a", 1)
        assert self.calls(lambda: store.set("user:1", "a", 2)) == {"add": 1, "get": 5, "set": 1, "delete": 1}

    def test_page_costs_the_index_and_its_scopes(self):
        store = make("plain")
        for n in range(20):
            store.set(f"s:{n}", "a", 1)
        assert self.calls(lambda: list(store.scopes(limit=5))) == {"get": SHARDS + 5}


class TestPromises:
    @pytest.mark.parametrize(
        ("backend", "promised", "told"),
        [
            ("locmem.LocMemCache", (False, False, False), ["this process ends", "300 keys (MAX_ENTRIES)"]),
            ("filebased.FileBasedCache", (True, True, False), ["power cut", "300 keys (MAX_ENTRIES)"]),
            ("db.DatabaseCache", (True, True, True), ["transaction", "300 keys (MAX_ENTRIES)"]),
            ("memcached.PyMemcacheCache", (False, True, False), ["memory is full", "1,000,000 bytes"]),
            ("memcached.PyLibMCCache", (False, True, False), ["memory is full", "1,000,000 bytes"]),
            ("redis.RedisCache", (False, True, False), ["evicts", "django-redis"]),
        ],
    )
    def test_cache_says_what_it_can_not_promise_without_its_server(
        self, settings, backend, promised, told, tmp_path
    ):
        location = str(tmp_path / "never") if "filebased" in backend else DEAD
        settings.CACHES = {"default": {"BACKEND": f"{BACKENDS}.{backend}", "LOCATION": location}}
        store = PortableStore("x")
        threats = " ".join(store.threats())
        assert [word for word in [*told, "cache.clear()"] if word not in threats] == []
        assert (store.durable, store.shared, store.transactional) == promised
        assert list(tmp_path.iterdir()) == []

    def test_third_partys_cache_promises_nothing(self):
        store = make("plain")
        assert "It is not known" in store.threats()[0]
        assert (store.durable, store.shared, store.transactional) == (False, False, False)

    def test_max_entries_is_the_sites(self, settings):
        settings.CACHES["alone"]["OPTIONS"] = {"MAX_ENTRIES": 5000}
        assert "5,000 keys" in " ".join(make("alone").threats())

    def test_several_memcached_servers_are_told(self, settings):
        params = {"BACKEND": f"{BACKENDS}.memcached.PyMemcacheCache", "LOCATION": [DEAD, DEAD]}
        settings.CACHES = {"default": params}
        assert "scopes move" in " ".join(PortableStore("x").threats())

    def test_health_tells_the_kind_and_the_threats(self, alone):
        health = alone.health()
        assert (health.reachable, health.server, health.threats) == (True, "local memory", alone.threats())

    def test_health_tells_the_version_where_it_can_be_asked_for(self, store):
        version = store.health().version
        django = f"Django {get_version()}"
        expected = {"plain": "", "alone": django, "filecache": django, "dbcache": r"SQLite [\d.]+"}
        assert re.fullmatch(expected.get(store.cache_alias, r"\d+\.\d+\.\d+"), version)

    def test_pylibmc_tells_the_version_too(self):
        for stats in ({"version": "1.6.9"}, {b"version": b"1.6.9"}):
            client = SimpleNamespace(get_stats=lambda stats=stats: [("a:1", stats), ("b:1", {})])
            kind = kind_of(f"{BACKENDS}.memcached.PyLibMCCache")
            assert kind.version(SimpleNamespace(_cache=client)) == "1.6.9"

    def test_health_survives_what_does_not_tell_its_version(self, alone, monkeypatch):
        monkeypatch.setattr("statestore.backends.portable_kinds.get_version", lambda: 1 / 0)
        health = alone.health()
        assert (health.reachable, health.version) == (True, "")


class TestOwnCacheObject:
    def test_pymemcache_never_keeps_an_error_to_itself_and_never_waits_for_ever(self, settings):
        params = {"BACKEND": f"{BACKENDS}.memcached.PyMemcacheCache", "LOCATION": DEAD, "KEY_PREFIX": "site"}
        settings.CACHES = {"default": params | {"OPTIONS": {"ignore_exc": True, "timeout": 2}}}
        shelf = Shelf("x", "default", 5.0)
        assert (shelf.cache._options["ignore_exc"], shelf.cache._options["timeout"]) == (False, 2)
        assert (shelf.cache._options["connect_timeout"], shelf.cache.key_prefix) == (5.0, "site")
        assert shelf.params["OPTIONS"] == {"ignore_exc": True, "timeout": 2}

    def test_djangos_redis_cache_reads_from_the_server_it_writes_to(self, settings):
        params = {"BACKEND": f"{BACKENDS}.redis.RedisCache", "LOCATION": "redis://a:1,redis://b:1"}
        settings.CACHES = {"default": params}
        assert Shelf("x", "default", 5.0).cache._servers == ["redis://a:1"]

    def test_threads_and_forks_have_one_each(self, settings, monkeypatch):
        params = {"BACKEND": f"{BACKENDS}.memcached.PyMemcacheCache", "LOCATION": DEAD}
        settings.CACHES = {"default": params}
        shelf, seen = Shelf("x", "default", 5.0), []
        mine = shelf.cache
        thread = threading.Thread(target=lambda: seen.append(shelf.cache))
        thread.start()
        thread.join()
        assert shelf.cache is mine
        assert seen[0] is not mine
        monkeypatch.setattr("os.getpid", lambda: -1)
        assert shelf.cache is not mine

    def test_other_caches_are_djangos_own(self, alone):
        assert alone.cache is caches["alone"]


class TestThreads:
    def together(self, action, threads=8):
        ready = threading.Barrier(threads)

        def run():
            ready.wait()
            action(ready)

        started = [threading.Thread(target=run) for _ in range(threads)]
        for thread in started:
            thread.start()
        for thread in started:
            thread.join()

    def test_increments_lose_nothing(self, alone):
        self.together(lambda _: [alone.increment("global", "n") for _ in range(50)])
        assert alone.get("global", "n") == 400

    def test_control_get_then_set_loses(self, alone):
        def naive(ready):
            found = alone.get("global", "n", 0)
            ready.wait()
            alone.set("global", "n", found + 1)

        self.together(naive)
        assert alone.get("global", "n") == 1

    def test_new_scopes_are_all_listed(self, alone, settings):
        settings.CACHES["alone"]["OPTIONS"] = {"MAX_ENTRIES": 10_000}
        names = iter([f"s:{n:03}" for n in range(400)])
        self.together(lambda _: [alone.set(next(names), "k", 1) for _ in range(25)], threads=8)
        assert [info.name for info in alone.scopes()] == [f"s:{n:03}" for n in range(200)]


def test_entry_is_as_on_every_store(alone):
    alone.clock = lambda: 1000
    version = alone.set("user:1", "theme", "dark")
    found = alone.entry("user:1", "theme")
    assert isinstance(found, Entry)
    assert (found.value, found.version, found.expires_at) == ("dark", version, None)
