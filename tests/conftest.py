"""Says which servers are in play, and refuses to pass without them where CI is set."""

import os

import pytest

from tests.servers import VARIABLE, addresses, missing


def pytest_report_header():
    running = ", ".join(f"{name} {address['version']}" for name, address in addresses().items())
    lines = [f"servers: {running or 'none'}"]
    if missing():
        lines.append(f"servers that are MISSING, with all their tests: {', '.join(missing())}")
    return lines


def pytest_configure():
    if os.environ.get("CI") and missing():
        pytest.exit(f"CI is set, but {VARIABLE} lacks {', '.join(missing())}", returncode=1)
