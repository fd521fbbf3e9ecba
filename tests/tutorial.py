"""Somebody who follows docs/tutorial.md: its files and its commands, in an empty directory."""

import os
import re
import subprocess
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "tutorial.md"
LEFT_OUT = ("python -m pip", "python manage.py runserver")  # installed before, and asked without a server

SHELL = r"""
import re
from statestore import store
names = {}
for step in STEPS:
    code, _, said = step.partition("  # ")
    try:
        answer = eval(code, names)
    except SyntaxError:
        exec(code, names)
        continue
    expected = said.strip().partition(": ")[0].partition(", in ")[0].partition(", however")[0]
    if re.match(r"['\[\d]", expected):
        assert repr(answer) == expected, (code, answer, expected)
"""
VISIT = """
from django.test import Client
client, other = Client(), Client()
for each, path in [(client, "/"), (client, "/"), (other, "/"), (client, "/like/"), (client, "/")]:
    print(each.get(path, headers={"host": "127.0.0.1"}).content.decode())
"""


def blocks():
    """The page's code blocks: (language, text)."""
    return re.findall(r"^```(\w+)\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def follow(python, where, environment):
    """Do all that the page says with this Python in this directory; return what the commands and views said."""
    said = []

    def run(*command):
        done = subprocess.run(
            command, cwd=where, env=os.environ | environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        said.append(done.stdout)

    environment = {"DJANGO_SETTINGS_MODULE": "shop.settings", "PYTHONWARNINGS": "error"} | environment
    for language, text in blocks():
        first, _, rest = text.partition("\n")
        if language == "sh":
            for line in text.splitlines():
                if not line.startswith(LEFT_OUT):
                    run(python, *line.split()[1:])
        elif first.startswith("# in the shell"):
            run(python, "manage.py", "shell", "-v0", "-c", f"STEPS = {steps(rest)!r}\n{SHELL}")
        else:
            name, at_its_end = re.match(r"# ([\w./]+)(, at its end)?", first).groups()
            with (where / name).open("a" if at_its_end else "w") as file:
                file.write(rest)
            if name.endswith("urls.py"):
                run(python, "manage.py", "shell", "-v0", "-c", VISIT)
    return said


def steps(code):
    """The statements of a block with the comments behind them."""
    found = []
    for line in code.splitlines():
        if line.startswith((" ", "except")) and found:
            found[-1] += f"\n{line}"
        elif line.strip():
            found.append(line)
    return found
