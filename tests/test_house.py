"""The house as a whole: who imports whom, what is public, and that every verb has its twin."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import statestore
from statestore import StateStore
from statestore.scope import Scope

HOUSE = Path(statestore.__file__).parent
ROOMS = [
    ["exceptions", "names", "values", "entries", "pointer", "durations", "logs", "exact"],
    [
        "conf", "importing", "signals", "typed", "schemas", "scope", "backends.hooks", "backends.core",
        "backends.texts", "backends.rules", "backends.reading", "backends.writing", "backends.many",
        "backends.taking", "backends.walking", "backends.twins", "backends.base",
    ],
    ["backends", "fields", "models", "migrations", "redis_cluster"],
    ["handler", "observe"],
    [],  # whatever is named nowhere: what goes with a request, and with the site as a whole
    ["admin", "api", "management", "templatetags", "testing", "apps"],  # apps puts the house together
]  # fmt: skip
ELSEWHERE = 4
FLOOR = {module: floor for floor, modules in enumerate(ROOMS) for module in modules}
PUBLIC = [
    "stores", "store", "Scope", "Key", "ABSENT", "CleanReport", "Entry", "Health", "ScopeInfo", "StateStore",
    "MemoryStore", "ModelStore", "CacheStore", "entry_changed", "entry_removed", "scope_deleted",
    "StateStoreError", "InvalidScope", "InvalidKey", "InvalidValue", "ValueTooLarge", "VersionConflict",
    "OperationDisabled", "UnknownStore", "ScopeUnavailable", "StoreUnavailable", "StoreTimeout", "CorruptState",
    "StoreClosed", "get_context", "with_context", "ContextMixin", "StateContext", "StateMiddleware",
]  # fmt: skip
HEAVY = ["rest_framework", "redis", "django_redis", "pydantic", "pytest", "statestore.models", "statestore.api"]
WRONG_ASKING = [
    "InvalidScope", "InvalidKey", "InvalidValue", "ValueTooLarge", "VersionConflict", "OperationDisabled",
    "UnknownStore", "ScopeUnavailable",
]  # fmt: skip
UNWELL = ["StoreUnavailable", "StoreTimeout", "CorruptState", "StoreClosed"]


def module_of(path):
    return ".".join(path.relative_to(HOUSE).with_suffix("").parts).removesuffix(".__init__")


def floor_of(module):
    """The floor of a module, or of the nearest package around it."""
    while module not in FLOOR and "." in module:
        module = module.rpartition(".")[0]
    return FLOOR.get(module, ELSEWHERE)


def imports(path):
    """What a file imports, wherever in it, as dotted names."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_modules(path):
    """The modules of ours that a file imports."""
    for name in imports(path):
        if name.startswith("statestore."):
            dotted = name.removeprefix("statestore.")
            yield (
                dotted
                if (HOUSE / dotted.replace(".", "/")).with_suffix(".py").exists()
                else dotted.rpartition(".")[0]
            )


FILES = sorted(HOUSE.rglob("*.py"))


def test_every_module_looks_down_never_up():
    looking_up = [
        f"{module_of(path)} imports {found}"
        for path in FILES
        for found in imported_modules(path)
        if found and floor_of(found) > floor_of(module_of(path))
    ]
    assert looking_up == []


def rooms_on_the_page():
    """The modules and packages that the architecture page shows, by floor."""
    page = (HOUSE.parent / "docs" / "architecture.md").read_text("utf-8")
    floor = None
    for line in page.split("```")[1].splitlines():
        floor = int(line[0]) if line[:1].isdigit() else floor
        for name in re.findall(r"(?<![\w/])(\w+)(?:\.py|/)(?=[ :]|$)", line):
            yield name, floor


def test_architecture_page_shows_every_room_on_its_floor():
    ours = [*HOUSE.glob("[a-z]*.py"), *(path.parent for path in HOUSE.glob("*/__init__.py"))]
    assert dict(rooms_on_the_page()) == {path.stem: floor_of(path.stem) for path in ours}


