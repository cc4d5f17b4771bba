"""Requests for erasure. Nothing in a row is personal once the data key is gone."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.clock import uuid7
from investors.models import Investor


class ErasureRequest(models.Model):
    """A request to erase one investor, and what became of it.

    `reason_sealed` and `answer_sealed` lie under the investor's own key (contexts
    "erasure.reason", "erasure.answer"): people write names there, and with the key they go too.
    `kept_because` repeats the duties and holds that stood in the way when it was refused, as
    {type, rule, source, until}.
    """

    class State(models.TextChoices):
        REQUESTED = "requested", _("Waiting for a decision")
        ERASED = "erased", _("Erased")
        REFUSED = "refused", _("Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    class Ground(models.TextChoices):
        PURPOSE = "purpose", _("No longer needed for its purpose")
        CONSENT = "consent", _("Consent withdrawn")
        OBJECTION = "objection", _("The person objects")
        UNLAWFUL = "unlawful", _("Processed against the law")
        ORDER = "order", _("Ordered by an authority or a court")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    investor = models.ForeignKey(
        Investor, on_delete=models.PROTECT, related_name="erasures", db_index=False
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.REQUESTED)
    ground = models.CharField(_("ground"), max_length=10, choices=Ground)
    reason_sealed = models.BinaryField(null=True)
    answer_sealed = models.BinaryField(null=True)
    kept_because = models.JSONField(default=list)
    requested_by = models.UUIDField()
    requested_at = models.DateTimeField(_("requested at"))
    answer_due = models.DateTimeField(_("answer due"))
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(_("decided at"), null=True)

    class Meta:
        verbose_name = _("erasure request")
        verbose_name_plural = _("erasure requests")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                name="investors_erasure_one_open",
                fields=["investor"],
                condition=Q(state="requested"),
            ),
            models.CheckConstraint(
                name="investors_erasure_second_person",
                condition=~Q(state__in=["erased", "refused"])
                | (Q(decided_by__isnull=False) & ~Q(decided_by=F("requested_by"))),
            ),
            models.CheckConstraint(
                name="investors_erasure_decided",
                condition=Q(state="requested", decided_by=None, decided_at=None)
                | (~Q(state="requested") & Q(decided_by__isnull=False, decided_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(name="investors_erasure_of", fields=["investor", "-id"]),
        ]

    def __str__(self) -> str:
        return f"erasure {self.id}"
