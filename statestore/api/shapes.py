"""The shapes of bodies and parameters, in the words of OpenAPI 3.0."""

from typing import Any

from statestore.durations import MAX_TTL

Shape = dict[str, Any]

_NAME = r"^(?!\.{1,2}$)[^\u0000-\u001f\u007f-\u009f]{1,200}$"
_PREFIX = r"^[^\u0000-\u001f\u007f-\u009f]{0,200}$"
_SEGMENT = r"^(?!\.{1,2}$)([^\u0000-\u001f\u007f-\u009f/~]|~0|~1){1,200}$"


def _text(description: str, **more: Any) -> Shape:
    return {"type": "string", "description": description, **more}


def _record(required: Shape, **optional: Shape) -> Shape:
    """Return the shape of an object that has these members and no others."""
    shape: Shape = {"type": "object", "properties": required | optional, "additionalProperties": False}
    return shape | {"required": sorted(required)} if required else shape


def _list(items: Shape) -> Shape:
    return {"type": "array", "items": items}


def _operation(*names: str, **members: Shape) -> Shape:
    known = {"op": {"type": "string", "enum": list(names)}, "path": _POINTER, **members}
    return {"type": "object", "required": sorted(known), "properties": known}


_POINTER = _text("A JSON Pointer.", pattern=r"^(/([^~/]|~0|~1)*)*$")
_COUNT = {"type": "integer", "minimum": 0}
_FLAG = {"type": "boolean"}
_SCOPE = {
    "name": {"type": "string"},
    "entries": _COUNT,
    "bytes": _COUNT | {"description": "Of JSON text in UTF-8."},
    "updated_at": {"type": "string", "format": "date-time"},
}
_CAN = dict.fromkeys(("get", "set", "remove", "clean"), _FLAG)
_STORE = {
    "alias": {"type": "string"},
    "can": _record(_CAN),  # pyright: ignore[reportArgumentType]
    "durable": _FLAG,
    "shared": _FLAG,
    "transactional": _FLAG,
    "ttl": {"type": "number", "nullable": True},
    "max_value_bytes": _COUNT,
}
_AGE = _text("A number with s, m, h, d or w.", pattern=r"^[0-9]{1,4}(\.[0-9]{1,6})?[smhdw]$", example="30d")
_ACTIVE = _list({"type": "string", "pattern": _NAME})
_CLEANING = {"prefix": {"type": "string", "pattern": _PREFIX}, "dry_run": _FLAG}

COMPONENTS: dict[str, Shape] = {
    "Problem": {
        "type": "object",
        "description": "What is wrong (RFC 9457).",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "pointer": _text("The place in the body or value, a JSON Pointer."),
            "scope": {"type": "string"},
            "key": {"type": "string"},
        },
    },
    "Value": {"description": "Any JSON value."},
    "Values": {"type": "object", "description": "Values by key.", "additionalProperties": {}},
    "StoreList": _record({"results": _list(_record(_STORE)), "next": {"type": "string", "nullable": True}}),
    "ScopePage": _record(
        {"results": _list(_record(_SCOPE)), "next": {"type": "string", "format": "uri", "nullable": True}}
    ),
    "Scope": _record({**_SCOPE, "keys": _list({"type": "string"})}),
    "Increment": _record({}, by={"type": "number", "default": 1}),
    "Number": {"type": "number"},
    "Operation": {
        "oneOf": [
            _operation("add", "replace", "test", value={}),
            _operation("move", "copy", **{"from": _POINTER}),
            _operation("remove"),
        ]
    },
    "Patch": {"type": "array", "items": {"$ref": "#/components/schemas/Operation"}},
    "Cleaning": {
        "anyOf": [
            _record({"active": _ACTIVE | {"minItems": 1}}, idle=_AGE, allow_empty=_FLAG, **_CLEANING),
            _record({"idle": _AGE}, allow_empty=_FLAG, **_CLEANING),
            _record({"allow_empty": {"type": "boolean", "enum": [True]}}, active=_ACTIVE, idle=_AGE, **_CLEANING),
        ]
    },
    "CleanReport": _record(
        {"examined": _COUNT, "removed": _COUNT, "kept": _COUNT, "entries": _COUNT, "dry_run": _FLAG}
    ),
}

_WRITTEN = "A name, '/' and '~' in it written '~1' and '~0', all else percent-encoded."
PATH: dict[str, Shape] = {
    "store": {"type": "string"},
    "scope": _text(_WRITTEN, pattern=_SEGMENT, example="user:42"),
    "key": _text(_WRITTEN, pattern=_SEGMENT, example="theme"),
}
QUERY: dict[str, Shape] = {
    "at": _POINTER | {"description": "A part of the value, as a JSON Pointer.", "example": "/address/0"},
    "ttl": {
        "type": "number",
        "description": "Seconds to live.",
        "minimum": 0.001,
        "maximum": MAX_TTL,
        "example": 60,
    },
    "prefix": _text("What the names begin with.", pattern=_PREFIX),
    "idle": _AGE | {"description": "Only scopes not used for this long."},
    "cursor": _text("Where to go on, from 'next' of the page before."),
    "key": _list({"type": "string", "pattern": _NAME})
    | {"description": "The keys wanted; all when none is given."},
}
_TAGS = r'^(\*|(W/)?"[!#-~]*"( *, *(W/)?"[!#-~]*")*)$'
IF: list[Shape] = [
    {"in": "header", "name": name, "schema": _text(description, pattern=_TAGS)}
    for name, description in {
        "If-Match": "Only if the version is one of these entity tags; * for any.",
        "If-None-Match": "Only if the version is none of these entity tags; * for only if there is nothing.",
    }.items()
]
ETAG = {"ETag": {"schema": {"type": "string"}, "description": "The version."}}
_WAIT = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds until it is worth another try."}}
HEADERS: dict[int, Shape] = {
    401: {"WWW-Authenticate": {"schema": {"type": "string"}, "description": "How to say who you are."}},
    415: {"Accept-Encoding": {"schema": {"type": "string"}, "description": "There if the body was compressed."}},
    429: _WAIT,
    503: _WAIT,
}
