"""The views' part in the site's OpenAPI, for which drf-spectacular is loaded only when a schema is made."""

from typing import Any


class OwnSchema:
    """A view's ``schema``: ours by drf-spectacular, whatever class the site has for its other views."""

    def __get__(self, view: Any, owner: type) -> Any:
        from statestore.api.schema import StateSchema

        schema = StateSchema()
        schema.view = view
        return schema
