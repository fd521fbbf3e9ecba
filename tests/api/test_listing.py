"""Stores, scopes, and many values at once."""

from urllib.parse import parse_qs, urlsplit

import pytest

from statestore import stores
from tests.api.conftest import problem, succeeded, url


def walk(api, path):
    """All pages of a listing, as lists of names."""
    pages = []
    while path:
        page = api.get(path).json()
        pages.append([each["name"] for each in page["results"]])
        path = page["next"]
    return pages


@pytest.fixture
def five(store, scope):
    """Five scopes with a common beginning."""
    names = [f"{scope}:{letter}" for letter in "abcde"]
    for number, name in enumerate(names):
        store.set_many(name, {str(key): "é" for key in range(number + 1)})
    return names


def test_stores_say_what_they_can_do(api, settings):
    memory = {"BACKEND": "statestore.backends.MemoryStore"}
    settings.STATESTORE = {"STORES": {"default": "m", "m": memory | {"TTL": 1.5, "ENABLE_CLEAN": False}}}
    can = {"get": True, "set": True, "remove": True, "clean": False}
    kind = {"durable": False, "shared": False, "transactional": False}
    said = {"can": can, **kind, "ttl": 1.5, "max_value_bytes": 262144}
    assert api.get("/api/stores/").json() == {
        "results": [{"alias": "default", **said}, {"alias": "m", **said}],
        "next": None,
    }


def test_a_page_of_scopes(api, alias, store, scope, five):
    page = api.get(url(alias, action="scopes/", prefix=scope)).json()
    assert page["next"] is None
    infos = list(store.scopes(scope))
    assert [each["name"] for each in page["results"]] == five
    assert page["results"][2] == {
        "name": five[2],
        "entries": 3,
        "bytes": 12,
        "updated_at": infos[2].updated_at.isoformat().replace("+00:00", "Z"),
    }


@pytest.mark.parametrize(("size", "lengths"), [(1, [1] * 5), (2, [2, 2, 1]), (4, [4, 1]), (5, [5]), (6, [5])])
def test_pages_follow_one_another(api, alias, configure, scope, five, size, lengths):
    configure(PAGE_SIZE=size)
    pages = walk(api, url(alias, action="scopes/", prefix=scope))
    assert [len(page) for page in pages] == lengths
    assert [name for page in pages for name in page] == five


def test_a_cursor_survives_writes_between_pages(api, alias, store, configure, scope, five):
    configure(PAGE_SIZE=2)
    first = api.get(url(alias, action="scopes/", prefix=scope)).json()
    store.delete(five[1])
    store.delete(five[2])
    store.set(f"{scope}:0", "k", 1)
    store.set(f"{scope}:cc", "k", 1)
    assert walk(api, first["next"]) == [[f"{scope}:cc", five[3]], [five[4]]]


def test_the_next_page_has_the_same_filters(api, clock, configure, scope):
    configure(PAGE_SIZE=1)
    for letter in "ab":
        stores["memory"].set(f"{scope} &{letter}", "k", 1)
    clock.tick(61)
    following = api.get(url("memory", action="scopes/", prefix=f"{scope} &", idle="1m")).json()["next"]
    asked = parse_qs(urlsplit(following).query)
    assert following.startswith("http://testserver/api/stores/memory/scopes/?")
    assert (asked["prefix"], asked["idle"]) == ([f"{scope} &"], ["1m"])


def test_only_idle_scopes_are_listed(api, clock, scope):
    for name, seconds in (("old", 3600), ("new", 0)):
        stores["memory"].set(f"{scope}:{name}", "k", 1)
        clock.tick(seconds)
    listing = url("memory", action="scopes/", prefix=scope)
    assert walk(api, f"{listing}&idle=1h") == [[]]
    assert walk(api, f"{listing}&idle=3599s") == [[f"{scope}:old"]]
    assert walk(api, f"{listing}&idle=0.5m") == [[f"{scope}:old"]]


def test_a_prefix_is_plain_text(api, alias, store, scope):
    for name in (f"{scope}1", f"{scope}12", f"{scope}*"):
        store.set(name, "k", 1)
    assert walk(api, url(alias, action="scopes/", prefix=f"{scope}1")) == [[f"{scope}1", f"{scope}12"]]
    assert walk(api, url(alias, action="scopes/", prefix=f"{scope}*")) == [[f"{scope}*"]]
    assert walk(api, url(alias, action="scopes/", prefix=f"{scope}%")) == [[]]


@pytest.mark.parametrize(
    "query",
    [
        *("idle=", "idle=30", "idle=d", "idle=-1d", "idle=1y", "idle=1 d", "idle=999999999d", "idle=99999999999w"),
        *("cursor=", "cursor=!", "cursor=YQ==", "cursor=YR", "cursor=_w", "cursor=Lg", "cursor=AA", "cursor=a"),
        *(
            "cursor=%C3%A9",
            "limit=1",
            "page_size=1",
            "prefix=a&prefix=b",
            "prefix=%00",
            "prefix=%FF",
            "idle=1d&idle=1d",
        ),
        *("Prefix=a", "ttl=1", f"prefix={'x' * 201}"),
    ],
)
def test_a_filter_out_of_range_is_refused(api, query):
    problem(api.get(f"/api/stores/memory/scopes/?{query}"), 400)


def test_a_scope_is_described(api, alias, store, scope):
    store.set_many(scope, {"b": 1, "a": [None], "é/~": ""})
    response = api.get(url(alias, scope))
    info = store.info(scope)
    assert response.json() == {
        "name": scope,
        "entries": 3,
        "bytes": 9,
        "updated_at": info.updated_at.isoformat().replace("+00:00", "Z"),
        "keys": ["a", "b", "é/~"],
    }
    assert response["ETag"] == f'"{store.version(scope)}"'


