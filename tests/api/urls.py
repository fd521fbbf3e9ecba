"""The API under a prefix, as a site mounts it."""

from django.urls import include, path

urlpatterns = [path("api/", include("statestore.api.urls"))]
