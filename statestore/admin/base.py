"""What every page of the section has in common."""

from typing import Any

from django.apps import apps
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views import View

from statestore.admin.permissions import require, rights
from statestore.backends.base import StateStore
from statestore.exceptions import InvalidKey, InvalidScope, OperationDisabled, StoreError, UnknownStore
from statestore.handler import stores
from statestore.names import check_key, check_scope


class Page(View):
    """A page for those who have the permissions in ``needs``. A store that is unwell gets a page that says so."""

    site: AdminSite = None  # type: ignore[assignment]  # as_view() is given it
    http_method_names = ["get", "head", "post", "options"]
    template = ""
    needs: tuple[str, ...] = ("view",)
    needs_to_post: tuple[str, ...] = ()
    verb: tuple[str, ...] = ()  # what the page is for, where that can be switched off: the switch, and the verb
    store: StateStore
    alias = ""
    scope = ""
    key = ""

    def dispatch(self, request: HttpRequest, *args: Any, **names: str) -> HttpResponseBase:
        """Check permissions and names, then answer."""
        request.current_app = self.site.name
        require(request, *self.needs, *(self.needs_to_post if request.method == "POST" else ()))
        try:
            self._find(**names)
            if self.verb:
                self.store._permit(*self.verb)  # noqa: SLF001 (a form that is sure to be refused is not shown)
            return self._rendered(super().dispatch(request))
        except (UnknownStore, InvalidScope, InvalidKey) as error:
            raise Http404(str(error)) from error
        except OperationDisabled as error:
            return self._apology(error, 403)
        except (StoreError, ImproperlyConfigured) as error:
            return self._apology(error, 503)

    def _find(self, alias: str = "", scope: str = "", key: str = "", **others: str) -> None:
        self.kwargs = others
        if alias:
            self.alias, self.store = alias, stores[alias]
        if scope:
            self.scope = check_scope(scope)
        if key:
            self.key = check_key(key)

    def _rendered(self, response: HttpResponseBase) -> HttpResponseBase:
        """Render within reach of the handlers, for what a template reads lazily."""
        return response.render() if isinstance(response, TemplateResponse) else response

    def _apology(self, error: Exception, status: int) -> HttpResponse:
        context = self.context(title=_("The store does not answer") if status == 503 else _("Switched off"))
        return TemplateResponse(
            self.request, "admin/statestore/unwell.html", {**context, "error": error}, status=status
        ).render()

    def context(self, **extra: Any) -> dict[str, Any]:
        """Return what the templates of the admin and of the section need."""
        return {
            **self.site.each_context(self.request),
            "may": rights(self.request),
            "is_unfold": apps.is_installed("unfold"),  # its pages have no place for breadcrumbs
            "enabled": self.store.config.enabled if self.alias and hasattr(self, "store") else (),
            "alias": self.alias,
            "scope": self.scope,
            "key": self.key,
            **extra,
        }

    def page(self, *, status: int = 200, **extra: Any) -> TemplateResponse:
        """Return the page's template with this context."""
        return TemplateResponse(self.request, self.template, self.context(**extra), status=status)

    def url(self, name: str, *names: str) -> str:
        """Return the address of another page of the section."""
        return reverse(f"admin:statestore_{name}", args=names, current_app=self.site.name)

    def go(self, name: str, *names: str) -> HttpResponseRedirect:
        """Return a redirect to another page of the section."""
        return HttpResponseRedirect(self.url(name, *names))

    def say(self, level: int, sentence: Any) -> None:
        """Leave a message for the next page."""
        messages.add_message(self.request, level, sentence)
