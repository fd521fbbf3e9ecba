"""What the tests can be asked for: the admin, and the API where Django REST framework is there."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [path("admin/", admin.site.urls), path("api/", include("statestore.api.urls"))]
