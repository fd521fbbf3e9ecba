"""What somebody without statestore would write."""

from django.db import models


class NaiveEntry(models.Model):
    """As most begin: an id, a JSONField, and a constraint."""

    scope = models.CharField(max_length=200)
    key = models.CharField(max_length=200)
    value = models.JSONField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("scope", "key"), name="one_value_a_key")]

    def __str__(self):
        return f"{self.scope} / {self.key}"


class LeanEntry(models.Model):
    """As a careful hand would: text that somebody else encodes."""

    scope = models.CharField(max_length=200)
    key = models.CharField(max_length=200)
    value = models.TextField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=("scope", "key"), name="one_text_a_key")]

    def __str__(self):
        return f"{self.scope} / {self.key}"
