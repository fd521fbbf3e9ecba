"""Objects that the settings name by their dotted path."""

from typing import Any

from django.utils.module_loading import import_string

from statestore.exceptions import shown


def load(given: Any) -> Any:
    """Return what a dotted path names (anything but a string is returned as it is), or raise ``ImportError``."""
    if not isinstance(given, str):
        return given
    try:
        return import_string(given)
    except Exception as error:
        raise ImportError(f"{shown(given, 200)} can't be imported ({type(error).__name__}: {error}).") from error
