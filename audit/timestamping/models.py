"""Time-stamps of checkpoints."""

from __future__ import annotations

from django.db import models

from core.clock import uuid7


class Timestamp(models.Model):
    """A time-stamp of the checkpoint of `size` leaves, verified before it was stored.
    Append-only.

    It attests the checkpoint's text (origin, size, root: the note without its signatures).
    `response` is the authority's answer (RFC 3161, TimeStampResp in DER: a `.tsr` file);
    `attested_at` is the time in it, `serial` its serial number in decimal.
    """

    id = models.UUIDField(primary_key=True, default=uuid7)
    size = models.BigIntegerField()
    authority = models.CharField(max_length=400)
    serial = models.CharField(max_length=80)
    attested_at = models.DateTimeField()
    received_at = models.DateTimeField()
    response = models.BinaryField()

    class Meta:
        ordering = ["-size", "authority"]
        constraints = [
            models.UniqueConstraint(fields=["size", "authority"], name="audit_timestamp_once")
        ]

    def __str__(self) -> str:
        return f"{self.authority} at {self.size}"
