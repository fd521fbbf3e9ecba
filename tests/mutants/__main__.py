"""Plant every bug in a copy of the tree, run the tests that should notice, and print which did.

python -m tests.mutants [WORD]…        only the bugs that have one of the words in their names
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.mutants.bugs import BUGS
from tests.prove.site import table
from tests.servers import VARIABLE

ROOT = Path(__file__).parents[2]
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "screenshots", "build", "dist")
QUIET = ["-q", "-x", "--no-header", "--tb=no", "-p", "no:cacheprovider", "-p", "no:randomly"]
PASSED, FAILED = 0, 1
LIMIT = 180  # seconds; a bug that makes the tests hang is caught


def main(words):
    chosen = [bug for bug in BUGS if not words or any(word in bug.name for word in words)]
    with TemporaryDirectory(prefix="mutants-") as directory:
        tree = Path(directory, "tree")
        shutil.copytree(ROOT, tree, ignore=LEFT_OUT)
        rows = []
        for bug in chosen:
            rows.append((bug.name, look(bug, tree)))
            print(*rows[-1], sep="\n    ", flush=True)
    print()
    table(("bug", "caught by"), rows)
    survivors = [name for name, found in rows if found.isupper()]
    print(f"\n{len(rows) - len(survivors)} of {len(rows)} caught")
    return int(bool(survivors) or not rows)


def look(bug, tree):
    """Return the name of the test that catches a bug; in capitals why none does."""
    path = tree / "statestore" / bug.file
    sound = path.read_text("utf-8")
    if sound.count(bug.right) != 1:
        return "THE CODE HAS CHANGED: THE BUG IS NOT PLANTED"
    code, said = run(bug, tree)
    if code != PASSED or not re.search(r"\d+ passed", said):
        return "THE TESTS DO NOT PASS WITHOUT IT EITHER"
    path.write_text(sound.replace(bug.right, bug.wrong), "utf-8")
    try:
        code, said = run(bug, tree)
    finally:
        path.write_text(sound, "utf-8")
    caught = re.search(r"^FAILED \S+::(\S+)", said, re.MULTILINE)
    if code == FAILED and caught:
        return caught[1]
    return "the tests, which hang" if code is None else "NOTHING: IT SURVIVES"


def run(bug, tree):
    environment = dict(os.environ) if bug.servers else {**os.environ, VARIABLE: "{}"}
    command = [sys.executable, "-m", "pytest", *QUIET, "-rf", *bug.tests]
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, check=False, timeout=LIMIT
        )
    except subprocess.TimeoutExpired:
        return None, ""
    return done.returncode, done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
