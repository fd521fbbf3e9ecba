"""The site as servers run it: `wsgi` and `asgi`."""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.http.settings"

from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application

wsgi, asgi = get_wsgi_application(), get_asgi_application()


def sign_in():
    """Make the tables and one of the staff; return the cookie that the person has."""
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.test import Client

    call_command("migrate", verbosity=0)
    person = get_user_model().objects.create_superuser("ada")
    browser = Client()
    browser.force_login(person)
    return f"sessionid={browser.cookies['sessionid'].value}"


if __name__ == "__main__":
    print(sign_in())
