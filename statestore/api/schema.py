"""The OpenAPI operations of the views, for drf-spectacular. A table says it all; nothing is guessed."""

import re
from copy import deepcopy
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent

from statestore.api.options import served
from statestore.api.shapes import COMPONENTS, ETAG, HEADERS, IF, PATH, QUERY, Shape

JSON = "application/json"
ALWAYS = (400, 401, 403, 404, 405, 406, 429, 503, 504)
CONDITIONAL = 412


@dataclass(frozen=True)
class Operation:
    """One method of one view: what goes in, what comes out."""

    summary: str
    answers: dict[int, str | None]
    body: dict[str, str] | None = None
    also: tuple[int, ...] = ()
    tagged: bool = True
    body_required: bool = True


_WRITTEN: dict[int, str | None] = {201: None, 204: None}
_PATCHES = {"application/merge-patch+json": "Value", "application/json-patch+json": "Patch"}
OPERATIONS = {
    ("StoresView", "GET"): Operation("The stores, and what each can do", {200: "StoreList"}, tagged=False),
    ("ScopesView", "GET"): Operation("A page of scopes", {200: "ScopePage"}, tagged=False),
    ("ScopeView", "GET"): Operation("One scope: its keys, counts, dates", {200: "Scope", 304: None}),
    ("ScopeView", "DELETE"): Operation("Remove a scope", {204: None}),
    ("ValuesView", "GET"): Operation("Many values as one object", {200: "Values", 304: None}, also=(413, 422)),
    ("ValuesView", "PATCH"): Operation(
        "Set many values, all or nothing", _WRITTEN, {JSON: "Values"}, also=(413, 415, 422)
    ),
    ("ValueView", "GET"): Operation("A value, or a part of it", {200: "Value", 304: None}, also=(422,)),
    ("ValueView", "PUT"): Operation(
        "Set a value, or a part of it", _WRITTEN, {JSON: "Value"}, also=(409, 413, 415, 422)
    ),
    ("ValueView", "PATCH"): Operation(
        "Patch a value, or a part of it", _WRITTEN, _PATCHES, also=(409, 413, 415, 422)
    ),
    ("ValueView", "DELETE"): Operation("Remove a value, or a part of it", {204: None}, also=(413, 422)),
    ("IncrementView", "POST"): Operation(
        "Add to a counter, atomically",
        {200: "Number", 201: "Number"},
        {JSON: "Increment"},
        also=(409, 413, 415, 422),
        body_required=False,
    ),
    ("CleanView", "POST"): Operation(
        "Remove scopes that are not active, not used lately, or both",
        {200: "CleanReport"},
        {JSON: "Cleaning"},
        also=(413, 415),
        tagged=False,
    ),
}


class StateSchema(AutoSchema):
    """Makes an operation of the table's entry for the view and the method."""

    def get_operation(self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any) -> Shape:
        """Return the operation."""
        self.path, self.path_regex, self.path_prefix = path, path_regex, path_prefix
        self.method, self.registry = method.upper(), registry
        what = OPERATIONS[type(self.view).__name__, self.method]
        operation = {
            "operationId": f"{type(self.view).__name__.removesuffix('View').lower()}_{method.lower()}",
            "summary": what.summary,
            "tags": ["state"],
            "parameters": [*self._path(), *self._query(), *(IF if what.tagged else [])],
            "security": self.get_auth(),
            "responses": self._responses(what),
        }
        if what.body:
            operation["requestBody"] = {"content": self._content(what.body), "required": what.body_required}
        return operation

    def _path(self) -> list[Shape]:
        shapes = PATH | {"store": {"type": "string", "enum": served()}}
        return [
            {"in": "path", "name": name, "required": True, "schema": shapes.get(name, {"type": "string"})}
            for name in re.findall(r"\{(\w+)\}", self.path)
        ]

    def _query(self) -> list[Shape]:
        return [
            {"in": "query", "name": name, "schema": QUERY[name]}
            for name in vars(type(self.view)).get("parameters", {}).get(self.method, ())
        ]

    def _responses(self, what: Operation) -> Shape:
        statuses = [*ALWAYS, *what.also, *([CONDITIONAL] if what.tagged else [])]
        found: Shape = {
            str(status): self._answer(status, {JSON: kind} if kind else {}) for status, kind in what.answers.items()
        }
        for status in found.values():
            if what.tagged and self.method != "DELETE":
                status["headers"] = ETAG
        return found | {
            str(status): self._answer(status, {"application/problem+json": "Problem"}) for status in statuses
        }

    def _answer(self, status: int, kinds: dict[str, str]) -> Shape:
        answer: Shape = {"description": HTTPStatus(status).phrase}
        if status in HEADERS:
            answer["headers"] = HEADERS[status]
        if kinds:
            answer["content"] = self._content(kinds)
        return answer

    def _content(self, kinds: dict[str, str]) -> Shape:
        return {media_type: {"schema": self._reference(name)} for media_type, name in kinds.items()}

    def _reference(self, name: str) -> Shape:
        needed = [name, "Operation"] if name == "Patch" else [name]
        for each in needed:
            shape = deepcopy(COMPONENTS[each])  # drf-spectacular puts references into it, good in one document only
            component = ResolvedComponent(name=each, type=ResolvedComponent.SCHEMA, schema=shape, object=each)
            self.registry.register_on_missing(component)
        return {"$ref": f"#/components/schemas/{name}"}
