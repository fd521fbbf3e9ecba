import pytest
from django.test import override_settings

from statestore import stores
from statestore.observe import Observer
from statestore.testing import override_stores


class Notes(Observer):
    """Writes down every call."""

    found = []

    def begin(self, store, verb):
        def end(outcome, seconds, error):
            self.found.append((store.alias, verb, outcome, type(error).__name__ if error else None))
            assert seconds >= 0

        return end


@pytest.fixture
def notes():
    Notes.found = []
    return Notes.found


@pytest.fixture
def observed(settings):
    """Switches observers on, for stores in memory."""
    switched = []

    def observe(*paths):
        switched.append(override_settings(STATESTORE={**settings.STATESTORE, "OBSERVERS": list(paths)}))
        switched[-1].enable()
        return stores["default"]

    settings.STATESTORE = {"STORES": {"default": {"BACKEND": "x.Y"}, "fast": {"BACKEND": "x.Y"}, "other": "fast"}}
    with override_stores():
        yield observe
        for each in reversed(switched):
            each.disable()
