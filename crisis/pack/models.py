"""Packs that were made."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.clock import uuid7


class Pack(models.Model):
    """One pack, sealed under a data key of its own (subject: the pack's id), because it names
    people and their numbers. Rows do not change; the key of an old pack is destroyed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    made_at = models.DateTimeField(_("made at"))
    page = models.BinaryField()
    page_sha256 = models.CharField(max_length=64)
    pdf = models.BinaryField()
    pdf_sha256 = models.CharField(max_length=64)
    facts = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("crisis pack")
        verbose_name_plural = _("crisis packs")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.made_at:%Y-%m-%d %H:%M}"