def test_words_know_no_framework():
    words = [path for path in FILES if floor_of(module_of(path)) == 0]
    assert len(words) == 8
    assert [
        (path.name, name) for path in words for name in imports(path) if name.split(".")[0] in ("django", "redis")
    ] == []


@pytest.mark.parametrize(
    "statement", ["import statestore", "from statestore import StateStore, stores, store, Scope"]
)
def test_importing_loads_neither_models_nor_what_a_site_may_lack(statement):
    program = f"""
import sys
{statement}
print([name for name in {HEAVY} if name in sys.modules])
"""
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=HOUSE.parent
    )
    assert answer.stdout.strip() == "[]"


def test_testing_kit_needs_no_pytest():
    program = """
import sys
from statestore.testing import AsyncFace, Clock, override_stores
print("pytest" in sys.modules)
"""
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=HOUSE.parent
    )
    assert answer.stdout.strip() == "False"


def test_site_without_the_admin_renders_its_templates():
    program = """
import django
from django.conf import settings
settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "statestore"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3"}},
)
django.setup()
from django.template import engines
print(engines["django"].from_string("{{ word }}").render({"word": "read"}))
"""
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=HOUSE.parent
    )
    assert answer.stdout.strip() == "read"


@pytest.mark.parametrize("name", PUBLIC)
def test_what_the_design_names_can_be_imported_from_the_package(name):
    assert getattr(statestore, name) is not None
    assert name in statestore.__all__
    assert name in dir(statestore)


def test_everything_public_is_there():
    assert [name for name in statestore.__all__ if not hasattr(statestore, name)] == []
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        statestore.nothing_of_the_kind  # noqa: B018 (asking is the point)


def test_errors_have_two_branches():
    assert all(issubclass(getattr(statestore, name), statestore.UsageError) for name in WRONG_ASKING)
    assert all(issubclass(getattr(statestore, name), statestore.StoreError) for name in UNWELL)
    assert issubclass(statestore.StoreTimeout, statestore.StoreUnavailable)
    assert issubclass(statestore.UsageError, statestore.StateStoreError)
    assert issubclass(statestore.StoreError, statestore.StateStoreError)
    assert not issubclass(statestore.StoreError, statestore.UsageError)


def parameters(function):
    return list(inspect.signature(function).parameters.values())


def verbs(of):
    return [name for name, member in inspect.getmembers(of, inspect.isfunction) if not name.startswith("_")]


ASKS_NOTHING = {"now", "scope", "sound"}  # they do no I/O
VERBS = [name for name in verbs(StateStore) if name not in ASKS_NOTHING and not hasattr(StateStore, name[1:])]


def test_verbs_are_those_of_the_design():
    design = {
        "get", "get_many", "entry", "set", "set_many", "update", "increment", "remove", "keys", "delete", "touch",
        "scopes", "clean", "open", "close", "health",
    }  # fmt: skip
    assert design <= set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_an_async_twin_with_the_same_signature(verb):
    twin = getattr(StateStore, f"a{verb}")
    assert parameters(twin) == parameters(getattr(StateStore, verb))
    assert inspect.iscoroutinefunction(twin) or inspect.isasyncgenfunction(twin)
    assert twin.__name__ == f"a{verb}"
    assert twin.__doc__


def test_every_public_verb_says_what_it_does():
    assert [name for name in verbs(StateStore) if not getattr(StateStore, name).__doc__] == []


@pytest.mark.parametrize("verb", [verb for verb in VERBS if parameters(getattr(StateStore, verb))[1:2] and
                                  parameters(getattr(StateStore, verb))[1].name == "scope"])  # fmt: skip
def test_scope_has_every_verb_of_a_scope_and_its_twin(verb):
    assert callable(getattr(Scope, verb))
    assert callable(getattr(Scope, f"a{verb}"))
