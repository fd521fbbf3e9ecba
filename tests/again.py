"""What failed among twenty thousand tests gets a second hearing, alone: what `make again` runs.

python -m tests.servers run -- python -m tests.again

A fault of the product fails again, and so does the run. A test that only wavers, because two processors had no time
for it, must pass five times in a row, and is named for somebody to mend. More than three failures get no hearing.
"""

import json
import subprocess
import sys
from pathlib import Path

CACHE = Path(".pytest_cache/v")
CAME_TO_ITS_END = 1  # of pytest's exit codes that of a run in which all ran and some failed
MOST, TIMES = 3, 5


def failed(cache=CACHE):
    """The ids of the tests that failed in the last run; none if it did not come to its end, or never began."""
    ended, failures = cache / "statestore/ended", cache / "cache/lastfailed"
    if not ended.exists() or json.loads(ended.read_text("utf-8")) != CAME_TO_ITS_END:
        return []
    found = list(json.loads(failures.read_text("utf-8")))
    return found if all("::" in test for test in found) else []  # else a file of tests could not be read


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
