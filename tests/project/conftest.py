"""The site's own settings, on the tests' databases and caches."""

import json

import pytest
from drf_spectacular.settings import patched_settings

from project import settings as site

OURS = {"DATABASES", "CACHES", "SECRET_KEY", "DEBUG", "BASE_DIR"}


@pytest.fixture(autouse=True)
def _the_site(settings):
    for name in dir(site):
        if name.isupper() and name not in OURS:
            setattr(settings, name, getattr(site, name))
    settings.ALLOWED_HOSTS = [*site.ALLOWED_HOSTS, "testserver"]
    drawn = {name: value for name, value in site.SPECTACULAR_SETTINGS.items() if name.startswith("SWAGGER")}
    with patched_settings(drawn):  # drf-spectacular keeps what it read at its first import
        yield


@pytest.fixture
def export(tmp_path):
    """Write a flow export, and return its path."""

    def write(content, name="export.json"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    return write


GARDEN = [
    {"id": "f1", "type": "tab", "label": "Garden"},
    {"id": "a1b2.c3d4", "type": "inject", "z": "f1", "name": "tick", "x": 1, "y": 2.5, "wires": [["b"], ["c"]]},
    {"id": "b", "type": "switch", "z": "f1", "name": "", "wires": [["c"], ["a1b2.c3d4"]]},
    {"id": "c", "type": "debug", "z": "f1", "name": "a/b\u0000 \U0001f331", "wires": []},
    {"id": "broker", "type": "mqtt-broker", "z": "", "name": "mqtt"},
]


@pytest.fixture
def garden(export):
    """An export of one flow with three nodes, one of them odd, and a node that flows share."""
    return export(GARDEN, "garden.json")
