"""``statestore.context_processors.state``: the request's state in templates."""

from typing import Any

from statestore.context import get_context
from statestore.template_state import TemplateState


def state(request: Any) -> dict[str, Any]:
    """Return the template variable ``state``; nothing is read until a template asks for a value."""
    return {"state": TemplateState(get_context(request))}
