"""How the section gets into an ``AdminSite``: by its two documented hooks, ``get_urls`` and ``get_app_list``."""

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.contrib.admin import AdminSite
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.urls import URLPattern, path, re_path, register_converter, reverse

from statestore import conf
from statestore.admin import clean, entry, exchange, history, removal, scope, scopes, stores
from statestore.admin.addresses import NameConverter
from statestore.admin.base import Page
from statestore.admin.permissions import may
from statestore.exceptions import UnknownStore
from statestore.handler import stores as configured

LABEL = "statestore"
STORE, SCOPE, ENTRY = "<statename:alias>/", "scope/<statename:scope>/", "key/<statename:key>/"
PAGES: list[tuple[str, type[Page], str]] = [
    ("", stores.StoresPage, "entry_changelist"),
    ("~log/<path:object_id>/change/", history.LoggedObject, "entry_change"),
    (STORE, scopes.ScopesPage, "scopes"),
    (f"{STORE}add/", entry.AddPage, "add_scope"),
    (f"{STORE}clean/", clean.CleanPage, "clean"),
    (f"{STORE}export/", exchange.ExportPage, "export"),
    (f"{STORE}import/", exchange.ImportPage, "import"),
    (f"{STORE}{SCOPE}", scope.ScopePage, "scope"),
    (f"{STORE}{SCOPE}add/", entry.AddPage, "add_entry"),
    (f"{STORE}{SCOPE}delete/", removal.DeleteScopePage, "delete_scope"),
    (f"{STORE}{SCOPE}export/", exchange.ExportPage, "export_scope"),
    (f"{STORE}{SCOPE}history/", history.HistoryPage, "history"),
    (f"{STORE}{SCOPE}{ENTRY}", entry.EntryPage, "entry"),
    (f"{STORE}{SCOPE}{ENTRY}delete/", removal.RemoveEntryPage, "remove_entry"),
    (f"{STORE}{SCOPE}{ENTRY}raw/", entry.RawPage, "raw"),
]

register_converter(NameConverter, "statename")  # pyright: ignore[reportArgumentType]


def attach(site: AdminSite) -> None:
    """Add the section to this admin site; adding it again changes nothing."""
    if getattr(site, "has_scoped_state", False):
        return
    hooks = {
        "has_scoped_state": True,
        "get_urls": _with_urls(site, site.get_urls),
        "get_app_list": _with_section(site, site.get_app_list),
    }
    for name, hook in hooks.items():
        setattr(site, name, hook)


def _with_urls(site: AdminSite, get_urls: Callable[[], list[Any]]) -> Callable[[], list[Any]]:
    def get_all_urls() -> list[Any]:
        own = stores.StoresPage.as_view(site=site)
        section = re_path(f"^(?P<app_label>{LABEL})/$", site.admin_view(own), name="app_list")
        return [*(_route(site, *page) for page in PAGES), section, *get_urls()]

    return get_all_urls


def _route(site: AdminSite, where: str, page: type[Page], name: str) -> URLPattern:
    return path(f"{LABEL}/{where}", site.admin_view(page.as_view(site=site)), name=f"{LABEL}_{name}")


def _with_section(site: AdminSite, get_app_list: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    def get_whole_app_list(request: HttpRequest, app_label: str | None = None) -> list[Any]:
        found = get_app_list(request, app_label)
        if app_label in (None, LABEL) and (may(request, "view") or may(request, "add")):
            _insert(found, _section(site, request))
        return found

    return get_whole_app_list


def _insert(app_list: list[Any], section: dict[str, Any]) -> None:
    """Put the section in its place by the alphabet; an order of the site's own stays."""
    name = section["name"].lower()
    place = next((at for at, app in enumerate(app_list) if str(app["name"]).lower() > name), len(app_list))
    app_list.insert(place, section)


def _section(site: AdminSite, request: HttpRequest) -> dict[str, Any]:
    return {
        "name": str(apps.get_app_config(LABEL).verbose_name),
        "app_label": LABEL,
        "app_url": reverse("admin:statestore_entry_changelist", current_app=site.name),
        "has_module_perms": True,
        "models": [_row(site, request, alias) for alias in conf.store_params()],
    }


def _row(site: AdminSite, request: HttpRequest, alias: str) -> dict[str, Any]:
    """Return the row of one store, with what the templates of the admin ask of a model's row."""
    rights = {verb: may(request, verb) for verb in ("add", "change", "delete", "view")}
    addable = rights["add"] and _takes_more(alias)

    def address(page: str) -> str:
        return reverse(f"admin:statestore_{page}", args=[alias], current_app=site.name)

    return {
        "model": apps.get_model(LABEL, "Entry"),
        "name": alias,
        "object_name": alias,
        "perms": rights,
        "admin_url": address("scopes") if rights["view"] else None,
        "add_url": address("add_scope") if addable else None,
        "view_only": not rights["change"],
    }


def _takes_more(alias: str) -> bool:
    try:
        return "SET" in configured[alias].config.enabled
    except (ImproperlyConfigured, UnknownStore):
        return False
