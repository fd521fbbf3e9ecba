"""What the records of the logger ``statestore`` carry: a stable name, for alerts and searches, and fields."""

LEVELS = {
    "verb_disabled": "WARNING",
    "receiver_failed": "ERROR",
    "receivers_unreached": "ERROR",
    "observer_failed": "ERROR",
    "scope_unreadable": "ERROR",
    "export_incomplete": "WARNING",
    "index_unreadable": "ERROR",
    "front_down": "WARNING",
    "front_back": "INFO",
    "front_distrust_failed": "ERROR",
}


def event(name: str, **fields: object) -> dict[str, object]:
    """Return a logger's ``extra``: the event's name and its fields, all led by ``statestore_``."""
    return {"statestore_event": name, **{f"statestore_{field}": told for field, told in fields.items()}}


def called(thing: object) -> str:
    """Return how a function, or any object, is called in a record: its dotted name where it has one."""
    name = getattr(thing, "__qualname__", None)
    return f"{getattr(thing, '__module__', '?')}.{name}" if name else repr(thing)
