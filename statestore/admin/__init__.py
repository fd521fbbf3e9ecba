"""The section "Scoped state" of the admin: every configured store, its scopes and their entries.

Django's autodiscovery imports this and so adds the section to the default admin site. A site of one's own takes it
with ``attach(site)``. Nothing is registered and no model is made up: scopes are no rows, and most stores no tables.
"""

from django.contrib import admin

from statestore.admin.section import attach

__all__ = ["attach"]

attach(admin.site)
