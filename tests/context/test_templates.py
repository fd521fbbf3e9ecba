"""Templates read state; they change nothing, and what is missing renders as nothing."""

import pytest
from django.template import engines
from django.test import RequestFactory

from statestore import (
    StoreUnavailable,
    get_context,
    stores,
)
from statestore.context_processors import state
from tests.context.site import rendered
from tests.context.visitors import person


def template(source, request):
    return rendered(source, state(request))


def test_template_reads_values(request_of):
    request = request_of(person(1))
    get_context(request).user.update(theme="dark", cart={"total": 3})
    get_context(request).global_["motd"] = "<hello>"
    source = "{{ state.user.theme }} {{ state.user.cart.total }} {{ state.global.motd }} {{ state.global_.motd }}"
    assert template(source, request) == "dark 3 &lt;hello&gt; &lt;hello&gt;"
    assert template("{% for key, value in state.user.items %}{{ key }}={{ value }};{% endfor %}", request) == (
        "theme=dark;cart={&#x27;total&#x27;: 3};"
    )
    assert template("{% if 'theme' in state.user %}yes{% endif %} {{ state.user|length }}", request) == "yes 2"


@pytest.mark.parametrize("key", ["theme", "name", "store", "delete", "clear", "popitem", "info", "0", "a.b"])
def test_missing_key_renders_as_nothing_and_calls_nothing(request_of, key):
    request = request_of(person(1))
    get_context(request).user["kept"] = 1
    assert template(f"[{{{{ state.user.{key} }}}}]", request) == "[]"
    assert dict(get_context(request).user.items()) == {"kept": 1}


@pytest.mark.parametrize(
    "expression", ["state.user.theme", "state.user", "state.tenant.theme", "state.session.name"]
)
def test_what_a_request_has_not_got_renders_as_nothing(request_of, expression):
    request = request_of()
    assert template(f"[{{{{ {expression} }}}}]", request) == "[]"
    assert template(f"{{% if {expression} %}}yes{{% else %}}no{{% endif %}}", request) == "no"
    assert not request.session.modified


def test_template_does_not_hide_that_a_store_is_down(request_of, monkeypatch):
    def fail(*args):
        raise OSError("down")

    monkeypatch.setattr(stores["default"], "_read_one", fail)
    with pytest.raises(StoreUnavailable):
        template("{{ state.global.motd }}", request_of())


def test_context_processor_by_the_settings(settings, client):
    engine = engines["django"].engine
    assert "state" not in rendered("{{ state.global.motd }}", request=RequestFactory().get("/"))
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {"context_processors": ["statestore.context_processors.state"]},
        }
    ]
    stores["default"].set("global", "motd", "hello")
    assert engine is not engines["django"].engine
    assert rendered("{{ state.global.motd }}", request=RequestFactory().get("/")) == "hello"