def test_a_scope_that_is_missing_is_not_found(api, alias, scope):
    for path in (url(alias, scope), url(alias, scope, action="values/"), url(alias, scope, action="values/?key=a")):
        assert problem(api.get(path), 404)["scope"] == scope
    problem(api.delete(url(alias, scope)), 404)


def test_a_scope_is_removed_whole_and_alone(api, alias, store, scope):
    store.set_many(scope, {"a": 1, "b": 2})
    store.set(f"{scope}2", "a", 1)
    succeeded(api.delete(url(alias, scope)), 204)
    assert (store.keys(scope), store.keys(f"{scope}2")) == ([], ["a"])


def test_many_values_are_read_in_one_object(api, alias, store, scope):
    store.set_many(scope, {"a": None, "b": 1.0, "c": "x"})
    values = url(alias, scope, action="values/")
    assert api.get(values).json() == {"a": None, "b": 1.0, "c": "x"}
    assert api.get(f"{values}?key=c&key=x&key=a&key=c").json() == {"a": None, "c": "x"}
    succeeded(api.get(f"{values}?key=x"), 200, b"{}")
    problem(api.get(f"{values}?key="), 400)
    problem(api.get(f"{values}?key=%00"), 400)
    problem(api.get(f"{values}?keys=a"), 400)


def test_many_values_are_written_all_or_nothing(api, alias, store, scope):
    values = url(alias, scope, action="values/")
    tag = succeeded(api("PATCH", values, {"a": None, "b": [1]}), 201)
    assert api.get(values)["ETag"] == tag
    assert len({api.get(url(alias, scope, key))["ETag"] for key in "ab"}) == 1
    succeeded(api("PATCH", values, {"b": 2, "c": 3}), 204)
    for body, status in (
        ({"b": 5, ".": 1}, 400),
        (b'{"b": 5, "d": NaN}', 400),
        ({"b": 5, "d": "x" * 300_000}, 413),
        ({str(number): 1 for number in range(1001)}, 413),
        ([], 400),
        (b"null", 400),
        (b"", 400),
    ):
        problem(api("PATCH", values, body), status)
    assert store.get_many(scope) == {"a": None, "b": 2, "c": 3}


def test_a_thousand_keys_are_the_limit(api, alias, scope):
    values = url(alias, scope, action="values/")
    succeeded(api("PATCH", values, {str(number): number for number in range(1000)}), 201)
    asked = "&".join(f"key={number}" for number in range(1001))
    assert len(api.get(f"{values}?{asked.rpartition('&')[0]}").json()) == 1000
    problem(api.get(f"{values}?{asked}"), 413)


def test_nothing_to_write_writes_nothing(api, alias, store, scope):
    succeeded(api("PATCH", url(alias, scope, action="values/"), {}), 204)
    assert store.keys(scope) == []


# -- clean


def clean(api, alias, body):
    return api.post(f"/api/stores/{alias}/clean/", body)


def test_clean_removes_what_is_not_active(api, alias, store, scope, five):
    active = [five[0], five[3]]
    report = {"examined": 5, "removed": 3, "kept": 2, "entries": 10}
    dry = clean(api, alias, {"active": active, "prefix": scope, "dry_run": True})
    assert (dry.status_code, dry.json()) == (200, {**report, "dry_run": True})
    assert [info.name for info in store.scopes(scope)] == five
    assert clean(api, alias, {"active": active, "prefix": scope}).json() == {**report, "dry_run": False}
    assert [info.name for info in store.scopes(scope)] == active


def test_clean_by_age(api, clock, scope):
    for name, seconds in (("old", 3600), ("new", 1)):
        stores["memory"].set(f"{scope}:{name}", "k", 1)
        clock.tick(seconds)
    assert clean(api, "memory", {"idle": "30m", "prefix": scope}).json()["removed"] == 1
    assert [info.name for info in stores["memory"].scopes(scope)] == [f"{scope}:new"]


@pytest.mark.parametrize(
    "body",
    [
        *({}, {"active": []}, {"active": [], "idle": "1s"}, {"allow_empty": False}, {"dry_run": True}),
        *({"active": None}, {"active": "a"}, {"active": {"a": 1}}, {"active": [1]}, {"active": [""]}),
        *({"idle": ""}, {"idle": 30}, {"idle": None}, {"idle": "30"}, {"idle": "999999999d"}),
        *({"active": ["a"], "dry_run": 1}, {"active": ["a"], "dry_run": "no"}, {"active": ["a"], "allow_empty": 1}),
        *({"active": ["a"], "x": 1}, {"active": ["a"], "prefix": 1}, {"active": ["a"], "prefix": "\x00"}),
        *([], "x", 1, None),
    ],
)
def test_a_clean_that_is_not_understood_removes_nothing(api, scope, body):
    stores["memory"].set(scope, "k", 1)
    problem(clean(api, "memory", b"null" if body is None else body), 400)
    problem(clean(api, "memory", b""), 400)
    assert stores["memory"].keys(scope) == ["k"]


def test_all_go_only_when_that_is_said(api, scope, settings):
    settings.STATESTORE = {"STORES": {"default": {"BACKEND": "statestore.backends.MemoryStore"}}}
    for body in ({"allow_empty": True}, {"active": [], "allow_empty": True}):
        stores["default"].set(scope, "k", 1)
        stores["default"].set("global", "k", 1)
        assert clean(api, "default", body).json()["removed"] == 1
        assert [info.name for info in stores["default"].scopes()] == ["global"]
