"""KEKs that nothing may be wrapped under any more."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class RetiredKek(models.Model):
    """A retired key-encryption key. A trigger refuses data keys wrapped under it, so that a
    process that has not noticed the rotation cannot write what nobody could open again."""

    number = models.PositiveIntegerField(primary_key=True)
    retired_at = models.DateTimeField()

    class Meta:
        verbose_name = _("retired key-encryption key")
        verbose_name_plural = _("retired key-encryption keys")
        ordering = ["number"]

    def __str__(self) -> str:
        return str(self.number)
