"""The first page: every store, how it is, how much is in it, what threatens its promises."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from statestore import conf
from statestore.admin.base import Page
from statestore.admin.permissions import may, require
from statestore.admin.sampling import Sample, look
from statestore.entries import Health
from statestore.exceptions import StateStoreError
from statestore.handler import stores


@dataclass(frozen=True)
class Card:
    """What the page says of one store."""

    alias: str
    another_name: str
    health: Health
    sample: Sample | None = None
    problem: str = ""

    @property
    def backend(self) -> str:
        """Return the store's class as the setting names it, without its path; "" where that names none."""
        params = conf.store_params().get(self.alias)
        path = params.get("BACKEND") if isinstance(params, Mapping) else None
        return path.rpartition(".")[2] if isinstance(path, str) else ""

    @property
    def milliseconds(self) -> float:
        """Return how long the store took to answer."""
        return round(self.health.latency * 1000, 1)


class StoresPage(Page):
    """All stores. One that is down says so, and holds up none of the others."""

    template = "admin/statestore/stores.html"
    needs = ()

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Show them; who may only add sees where to, on the admin's own page of a section."""
        if not may(request, "view"):
            require(request, "add")
            return self.site.app_index(request, "statestore")
        return self.page(title=_("Stores"), cards=[_card(alias) for alias in conf.store_params()])


def _card(alias: str) -> Card:
    try:
        store = stores[alias]
        health = store.health()
    except ImproperlyConfigured as error:
        return Card(alias, "", Health(alias, "", reachable=False, latency=0.0, error=str(error)))
    another_name = store.alias if store.alias != alias else ""
    if not health.reachable or another_name:
        return Card(alias, another_name, health)
    try:
        return Card(alias, another_name, health, look(store))
    except StateStoreError as error:
        return Card(alias, another_name, health, problem=str(error))
