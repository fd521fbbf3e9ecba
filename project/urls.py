"""The site's pages, the admin, and the API where it is installed."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", include("project.demo.urls")),
    path("admin/", admin.site.urls),
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}demo/icon.svg")),
]

if settings.HAS_API:
    from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

    from project.demo.views.notes import notes

    urlpatterns += [
        path("notes/", notes, name="notes"),
        path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
        path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
        path("api/", include("statestore.api.urls")),
    ]
