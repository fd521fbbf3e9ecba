"""What type checkers know of statestore, and that the stubs beside the code say what the code does."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import statestore
from statestore import StateStore
from statestore.scope import Scope

ROOT = Path(__file__).parent.parent


def functions_in(stub):
    """The functions and methods of a stub by name; of an overloaded one, all its forms."""
    found = {}
    for node in ast.walk(ast.parse((ROOT / stub).read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.setdefault(node.name, []).append(node)
    return found


def parameters_of(node):
    return [argument.arg for argument in [*node.args.args, *node.args.kwonlyargs] if argument.arg != "self"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "checker",
    [["mypy", "tests/typing"], ["basedpyright", "--level", "error", "tests/typing"]],
    ids=lambda checker: checker[0],
)
def test_types_of_keys_flow_through(checker):
    done = subprocess.run([sys.executable, "-m", *checker], cwd=ROOT, capture_output=True, text=True, check=False)
    said = [line for line in done.stdout.splitlines() if "tests/typing" in line]
    assert (said, done.stderr) == ([], "")
    assert "0 errors" in done.stdout or done.stdout.startswith(("Success", "statestore/"))


def test_stub_of_the_package_has_all_its_names():
    tree = ast.parse((ROOT / "statestore/__init__.pyi").read_text("utf-8"))
    named = {
        alias.asname: f"{node.module}.{alias.name}"
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert named == {
        name: f"statestore.{home}.{name}" for home, names in statestore._HOMES.items() for name in names
    }


def test_stub_of_scope_has_all_its_methods():
    public = {name for name in vars(Scope) if callable(getattr(Scope, name)) and not name.startswith("_")}
    assert public <= set(functions_in("statestore/scope.pyi"))


@pytest.mark.parametrize("verb", sorted({*vars(Scope)} & {name for name in dir(StateStore) if name[0] != "_"}))
def test_stub_of_scope_has_the_parameters_of_the_store(verb):
    of_the_store = list(inspect.signature(getattr(StateStore, verb)).parameters)[2:]
    forms = functions_in("statestore/scope.pyi")[verb]
    assert of_the_store in [parameters_of(form) for form in forms]
    assert all(isinstance(form, ast.AsyncFunctionDef) == (verb[0] == "a") for form in forms)
