"""German, as proof that every text can be translated."""

import ast
import gettext
import re
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import translation

import statestore
from tests.admin.demo import fill

ROOT = Path(statestore.__file__).parent
TEMPLATES = sorted((ROOT / "templates" / "admin" / "statestore").glob("*.html"))
CATALOGUE = (ROOT / "locale" / "de" / "LC_MESSAGES" / "django.po").read_text("utf-8")
SENTENCE = re.compile(r"{% blocktranslate .*?%}(.*?){% endblocktranslate %}", re.DOTALL)
VARIABLE = re.compile(r"{{ (\w+) }}")
TRANSLATED = re.compile(r"""{% translate (["'])(.+?)\1""")


def test_every_text_of_the_templates_is_translated():
    texts = {text for template in TEMPLATES for _quote, text in TRANSLATED.findall(template.read_text())}
    assert len(texts) > 100
    with translation.override("de"):
        same = {text for text in texts if translation.gettext(text) == text}
    assert same == {"Filter", "Name", "Server"}


def texts_of(file):
    """The texts that a module has translated."""
    translating = {"_", "gettext", "gettext_lazy", "ngettext"}
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in translating:
            yield from (given.value for given in node.args[:1] if isinstance(given, ast.Constant))


def test_every_text_of_the_code_is_translated():
    files = [file for file in ROOT.rglob("*.py") if "django.utils.translation" in file.read_text("utf-8")]
    texts = {text for file in files for text in texts_of(file)}
    assert len(texts) > 60
    assert {text for text in texts if f'msgid "{text}"' not in CATALOGUE} == {"No action selected."}  # Django's own


def test_every_sentence_of_the_templates_is_translated():
    sentences = {told for page in TEMPLATES for told in SENTENCE.findall(page.read_text("utf-8"))}
    texts = {VARIABLE.sub(r"%(\1)s", told.partition("{% plural %}")[0]) for told in sentences}
    assert len(texts) > 20
    assert {text for text in texts if f'msgid "{text}"' not in CATALOGUE} == set()


def test_compiled_catalogue_is_that_of_the_source():
    home = ROOT / "locale" / "de" / "LC_MESSAGES"
    source = (home / "django.po").read_text()
    with (home / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    pairs = re.findall(r'^msgid "(.+)"\nmsgstr "(.+)"$', source, re.MULTILINE)
    assert len(pairs) > 100
    assert [(text, compiled.gettext(text)) for text, _german in pairs] == pairs


@pytest.mark.django_db
def test_pages_are_german_for_a_german(boss, two_stores, settings):
    settings.LANGUAGE_CODE = "de"
    fill(two_stores["default"], two_stores.clock)
    page = boss.get(reverse("admin:statestore_scopes", args=["default"])).content.decode()
    assert "Bereiche in default" in page
    assert "Seit 30 Tagen nicht" in page
    assert "Zustand nach Bereichen" in page
