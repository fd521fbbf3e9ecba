"""The Lua files: steps that belong together happen together, in the server."""

from hashlib import sha1
from importlib.resources import files

_FILES = files("statestore.backends") / "lua"
_SOURCES: dict[bytes, bytes] = {}


class Script:
    """A script by its file's name, with those that stand before it; ``first`` those that need no others."""

    def __init__(self, name: str, *before: str, first: tuple[str, ...] = ()) -> None:
        parts = ("form", *first, "common", *before, name)
        source = b"".join((_FILES / f"{part}.lua").read_bytes() for part in parts)
        self.digest = sha1(source, usedforsecurity=False).hexdigest().encode()
        _SOURCES[self.digest] = source

    def call(self, keys: tuple[bytes, ...], *args: bytes) -> tuple[bytes, ...]:
        """Return the command that runs this script, for a server that knows it."""
        return (b"EVALSHA", self.digest, b"%d" % len(keys), *keys, *args)


def in_full(command: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Return the same call of a script for a server that does not know it yet; any other command as it is."""
    if command[0] != b"EVALSHA":
        return command
    return (b"EVAL", _SOURCES[command[1]], *command[2:])


WRITE, TOUCH = Script("write"), Script("touch")
WRITE_UNCHANGED = Script("write_unchanged", "walk")
REMOVE, STAMPS = Script("remove", "walk"), Script("stamps", "walk")
DELETE = Script("delete", "walk", first=("lasting", "delete_lasting"))
KEYS = Script("keys", "walk", first=("lasting",))
INFOS, CLEAN = Script("infos", "walk"), Script("clean", "walk")
