"""The commands of the hooks that may also be sent together with others, and what their replies say."""

from collections.abc import Callable, Collection, Mapping
from itertools import chain
from typing import Any, NamedTuple

from statestore.backends import redis_scripts as scripts
from statestore.backends.redis_connections import Command
from statestore.backends.redis_layout import Layout, fields, header, moment_text, record
from statestore.entries import ABSENT, Record, Sentinel, Stamp


def read_one(layout: Layout, scope: str, key: str) -> Command:
    return b"HGET", layout.key(scope), key.encode()


def one(reply: Any) -> Record | None:
    return None if reply is None else record(reply)


def stamps(layout: Layout, scope: str) -> Command:
    return scripts.STAMPS.call((layout.key(scope),))


def stamps_found(reply: Any) -> dict[str, Stamp]:
    return {field.decode(): Stamp(*record(beginning)[1:]) for field, beginning in fields(reply).items()}


def write(
    layout: Layout, scope: str, texts: Mapping[str, bytes], stamp: Stamp, expect: str | Sentinel | None
) -> Command:
    key, index, name = layout.place(scope)
    head = header(stamp)
    stored: list[bytes] = []
    for field, text in texts.items():  # in less time than a generator takes
        stored += (field.encode(), head + text)
    return scripts.WRITE.call((key, index), _demand(expect), moment_text(stamp.updated_at), name, *stored)


def write_unchanged(
    layout: Layout, scope: str, texts: Mapping[str, bytes], stamp: Stamp, versions: Mapping[str, str]
) -> Command:
    key, index, name = layout.place(scope)
    wanted = (text.encode() for text in chain.from_iterable(versions.items()))
    head = header(stamp)
    stored = chain.from_iterable((field.encode(), head + text) for field, text in texts.items())
    number = b"%d" % len(versions)
    return scripts.WRITE_UNCHANGED.call((key, index), moment_text(stamp.updated_at), name, number, *wanted, *stored)


def written(reply: Any) -> bool:
    return reply == 1


def remove(layout: Layout, scope: str, keys: Collection[str], expect: str | None, now: int) -> Command:
    key, index, name = layout.place(scope)
    wanted = (field.encode() for field in keys)
    return scripts.REMOVE.call((key, index), _demand(expect), moment_text(now), name, *wanted)


def removed(reply: Any) -> list[str]:
    return [field.decode() for field in reply]


def delete(
    layout: Layout,
    scope: str,
    now: int,
    unused_since: int | None = None,
    versions: Mapping[str, str] | None = None,
) -> Command:
    key, index, name = layout.place(scope)
    if unused_since is None and versions is None:
        return scripts.DELETE.call((key, index), moment_text(now), name)
    since = b"" if unused_since is None else moment_text(unused_since)
    wanted = () if versions is None else chain.from_iterable(versions.items())
    number = b"" if versions is None else b"%d" % len(versions)
    texts = (text.encode() for text in wanted)
    return scripts.DELETE.call((key, index), moment_text(now), name, since, number, *texts)


def deleted(reply: Any) -> int | None:
    return reply


class Step(NamedTuple):
    """How a hook is said, and its answer read."""

    command: Callable[..., Command]
    answer: Callable[[Any], Any]


STEPS = {
    "_read_one": Step(read_one, one),
    "_stamps": Step(stamps, stamps_found),
    "_write": Step(write, written),
    "_remove": Step(remove, removed),
    "_delete": Step(delete, deleted),
}


def _demand(expect: str | Sentinel | None) -> bytes:
    """Return what must be there, as the scripts have it."""
    if expect is None:
        return b""
    return b"-" if expect is ABSENT else b"=" + str(expect).encode("utf-8", "surrogatepass")
