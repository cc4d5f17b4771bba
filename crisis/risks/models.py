"""Risks, their assessments and acceptances."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.clock import uuid7
from core.history import History
from crisis.risks import rules
from crisis.risks.rounds.models import Round
from crisis.risks.salted import Salted


def kind_choices() -> list[tuple[str, Any]]:
    return [(kind.value, label) for kind, label in rules.KIND_LABELS.items()]


def state_choices() -> list[tuple[str, Any]]:
    return [(state.value, label) for state, label in rules.STATE_LABELS.items()]


def stage_choices() -> list[tuple[str, Any]]:
    return [(stage.value, label) for stage, label in rules.STAGE_LABELS.items()]


def acceptance_choices() -> list[tuple[str, Any]]:
    return [(state.value, label) for state, label in rules.ACCEPTANCE_LABELS.items()]


def person(verbose_name: Any, *, null: bool = False) -> Any:
    """A foreign key to a member of staff, who is never deleted."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=verbose_name,
        on_delete=models.PROTECT,
        related_name="+",
        null=null,
        blank=null,
    )


class RiskQuerySet(models.QuerySet["Risk"]):
    """Chainable questions about risks."""

    def live(self) -> RiskQuerySet:
        """Those that are not closed."""
        return self.filter(state__in=sorted(rules.LIVE))


class Risk(Salted):
    """One risk of the register. `round` is the round of identification that raised it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(_("code"), max_length=20, unique=True, editable=False)
    kind = models.CharField(_("type"), max_length=12, choices=kind_choices)
    title = models.CharField(_("title"), max_length=rules.MAX_TITLE)
    description = models.TextField(_("description"), blank=True)
    causes = models.TextField(_("causes"), blank=True)
    owner = person(_("owner"))
    department = models.CharField(_("department"), max_length=rules.MAX_DEPARTMENT)
    state = models.CharField(
        _("state"), max_length=10, choices=state_choices, default=rules.State.DRAFT.value
    )
    state_reason = models.TextField(_("reason for the state"), blank=True)
    round = models.ForeignKey(
        Round, on_delete=models.PROTECT, related_name="risks", null=True, blank=True
    )
    created_at = models.DateTimeField(_("created at"))
    created_by = person(_("created by"), null=True)
    changed_at = models.DateTimeField(_("changed at"))
    history = History(excluded_fields=["salt"])
    objects = RiskQuerySet.as_manager()

    class Meta:
        verbose_name = _("risk")
        verbose_name_plural = _("risks")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="crisis_risk_kind", condition=Q(kind__in=sorted(rules.Kind))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    @property
    def object_ref(self) -> str:
        """`kind:id` for the ledger."""
        return f"risk:{self.pk}"


class Assessment(models.Model):
    """How likely and how bad somebody held a risk to be at an instant. Append-only: another view
    is another row, and the newest of each stage counts."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    risk = models.ForeignKey(Risk, on_delete=models.PROTECT, related_name="assessments")
    stage = models.CharField(_("stage"), max_length=10, choices=stage_choices)
    likelihood = models.PositiveSmallIntegerField(_("likelihood (%)"))
    impact = models.PositiveSmallIntegerField(_("impact (%)"))
    why = models.TextField(_("why"))
    at = models.DateTimeField(_("at"))
    by = person(_("by"), null=True)

    class Meta:
        verbose_name = _("assessment")
        verbose_name_plural = _("assessments")
        db_table = "crisis_riskassessment"
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["risk", "stage", "-at"], name="crisis_assessment_newest"),
        ]
        constraints = [
            models.CheckConstraint(
                name="crisis_assessment_percent",
                condition=Q(likelihood__lte=100, impact__lte=100),
            ),
            models.CheckConstraint(
                name="crisis_assessment_stage", condition=Q(stage__in=sorted(rules.Stage))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.risk_id} {self.stage} {self.likelihood} × {self.impact}"


class Acceptance(models.Model):
    """That the house lives with a risk until a day. One person proposes it, another, who does not
    own the risk, decides; it ends by itself or is revoked. `likelihood` and `impact` are what
    was accepted: the newest residual assessment, or else the current one."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    risk = models.ForeignKey(Risk, on_delete=models.PROTECT, related_name="acceptances")
    state = models.CharField(
        _("state"),
        max_length=10,
        choices=acceptance_choices,
        default=rules.AcceptanceState.PROPOSED.value,
    )
    reason = models.TextField(_("reason"))
    expires_on = models.DateField(_("last day"))
    likelihood = models.PositiveSmallIntegerField(_("likelihood (%)"))
    impact = models.PositiveSmallIntegerField(_("impact (%)"))
    proposed_by = person(_("proposed by"))
    proposed_at = models.DateTimeField(_("proposed at"))
    decided_by = person(_("decided by"), null=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    ended_by = person(_("ended by"), null=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    end_reason = models.TextField(_("reason of the end"), blank=True)
    history = History()

    class Meta:
        verbose_name = _("acceptance")
        verbose_name_plural = _("acceptances")
        db_table = "crisis_riskacceptance"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["risk"], condition=Q(state="proposed"), name="crisis_acceptance_one_asked"
            ),
            models.UniqueConstraint(
                fields=["risk"], condition=Q(state="active"), name="crisis_acceptance_one_active"
            ),
            models.CheckConstraint(
                name="crisis_acceptance_two_people",
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("proposed_by")),
            ),
            models.CheckConstraint(
                name="crisis_acceptance_decided",
                condition=Q(state__in=["proposed", "withdrawn"])
                | Q(decided_by__isnull=False, decided_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.risk_id} {self.state} {self.expires_on}"
