"""Which store ``CacheStore`` makes, of which options."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from django_redis.cache import RedisCache

from statestore import CacheStore
from statestore.backends.portable import PortableStore
from statestore.backends.redis import RedisStore

LOCMEM = "django.core.cache.backends.locmem.LocMemCache"
REDIS = "django_redis.cache.RedisCache"


class OwnRedisCache(RedisCache):
    """As sites make them."""


def make(backend, **options):
    with override_settings(CACHES={"default": {"BACKEND": backend, "LOCATION": "redis://127.0.0.1:1/0"}}):
        return CacheStore("s", {"OPTIONS": options})


@pytest.mark.parametrize(
    ("backend", "kind"),
    [(LOCMEM, PortableStore), (REDIS, RedisStore), (f"{__name__}.OwnRedisCache", RedisStore)],
)
def test_kind_fits_the_cache(backend, kind):
    store = make(backend)
    assert type(store) is kind
    assert isinstance(store, CacheStore)
    assert (store.cache_alias, store.prefix, store.timeout) == ("default", "statestore", 5.0)


def test_options_are_taken():
    store = make(REDIS, cache="default", prefix="a:b{c}", timeout=1, replicas=2)
    assert (store.cache_alias, store.prefix, store.timeout, store.replicas) == ("default", "a:b{c}", 1, 2)


def test_cache_without_replicas_says_that_none_acknowledge():
    assert "There are no replicas to acknowledge a write." in make(LOCMEM, replicas=1).threats()
    assert "There are no replicas to acknowledge a write." not in make(LOCMEM).threats()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"cahce": "default"}, "'cahce' is not an option"),
        ({"cache": "other"}, "no cache 'other'"),
        ({"cache": ["default"]}, "no cache"),
        ({"prefix": ""}, "prefix"),
        ({"prefix": "a b"}, "prefix"),
        ({"prefix": "x" * 65}, "prefix"),
        ({"prefix": None}, "prefix"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": True}, "timeout"),
        ({"timeout": float("nan")}, "timeout"),
        ({"timeout": None}, "timeout"),
        ({"replicas": -1}, "replicas is a whole number from 0 to 100"),
        ({"replicas": 101}, "replicas"),
        ({"replicas": True}, "replicas"),
        ({"replicas": 1.0}, "replicas"),
        ({"replicas": None}, "replicas"),
    ],
)
@pytest.mark.parametrize("backend", [LOCMEM, REDIS])
def test_wrong_option_is_named(backend, options, problem):
    with pytest.raises(ImproperlyConfigured, match=problem) as caught:
        make(backend, **options)
    assert "STATESTORE['STORES']['s']" in str(caught.value)


def test_cache_that_is_no_class_is_named():
    with pytest.raises(ImproperlyConfigured, match=r"CACHES\['default'\]: BACKEND 'no.such.Cache'"):
        make("no.such.Cache")
