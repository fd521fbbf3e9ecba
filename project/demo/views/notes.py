"""A page that reads and writes a value through the API, as a program in the browser would."""

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.urls import reverse

KEY = "note"


@login_required
def notes(request):
    """Show the page. Its script does the rest, at the address of the visitor's own note."""
    own = request.state.user
    context = {
        "address": reverse("statestore-api:value", args=[own.store.alias, own.name, KEY]),
        "scope": own.name,
        "key": KEY,
    }
    return render(request, "demo/notes.html", context)
