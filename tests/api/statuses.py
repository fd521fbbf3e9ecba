"""What a live server answers: every route by every method in every case that changes the status."""

from contextlib import nullcontext
from functools import partial
from typing import Any, NamedTuple

from statestore import stores
from tests.api.conftest import JSON, MERGE, PATCH
from tests.api.live import Remote
from tests.api.test_access import routes

LIMIT = 1000  # bytes of a body
METHODS = ("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE", "TRACE", "PROPFIND", "X")
PATHS = {
    "stores": "stores/",
    "scopes": "stores/{store}/scopes/",
    "scope": "stores/{store}/scopes/{scope}/",
    "values": "stores/{store}/scopes/{scope}/values/",
    "value": "stores/{store}/scopes/{scope}/values/{key}/",
    "increment": "stores/{store}/scopes/{scope}/values/{key}/increment/",
    "clean": "stores/{store}/clean/",
    "nothing": "stores/{store}/elsewhere/",
}
BODIES = {
    ("values", "PATCH"): {"k": 2},
    ("value", "PUT"): 2,
    ("value", "PATCH"): {"a": 1},
    ("increment", "POST"): {"by": 1},
    ("clean", "POST"): {"active": ["none"], "prefix": "s"},
}
TAKEN = {(name, method) for name, method in routes()}


class Case(NamedTuple):
    """How a request differs from one that succeeds: ``there`` is the value that is stored before."""

    there: Any = 1
    store: str = "well"
    who: str | None = "ada:secret"
    query: str = ""
    headers: dict[str, str] = {}
    body: Any = None
    kind: str | None = None
    around: Any = nullcontext


NOTHING = object()
GROUPS = range(200, 400), range(400, 500), range(500, 600)
STEPS = 5  # answers that a store waits for, at most, in one request over a new connection


def cases(too_often, cut_after):
    """Return the cases by name. The two arguments bring about what takes more than a request."""
    return {
        "as it should be": Case(),
        "nothing is there": Case(there=NOTHING),
        "an unknown parameter": Case(query="?typo=1"),
        "a stranger": Case(who=None),
        "somebody who may not": Case(who="eve:secret"),
        "no such store": Case(store="nope"),
        "a text": Case(there="text"),
        "a part of a text": Case(there="text", query="?at=/a"),
        "not JSON": Case(headers={"Accept": "text/html"}),
        "any version is known": Case(headers={"If-None-Match": "*"}),
        "another version is wanted": Case(headers={"If-Match": '"x"'}),
        "a test that fails": Case(body=[{"op": "test", "path": "/a", "value": 9}], kind=PATCH),
        "no body": Case(body=b""),
        "a large body": Case(body=b'"%s"' % (b"x" * LIMIT)),
        "many keys": Case(query="?" + "&".join(f"key={number}" for number in range(1001))),
        "plain text": Case(kind="text/plain"),
        "a schema": Case(store="strict"),
        "a part of what has a schema": Case(there={"a": 1}, store="strict", query="?at=/a"),
        "switched off": Case(store="off"),
        "too often": Case(around=too_often),
        "no server": Case(store="gone", there=None),
        **{
            f"no answer after {number}": Case(store="real", around=partial(cut_after, number))
            for number in range(STEPS)
        },
    }


def answers(port, around):
    """Yield each route, method and case, with what the server answers."""
    for name in PATHS:
        for method in METHODS:
            known = TAKEN | {("nothing", "GET")}
            asked = known & {(name, method), *([(name, "GET")] if method == "HEAD" else [])} or method == "OPTIONS"
            every = cases(**around)
            for title in every if asked else list(every)[:1]:
                yield name, method, title, answer(port, name, method, every[title])


def answer(port, name, method, case):
    """Make one request over a connection of its own."""
    prepare(case)
    path = f"/api/{PATHS[name].format(store=case.store, scope='s', key='k')}{case.query}"
    body = BODIES.get((name, method)) if case.body is None else case.body
    kind = case.kind or (MERGE if (name, method) == ("value", "PATCH") else JSON)
    headers = {header.replace("-", "_"): value for header, value in case.headers.items()}
    with case.around():
        return Remote(port, case.who)(method, path, body, kind, **headers)


def prepare(case):
    """Have the store hold one value, or nothing."""
    if case.store in {"well", "strict", "real"}:
        store = stores["well" if case.store == "strict" else case.store]
        store.delete("s")
        if case.there is not NOTHING:
            store.set("s", "k", case.there)


def table(found):
    """Return the lines of the page's table: found are the statuses by route and method."""
    lines = ["| request | done | refused | the store is unwell |", "|---|---|---|---|"]
    for name, path in PATHS.items():
        others = []
        for method in METHODS:
            if found[name, method] in ({405}, {404}):
                others.append(method)
            else:
                lines.append(_line(f"`{method} {_said(path)}`", found[name, method]))
        said = "everything" if others == list(METHODS) else "all else"
        lines.append(_line(f"{said} on `{_said(path)}`", found[name, others[0]]))
    return "\n".join(lines)


def _said(path):
    return path.replace("stores/{store}/scopes/{scope}/values/", "…/values/").replace("/{store}/elsewhere/", "/…")


def _line(title, statuses):
    groups = [
        {each for each in statuses if low <= each < high} for low, high in ((200, 400), (400, 500), (500, 600))
    ]
    return f"| {title} | {' | '.join(', '.join(map(str, sorted(group))) for group in groups)} |"
