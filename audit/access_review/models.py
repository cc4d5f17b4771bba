"""Access reviews and what was decided in them. A review's snapshot never changes, a decision is
written once, and nobody signs what she decided (triggers in the migration)."""

from __future__ import annotations

import json
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.clock import uuid7


class ReviewState(models.TextChoices):
    """How far a review is."""

    OPEN = "open", _("Open")
    SIGNED = "signed", _("Signed off")


class AccessReview(models.Model):
    """One review of the period [period_from, period_to). `snapshot` is canonical JSON (RFC 8785),
    frozen at `made_at`; `snapshot_hash` is its SHA-256, which the ledger has too."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    state = models.CharField(
        _("state"), max_length=6, choices=ReviewState, default=ReviewState.OPEN
    )
    period_from = models.DateTimeField(_("from"))
    period_to = models.DateTimeField(_("to"))
    made_at = models.DateTimeField(_("made at"))
    made_by = models.UUIDField(null=True)
    snapshot = models.TextField()
    snapshot_hash = models.CharField(max_length=64)
    signed_by = models.UUIDField(null=True)
    signed_at = models.DateTimeField(null=True)
    statement = models.TextField(_("statement"), blank=True, default="")

    class Meta:
        verbose_name = _("access review")
        verbose_name_plural = _("access reviews")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="audit_accessreview_signed_by_someone",
                condition=Q(state="open", signed_by=None)
                | Q(state="signed", signed_by__isnull=False, signed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="audit_accessreview_period", condition=Q(period_to__gt=F("period_from"))
            ),
            models.UniqueConstraint(
                fields=["state"], name="audit_accessreview_one_open", condition=Q(state="open")
            ),
        ]

    def __str__(self) -> str:
        return f"access review {self.period_to:%Y-%m-%d}"

    @property
    def content(self) -> dict[str, Any]:
        """The snapshot, parsed."""
        content: dict[str, Any] = json.loads(self.snapshot)
        return content


class ReviewItem(models.Model):
    """One thing to decide: a finding about one person, with the figures behind it."""

    id = models.BigAutoField(primary_key=True)
    review = models.ForeignKey(AccessReview, on_delete=models.PROTECT, related_name="items")
    person = models.UUIDField()
    finding = models.CharField(max_length=20)
    detail = models.JSONField(default=dict)
    decision = models.CharField(_("decision"), max_length=8, blank=True, default="")
    reason = models.TextField(_("reason"), blank=True, default="")
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="audit_reviewitem_not_oneself",
                condition=Q(decision="", decided_by=None)
                | (
                    Q(decision__in=["keep", "remove", "explain"], decided_by__isnull=False)
                    & ~Q(decided_by=F("person"))
                    & (Q(decision="keep") | ~Q(reason=""))
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.finding} {self.person}"
