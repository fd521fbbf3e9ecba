"""What the tests can be asked for: the admin, and the API where Django REST framework is there."""

from django.contrib import admin
from django.urls import path

urlpatterns = [path("admin/", admin.site.urls)]
