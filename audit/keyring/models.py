"""Changes of the log's key."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Reason(models.TextChoices):
    """Why the log's key was changed."""

    SCHEDULED = "scheduled", _("Scheduled")
    PEOPLE = "people", _("Somebody with access left")
    COMPROMISED = "compromised", _("The key may be known to others")


class KeyRotation(models.Model):
    """A change of the log's key, signed by the old key and the new one. Append-only.

    The old key signed checkpoints of up to `size` leaves, the new one those beyond. `old` and
    `new` are verifier keys; `note` is the statement (`audit.keyring.statement`), which alone is
    believed: the other columns are for reading.
    """

    size = models.BigIntegerField(primary_key=True)
    rotated_at = models.DateTimeField()
    old = models.CharField(max_length=400)
    new = models.CharField(max_length=400)
    reason = models.CharField(max_length=20, choices=Reason.choices)
    note = models.TextField()

    class Meta:
        ordering = ["-size"]

    def __str__(self) -> str:
        return f"key changed at {self.size}"
