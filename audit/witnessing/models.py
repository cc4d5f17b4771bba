"""What outsiders said about checkpoints, and how asking them went."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Cosignature(models.Model):
    """A witness's signature on a checkpoint, verified before it was stored. Append-only.

    `size` is the checkpoint's, `key` the witness's verifier key, `line` the signature line of
    the note (C2SP tlog-cosignature), `cosigned_at` the time that the witness put into it.
    """

    id = models.BigAutoField(primary_key=True)
    size = models.BigIntegerField()
    key = models.CharField(max_length=300)
    line = models.TextField()
    cosigned_at = models.DateTimeField()
    received_at = models.DateTimeField()

    class Meta:
        ordering = ["-size", "key"]
        constraints = [
            models.UniqueConstraint(fields=["size", "key"], name="audit_cosignature_once")
        ]

    def __str__(self) -> str:
        return f"{self.name} at {self.size}"

    @property
    def name(self) -> str:
        """The witness's name."""
        return self.key.partition("+")[0]


class AttestorKind(models.TextChoices):
    """What an outsider attests."""

    WITNESS = "witness", _("Witness")
    AUTHORITY = "authority", _("Time-stamping authority")


class Attestor(models.Model):
    """How asking a witness or a time-stamping authority went; one row for each, rewritten.

    `name` is the witness's verifier key, or the authority's address. `size` is the newest
    checkpoint that it attested. `failures` counts those in a row; `next_at` is when it is asked
    again after one.
    """

    name = models.CharField(max_length=400, primary_key=True)
    kind = models.CharField(max_length=12, choices=AttestorKind.choices)
    size = models.BigIntegerField(default=0)
    held_at = models.DateTimeField(null=True)
    tried_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.name
