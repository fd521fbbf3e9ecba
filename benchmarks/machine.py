"""What was measured, on what: versions and the machine, without its name."""

import importlib.metadata
import os
import platform
import sqlite3
from pathlib import Path

from tests.servers import addresses

PACKAGES = ("Django", "orjson", "redis", "django-redis", "psycopg", "django-constance", "diskcache")


def versions():
    """Return name -> version of all that has a part in it."""
    found = {"Python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    found["SQLite"] = sqlite3.sqlite_version
    servers = addresses()
    names = {"postgres": "PostgreSQL", "valkey": "Valkey"}
    return found | {shown: servers[name]["version"] for name, shown in names.items() if name in servers}


def machine():
    """Return the processor, its cores, the memory and the system, in a line."""
    gigabytes = round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
    return f"{_processor()}, {os.cpu_count()} cores, {gigabytes} GB, {platform.system()} {platform.machine()}"


def load():
    """Return how many programs wanted a processor in the last quarter of an hour, on average."""
    return f"{os.getloadavg()[2]:.1f}"


def _processor():
    about = Path("/proc/cpuinfo")
    lines = about.read_text(encoding="utf-8").splitlines() if about.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()
