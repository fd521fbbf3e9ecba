"""State over HTTP, on Django REST framework: ``path("api/", include("statestore.api.urls"))``."""
