from __future__ import annotations

import pghistory
from django.db import models
from simple_history.models import HistoricalRecords


class Thing(models.Model):
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=200)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.code


class Plain(Thing):
    """Ours: nothing on the model; the service writes the record."""


class Historied(Thing):
    """django-simple-history."""

    history = HistoricalRecords()


class Logged(Thing):
    """django-auditlog."""


@pghistory.track(pghistory.UpdateEvent())
class Tracked(Thing):
    """django-pghistory: a trigger copies the row."""
