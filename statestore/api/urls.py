"""The routes. They mount under any prefix, and answer for everything below ``stores/``."""

from django.urls import path, re_path, register_converter

from statestore.api import views


class Segment:
    """One segment of a path as it is; an empty one is a bad name, not another route."""

    regex = "[^/]*"

    def to_python(self, value: str) -> str:
        """Leave the escapes to the view, which can say what is wrong with them."""
        return value

    def to_url(self, value: str) -> str:
        """Write a name as it stands in a URL."""
        return value.replace("~", "~0").replace("/", "~1")


register_converter(Segment, "statestore_segment")

STORE = "stores/<statestore_segment:store>"
SCOPE = f"{STORE}/scopes/<statestore_segment:scope>"
VALUE = f"{SCOPE}/values/<statestore_segment:key>"

app_name = "statestore-api"
urlpatterns = [
    # the most asked for first
    path(f"{VALUE}/", views.ValueView.as_view(), name="value"),
    path("stores/", views.StoresView.as_view(), name="stores"),
    path(f"{STORE}/clean/", views.CleanView.as_view(), name="clean"),
    path(f"{STORE}/scopes/", views.ScopesView.as_view(), name="scopes"),
    path(f"{SCOPE}/", views.ScopeView.as_view(), name="scope"),
    path(f"{SCOPE}/values/", views.ValuesView.as_view(), name="values"),
    path(f"{VALUE}/increment/", views.IncrementView.as_view(), name="increment"),
    re_path(r"^stores(?:/[\s\S]*)?\Z", views.NothingView.as_view(), name="nothing"),
]
