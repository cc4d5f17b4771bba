"""Saved queries and what they answered."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.clock import uuid7


class SavedQuery(models.Model):
    """A question to the history that was asked once and can be asked again.

    `filters` is `RecordFilter.narrow()`; `typed` the text searched for, sealed under `owner`'s
    key. `digest` stands for the answer that the log of `size` leaves gave: `found` records.
    """

    id = models.UUIDField(primary_key=True, default=uuid7)
    name = models.CharField(_("name"), max_length=120)
    owner = models.UUIDField()
    filters = models.JSONField(default=dict)
    typed = models.BinaryField(null=True)
    size = models.BigIntegerField()
    found = models.BigIntegerField()
    digest = models.BinaryField()
    saved_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("saved query")
        verbose_name_plural = _("saved queries")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name


class QueryAnswer(models.Model):
    """One later answer to a saved query: at the size it was saved at (`found`, `digest`), and
    how many records match by now (`found_now` of a log of `size_now`)."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    query = models.ForeignKey(SavedQuery, on_delete=models.PROTECT, related_name="answers")
    asked_at = models.DateTimeField()
    asked_by = models.UUIDField(null=True)
    found = models.BigIntegerField()
    digest = models.BinaryField()
    same = models.BooleanField()
    size_now = models.BigIntegerField()
    found_now = models.BigIntegerField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"answer {self.asked_at:%Y-%m-%d %H:%M}"
