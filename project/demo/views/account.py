"""Signing in; signing out is Django's."""

from django.conf import settings
from django.contrib.auth.views import LoginView


class SignIn(LoginView):
    """Django's own, with a word on the demo's accounts where there are any."""

    redirect_authenticated_user = True

    def get_context_data(self, **kwargs):
        return super().get_context_data(demo_accounts=settings.DEBUG, **kwargs)
