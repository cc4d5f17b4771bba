"""Reports to regulators, their versions under four eyes, and their handing in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.clock import uuid7
from core.reviewed.models import ReviewedVersion
from crisis.clocks.models import Clock
from crisis.reports import rules
from crisis.reports.definitions import Form, form_for


def how_choices() -> list[tuple[str, Any]]:
    """Value and label of every way to hand in."""
    return [(how.value, label) for how, label in rules.HOW_LABELS.items()]


class RegulatorReport(models.Model):
    """The report that one clock asks for. Later wordings of it are versions."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clock = models.OneToOneField(Clock, on_delete=models.PROTECT, related_name="report")
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("regulator report")
        verbose_name_plural = _("regulator reports")
        ordering = ["-id"]

    def __str__(self) -> str:
        return str(self.clock)

    @property
    def form(self) -> Form:
        """What it asks for."""
        return form_for(self.clock.code)


class RegulatorReportVersion(ReviewedVersion):
    """One wording of a report: `answers` by the name of the field. `salt` keeps the ledger from
    telling the words (`rules.commitments`)."""

    parent_name = "report"
    content_names = ("answers", "salt")
    record_prefix = "report"

    report = models.ForeignKey(RegulatorReport, on_delete=models.PROTECT, related_name="versions")
    answers = models.JSONField(_("answers"), default=dict)
    salt = models.CharField(max_length=32)

    class Meta:
        verbose_name = _("version of a regulator report")
        verbose_name_plural = _("versions of regulator reports")
        ordering = ["report", "-number"]
        constraints = ReviewedVersion.constraints_for("report", "crisis_report")

    def __str__(self) -> str:
        return f"{self.report} v{self.number}"

    def canonical(self) -> dict[str, Any]:
        return {
            "code": self.report.clock.code,
            "answers": rules.commitments(self.salt, self.answers),
        }

    @property
    def object_ref(self) -> str:
        return f"report:{self.report_id}"

    @property
    def ledger_incident(self) -> UUID:
        return self.report.clock.incident_id

    @property
    def ledger_facts(self) -> dict[str, Any]:
        clock = self.report.clock
        return {"code": clock.code, "exercise": clock.incident.exercise}


class ReportSubmission(models.Model):
    """An approved version as it was handed in. Append-only. `at` is the regulator's time, which
    meets the clock; the receipt is a file, a text, or both."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.OneToOneField(
        RegulatorReportVersion, on_delete=models.PROTECT, related_name="submission"
    )
    at = models.DateTimeField(_("handed in at"))
    recorded_at = models.DateTimeField(_("recorded at"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    how = models.CharField(_("how"), max_length=10, choices=how_choices)
    reference = models.CharField(_("reference"), max_length=120)
    receipt_text = models.TextField(_("receipt"), blank=True)
    receipt_name = models.CharField(max_length=200, blank=True)
    receipt_type = models.CharField(max_length=40, blank=True)
    receipt_sha256 = models.CharField(max_length=64, blank=True)
    receipt = models.BinaryField(null=True)

    class Meta:
        verbose_name = _("handing in of a report")
        verbose_name_plural = _("handing in of reports")
        ordering = ["-at"]
        constraints = [
            models.CheckConstraint(
                name="crisis_submission_has_receipt",
                condition=~Q(receipt_text="") | Q(receipt__isnull=False) & ~Q(receipt_sha256=""),
            ),
            models.CheckConstraint(
                name="crisis_submission_recorded_after",
                condition=Q(recorded_at__gte=F("at")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version} {self.at:%Y-%m-%d %H:%M}"
