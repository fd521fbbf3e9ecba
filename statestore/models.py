"""The one table behind ``ModelStore``. Moments are microseconds since the epoch, as everywhere inside."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from statestore.fields import JSONTextField, NameField, VersionField


class Entry(models.Model):
    """One value of one scope. Read and written through a store, which keeps the rules; not by hand."""

    pk = models.CompositePrimaryKey("scope", "key")
    scope = NameField()
    key = NameField()
    value = JSONTextField()
    version = VersionField()
    updated_at = models.BigIntegerField()
    used_at = models.BigIntegerField()
    expires_at = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        permissions = [("clean_entry", "Can clean scopes")]

    def __str__(self) -> str:
        return f"{self.scope} / {self.key}"
