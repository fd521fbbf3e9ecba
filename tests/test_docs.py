"""The documentation: everything there is, is told; the examples run; the pages can be built."""

import re
import tomllib
from pathlib import Path

import pytest
from django.core.management import load_command_class

import statestore
from statestore import StateStore, conf, signals
from statestore.api import options as api_options
from statestore.backends import cache, layered, model
from statestore.checks import HINTS
from statestore.testing import override_stores
from tests.docs import DOCS, examples

COMMANDS = ["clean_context", "dump_context", "import_nodered", "import_purista", "load_context"]
DJANGOS_OWN = {
    "--help", "--version", "--verbosity", "--settings", "--pythonpath", "--traceback", "--no-color",
    "--force-color", "--skip-checks",
}  # fmt: skip
RUNNING = ["verbs.md", "typed-keys.md", "errors.md", "signals.md"] + [
    f"howto/{page.name}" for page in sorted((DOCS / "howto").glob("*.md")) if examples(page)
]


def text(page):
    return (DOCS / page).read_text("utf-8")


def missing(page, names, form="`{}"):
    return [name for name in names if form.format(name) not in text(page)]


def test_every_setting_is_told():
    assert missing("settings.md", conf.SECTIONS, "## `{}`") == []
    rows = [*conf.PARAMETERS, *model.DEFAULTS, *cache.DEFAULTS, *layered.DEFAULTS, *api_options.DEFAULTS]
    assert missing("settings.md", rows, "| `{}` |") == []


def test_every_check_is_told():
    known = {*HINTS, "E015", "E017"}  # of the API and of the observers
    assert missing("checks.md", known, "| `statestore.{}` |") == []
    assert set(re.findall(r"statestore\.([EW]\d+)", text("checks.md"))) == known


def test_every_verb_is_told():
    public = [name for name in dir(StateStore) if name[0] != "_" and callable(getattr(StateStore, name))]
    verbs = [name for name in public if f"a{name}" in public]
    assert len(verbs) > 15
    assert missing("verbs.md", [*verbs, "scope"], "`{}(") == []


def test_every_error_and_signal_is_told():
    public = [getattr(statestore, name) for name in statestore.__all__]
    errors = [each.__name__ for each in public if isinstance(each, type) and issubclass(each, Exception)]
    assert len(errors) > 15
    assert missing("errors.md", errors, "`{}`") == []
    assert missing("signals.md", [name for name in vars(signals) if name in statestore.__all__], "| `{}` |") == []


def test_every_extra_is_told():
    project = tomllib.loads((DOCS.parent / "pyproject.toml").read_text("utf-8"))["project"]
    assert missing("support.md", project["optional-dependencies"], "| `{}` |") == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_a_command_is_told(command):
    found = sorted((Path(statestore.__file__).parent / "management/commands").glob("*_*.py"))
    assert [path.stem for path in found if path.stem[0] != "_"] == COMMANDS
    assert missing("commands.md", [command], "| `{}` |") == []
    parser = load_command_class("statestore", command).create_parser("manage.py", command)
    told = [as_told(option, action) for action in parser._actions for option in action.option_strings]
    page = "cleaning.md" if command == "clean_context" else "commands.md"
    assert missing(page, [each for each in told if each[:2] == "--" and each.split()[0] not in DJANGOS_OWN]) == []


def as_told(option, action):
    """An option as ``--help`` shows it, without its choices."""
    takes_text = action.nargs is None and not action.choices
    return f"{option} {action.metavar or action.dest.upper()}" if takes_text else option


def test_every_public_name_is_told_somewhere():
    everything = "\n".join(page.read_text("utf-8") for page in DOCS.rglob("*.md"))
    assert [name for name in statestore.__all__ if name not in everything] == []


def test_every_page_is_run_or_has_its_own_test():
    with_blocks = {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md") if examples(page)}
    elsewhere = {"admin.md", "api.md", "checks.md", "cleaning.md", "context.md", "layered.md", "settings.md"}
    elsewhere |= {"testing.md", "tutorial.md", "writing-a-store.md", "demo.md", "redis-layout.md"}
    assert with_blocks - elsewhere == set(RUNNING)


@pytest.fixture
def own_signals():
    """Receivers that an example connects go with it."""
    known = [signals.entry_changed, signals.entry_removed, signals.scope_deleted]
    before = [list(signal.receivers) for signal in known]
    yield
    for signal, receivers in zip(known, before, strict=True):
        signal.receivers = receivers
        signal.sender_receivers_cache.clear()


@pytest.mark.parametrize("page", RUNNING)
def test_examples_run(page, own_signals):
    names = {"__name__": "example"}
    with override_stores():
        for block in examples(page):
            exec(compile(block, f"docs/{page}", "exec"), names)


def test_settings_of_the_examples_pass_the_checks(settings):
    from statestore.checks import check_settings

    names = {}
    exec(compile(examples("settings.md")[0], "docs/settings.md", "exec"), names)
    settings.STATESTORE = names["STATESTORE"]
    assert [message for message in check_settings() if message.level >= 40] == []
