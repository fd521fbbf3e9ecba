"""How state lies in Redis: the names of the keys, and what is stored in them. Explained in docs/redis-layout.md."""

from binascii import crc_hqx
from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any, NamedTuple
from zlib import crc32

from statestore.entries import Record, Stamp
from statestore.names import prefix_end

BUCKETS = 64
SLOTS = 16384
VERSION_SIZE, MOMENT_SIZE = 16, 18
HEADER_SIZE = VERSION_SIZE + 2 * MOMENT_SIZE
NEVER = b"0" * MOMENT_SIZE
NOT_OURS = Record(b"", "", 0, None)
"""Stands for what is stored under a key but has not our form; its empty text is no JSON."""


def moment_text(moment: int | None) -> bytes:
    """Return a moment in 18 digits, zeros for None."""
    return b"%018d" % max(0, moment or 0)


def header(stamp: Stamp) -> bytes:
    """Return what stands before the text of every entry with this stamp."""
    return b"%b%018d%018d" % (stamp.version.encode(), max(0, stamp.updated_at), stamp.expires_at or 0)


def record(stored: bytes) -> Record:
    """Return what is stored under a key as a record; ``NOT_OURS`` if it is not of our making."""
    moments = stored[VERSION_SIZE:HEADER_SIZE]
    if len(stored) <= HEADER_SIZE or not moments.isdigit():
        return NOT_OURS
    return Record(
        stored[HEADER_SIZE:],
        stored[:VERSION_SIZE].decode("latin-1"),
        int(moments[:MOMENT_SIZE]),
        int(moments[MOMENT_SIZE:]) or None,
    )


def live_texts(found: Iterable[tuple[str, bytes | None]], now: int) -> dict[str, bytes]:
    """Return, of what is stored under keys (None: nothing), the texts of those that live."""
    texts = {}
    for key, stored in found:
        if stored is None:
            continue
        moments = stored[VERSION_SIZE:HEADER_SIZE]
        if moments.endswith(NEVER) and moments.isdigit():  # of ours, nearly always
            texts[key] = stored[HEADER_SIZE:]
        elif (one := record(stored)).is_live(now):
            texts[key] = one.text
    return texts


def bucket_of(name: bytes) -> int:
    """Return the number of the bucket to which a scope belongs by its name."""
    return crc32(name) % BUCKETS


def fields(reply: Any) -> Mapping[bytes, bytes]:
    """Return a reply of fields and values, which is flat in RESP2, as a mapping."""
    return reply if isinstance(reply, dict) else dict(zip(reply[::2], reply[1::2], strict=True))


def _tags() -> list[bytes]:
    """Return for every bucket the smallest number that hashes to its share of a cluster's slots."""
    found: dict[int, bytes] = {}
    for number in count():
        tag = b"%d" % number
        found.setdefault(crc_hqx(tag, 0) % SLOTS * BUCKETS // SLOTS, tag)
        if len(found) == BUCKETS:
            return [found[bucket] for bucket in range(BUCKETS)]
    raise AssertionError


TAGS = _tags()


class Place(NamedTuple):
    """Where a scope lies: its own key, that of the index which has its name, and its name in bytes."""

    key: bytes
    index: bytes  # type: ignore[assignment]  # a tuple's index() is not wanted here
    name: bytes


class Layout:
    """The keys of one store. No other store has them, whatever the names in either."""

    def __init__(self, site: str, version: object, prefix: str) -> None:
        # Of three parts joined by colons the last two must have none; braces would make another hash tag.
        parts = _escaped(str(site), "{}%"), _escaped(str(version), "{}%:"), _escaped(prefix, "{}%:")
        self.namespace = ":".join(parts).encode("utf-8", "surrogatepass")
        self.indexes = [b"%b:{%b}" % (self.namespace, tag) for tag in TAGS]

    def place(self, scope: str) -> Place:
        """Return where a scope lies."""
        name = scope.encode()
        index = self.indexes[bucket_of(name)]
        return Place(b"%b:%b" % (index, name), index, name)

    def key(self, scope: str) -> bytes:
        """Return the key of a scope."""
        name = scope.encode()
        return b"%b:%b" % (self.indexes[bucket_of(name)], name)


def name_range(prefix: str, after: str, last: str | None = None) -> tuple[bytes, bytes]:
    """Return the ends, as ZRANGEBYLEX has them, of the names with ``prefix``, after ``after``, up to ``last``."""
    start = b"(" + after.encode() if after >= prefix and after else b"[" + prefix.encode() if prefix else b"-"
    end = prefix_end(prefix)
    stop = b"+" if end is None else b"(" + end.encode()
    return start, stop if last is None else b"[" + last.encode()


def _escaped(text: str, special: str) -> str:
    return "".join(f"%{ord(char):02X}" if char in special else char for char in text)
