"""Names in addresses: any legal name of a store, a scope or a key as one segment of a URL, and in the history.

The admin's own quoting leaves ``.`` and ``..`` as they are, which browsers take for steps in the path, and slashes
that a proxy may fold. So a segment is made of letters, digits and ``_ : . -``, and every other byte of UTF-8 is a
``~`` with two hexadecimal digits. A long one is base64 after ``~~``, so that two names of 200 characters beyond the
Basic Multilingual Plane still fit into a request line of 4,094 bytes.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

LONGEST = 600  # characters of a segment, before it is packed

_UNSAFE = re.compile(rb"[^A-Za-z0-9_:.\-]")
_ESCAPE = re.compile(rb"~([0-9A-F]{2})")


class NameConverter:
    """A path converter for names."""

    regex = r"(?:[A-Za-z0-9_:.\-]|~[0-9A-F]{2})+|~~[A-Za-z0-9_\-]+"

    def to_url(self, name: str) -> str:
        """Return the segment for this name."""
        text = name.encode()
        segment = _UNSAFE.sub(lambda found: b"~%02X" % found[0][0], text).decode()
        if not name.strip("."):
            return segment.replace(".", "~2E")
        return segment if len(segment) <= LONGEST else f"~~{urlsafe_b64encode(text).decode().rstrip('=')}"

    def to_python(self, segment: str) -> str:
        """Return the name; ``ValueError`` where the segment says none, which Django answers with 404."""
        if segment.startswith("~~"):
            return urlsafe_b64decode(f"{segment[2:]}{'=' * (-len(segment[2:]) % 4)}").decode()
        return _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), segment.encode()).decode()


def to_object_id(*names: str) -> str:
    """Return what the history calls a store, a scope or an entry: ``default|user:42|theme``."""
    return "|".join(name.replace("%", "%25").replace("|", "%7C") for name in names)


def from_object_id(object_id: str) -> list[str]:
    """Return the names that ``to_object_id`` was given."""
    return [part.replace("%7C", "|").replace("%25", "%") for part in object_id.split("|")]
