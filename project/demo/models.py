"""What the site knows by itself: which flows and nodes are loaded. All else about them is state."""

from django.db import models
from django.utils import timezone

from statestore.fields import NameField


class Flow(models.Model):
    """A loaded flow. Its state is in the scope that is named as the flow."""

    scope = NameField(unique=True)
    loaded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["scope"]

    def __str__(self):
        return self.scope


class Node(models.Model):
    """A loaded node, and the flow it goes with; one that several flows share goes with none."""

    flow = models.ForeignKey(Flow, models.CASCADE, null=True, related_name="nodes")
    scope = NameField(unique=True)

    class Meta:
        ordering = ["scope"]

    def __str__(self):
        return self.scope
