"""The API answers below any prefix, also one that captures something or hands something on."""

import pytest
from django.urls import include, path, re_path

from tests.api.conftest import MERGE, problem, succeeded, url

API = include("statestore.api.urls")
urlpatterns = [
    path("named/<str:version>/", API),
    path("extra/", API, {"extra": 1}),
    re_path(r"^groups/(\w+)/", API),
    re_path(r"^named-groups/(?P<tenant>[a-z]+)/", API),
    path("", API),
]
PREFIXES = ["/named/v1/", "/extra/", "/groups/v1/", "/named-groups/acme/", "/"]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_every_route_answers_below_any_prefix(api, settings, configure, scope, prefix):
    def at(*names, **how):
        return url(*names, **how).replace("/api/", prefix, 1)

    settings.ROOT_URLCONF = __name__
    configure(PAGE_SIZE=1)
    scope = scope.replace(":", "-")
    assert api.get(at(action="stores/")).json()["results"]
    succeeded(api.put(at("memory", scope, "k"), {}), 201)
    succeeded(api("PATCH", at("memory", scope, "k"), {"a": 1}, MERGE), 204)
    succeeded(api.get(at("memory", scope, "k")), 200, b'{"a":1}')
    added = api.post(at("memory", scope, "n", action="increment/"))
    succeeded(added, 201, b"1")
    assert added["Location"] == at("memory", scope, "n")
    succeeded(api("PATCH", at("memory", scope, action="values/"), {"x": None}), 204)
    assert api.get(at("memory", scope, action="values/")).json() == {"k": {"a": 1}, "n": 1, "x": None}
    assert api.get(at("memory", scope)).json()["keys"] == ["k", "n", "x"]
    succeeded(api.put(at("memory", f"{scope}-2", "k"), 1), 201)
    first = api.get(at("memory", action="scopes/", prefix=scope)).json()
    assert first["next"].startswith(f"http://testserver{at('memory', action='scopes/')}?")
    assert [each["name"] for each in api.get(first["next"]).json()["results"]] == [f"{scope}-2"]
    assert api.post(at("memory", action="clean/"), {"active": ["a"], "prefix": f"{scope}-"}).json()["removed"] == 1
    succeeded(api.delete(at("memory", scope, "k")), 204)
    succeeded(api.delete(at("memory", scope)), 204)
    problem(api.get(f"{prefix}stores/nowhere"), 404)
    for place in (
        at(action="stores/"),
        at("memory", scope),
        at("memory", scope, "k"),
        at("memory", action="clean/"),
    ):
        assert api("OPTIONS", place).status_code == 200
