"""The state of a request as a template sees it: to read, and nothing else."""

from collections.abc import ItemsView, Iterator, Mapping, ValuesView
from typing import Any

from statestore.scope import Scope


class TemplateState:
    """``{{ state.user.theme }}``: a scope that this request has not got, and a missing key, render as nothing."""

    def __init__(self, context: Any) -> None:
        self._context = context

    def __getitem__(self, name: str) -> "Values":
        return Values(self._context["global" if name == "global_" else name])


class Values(Mapping[str, Any]):
    """The values of a scope without its verbs: a key that is missing must not find one, least of all ``delete``."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def __getitem__(self, key: str) -> Any:
        return self._scope[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._scope)

    def __len__(self) -> int:
        return len(self._scope)

    def __bool__(self) -> bool:
        return True  # {% if state.user %} asks whether there is such a scope

    def items(self) -> ItemsView[str, Any]:
        """Return the (key, value) pairs, in one round trip."""
        return self._scope.items()

    def values(self) -> ValuesView[Any]:
        """Return the values, in one round trip."""
        return self._scope.values()
