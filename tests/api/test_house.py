"""The API's place in a site: nothing is loaded before it is used, and no setting of the site's is changed."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from rest_framework.settings import api_settings

import statestore.api
from statestore import Policy
from statestore.api.checks import check_api
from tests.api.conftest import Caller, url

HERE = Path(statestore.api.__file__).parent


def test_django_rest_framework_is_not_loaded_before_the_api_is_mounted():
    program = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'; django.setup();"
        "import statestore; [getattr(statestore, name) for name in statestore.__all__];"
        "loaded = [name for name in sys.modules if name.startswith('rest_framework.') and name.endswith('views')];"
        "assert not loaded, loaded; assert 'drf_spectacular' not in sys.modules;"
        "import statestore.api.urls; assert 'rest_framework.views' in sys.modules;"
        "assert 'drf_spectacular' not in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, cwd=HERE.parents[1])


def test_the_site_s_settings_have_no_say_in_formats(root, settings, scope):
    settings.REST_FRAMEWORK = {
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.BrowsableAPIRenderer"],
        "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.FormParser"],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
        "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
        "DEFAULT_VERSIONING_CLASS": "rest_framework.versioning.QueryParameterVersioning",
        "EXCEPTION_HANDLER": "no.such.handler",
        "NON_FIELD_ERRORS_KEY": "x",
        "URL_FORMAT_OVERRIDE": "format",
    }
    before = dict(api_settings.user_settings)
    caller = Caller(root)
    assert caller.put(url("memory", scope, "k"), 1).status_code == 201
    assert caller.get(url("memory", scope, "k")).content == b"1"
    assert caller.get(url("memory", scope, "x")).status_code == 404
    assert dict(api_settings.user_settings) == before


def test_no_module_reaches_below_the_interface():
    private = {}
    for path in HERE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr.startswith("_") and "store" in ast.unparse(node.value):
                private.setdefault(path.name, set()).add(node.attr)
    assert private == {}


@pytest.mark.parametrize(
    ("api", "sentence"),
    [
        ({"POLCY": Policy}, "'POLCY' is no setting of the API."),
        ({"POLICY": "no.P"}, "POLICY 'no.P' can't be imported (ModuleNotFoundError: No module named 'no')."),
        ({"POLICY": dict}, "POLICY is a subclass of statestore.Policy, or its dotted path."),
        ({"POLICY": "statestore.Scope"}, "POLICY is a subclass of statestore.Policy, or its dotted path."),
        ({"STORES": "memory"}, "STORES is a list of aliases, or None for all."),
        ({"STORES": ["nope"]}, "STORES: there is no store 'nope'."),
        ({"PAGE_SIZE": 0}, "PAGE_SIZE is a whole number from 1 to 1000."),
        ({"PAGE_SIZE": 1001}, "PAGE_SIZE is a whole number from 1 to 1000."),
        ({"PAGE_SIZE": True}, "PAGE_SIZE is a whole number from 1 to 1000."),
        ({"MAX_BODY_BYTES": 0}, "MAX_BODY_BYTES is a whole number above 0."),
    ],
)
def test_a_mistake_in_the_settings_is_a_check(settings, api, sentence):
    settings.STATESTORE = settings.STATESTORE | {"API": api}
    [found] = check_api()
    assert (found.id, found.msg) == ("statestore.E015", f"STATESTORE['API']: {sentence}")
    assert found.hint


@pytest.mark.parametrize("api", [{}, {"POLICY": "statestore.OwnScopes", "STORES": ["memory"], "PAGE_SIZE": 1000}])
def test_what_is_right_is_no_check(settings, api):
    settings.STATESTORE = settings.STATESTORE | {"API": api}
    assert check_api() == []


class Anybody(Policy):
    """Lets everything through, so that only the store is asked."""

    def allows(self, request, action, store, scope):
        return True
