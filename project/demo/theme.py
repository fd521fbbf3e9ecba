"""The theme that a visitor chose: kept with the account when signed in, else with the visit."""

THEMES = ("auto", "light", "dark")


def own_state(request):
    """Return the most lasting state that the visitor has: the user's when signed in, else the session's."""
    return request.state.user if request.user.is_authenticated else request.state.session


def theme(request):
    """Context processor: the ``theme`` of this visitor, and the ``themes`` there are."""
    chosen = request.state.lookup("theme", "user", "session", "tenant", "global", default="auto")
    return {"theme": chosen if chosen in THEMES else "auto", "themes": THEMES}
