"""What failed among twenty thousand tests gets a second hearing, alone: what `make again` runs.

python -m tests.servers run -- python -m tests.again

A fault of the product fails again, and so does the run. A test that only wavers, because two processors had no time
for it, must pass five times in a row, and is named for somebody to mend. More than three failures get no hearing.
"""

import json
import subprocess
import sys
from pathlib import Path

FAILED = Path(".pytest_cache/v/cache/lastfailed")
MOST, TIMES = 3, 5


def failed(file=FAILED):
    """The ids of the tests that failed in the last run; none if there was none, or if it broke before any test."""
    found = list(json.loads(file.read_text("utf-8"))) if file.exists() else []
    return found if all("::" in test for test in found) else []


def passes_alone(test):
    """Whether a test, by its id, passes each time that it runs with no other beside it."""
    return all(
        subprocess.run([sys.executable, "-m", "pytest", "-q", test], check=False).returncode == 0
        for _ in range(TIMES)
    )


def main():
    tests = failed()
    if not 0 < len(tests) <= MOST:
        sys.exit(f"{len(tests)} tests to hear again; it is done for 1 to {MOST}")
    wavering = [test for test in tests if passes_alone(test)]
    for test in tests:
        print(f"WAVERS, passed {TIMES} times alone: {test}" if test in wavering else f"FAILS alone too: {test}")
    sys.exit(wavering != tests)


if __name__ == "__main__":
    main()
