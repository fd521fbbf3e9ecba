"""The section under django-unfold, which is to be installed before the admin: so in a process of its own."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

from tests.admin.conftest import missing_in_ci


@pytest.mark.slow
def test_pages_work_under_django_unfold():
    if find_spec("unfold") is None:
        missing_in_ci("django-unfold")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0"]
    settings = ["--ds", "tests.admin.unfold_settings", "tests/admin/unfold_pages.py"]
    done = subprocess.run([*command, *settings], check=False, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
