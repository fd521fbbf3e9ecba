"""The first page, and what anybody may do there."""

from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from project.demo.theme import THEMES, own_state
from statestore import with_context


@with_context
def home(request, state):
    """Greet, and count this visitor's visits."""
    visits = state.session.increment("visits")
    return render(request, "demo/home.html", {"visits": visits, "greeting": greeting(state)})


def greeting(state):
    """Return the tenant's greeting, else the site's."""
    return state.lookup("greeting", "tenant", "global", default="Welcome")


@require_POST
@with_context
async def like(request, state):
    """Count one more like, for all to see."""
    await state.global_.aincrement("likes")
    return redirect("home")


@require_POST
def choose_theme(request):
    """Keep the visitor's theme, and go back to where it was chosen."""
    if (chosen := request.POST.get("theme")) in THEMES:
        own_state(request)["theme"] = chosen
    back = request.POST.get("next", "")
    return redirect(back if url_has_allowed_host_and_scheme(back, {request.get_host()}) else "home")
