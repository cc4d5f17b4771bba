"""Criteria and their versions, signals, and what each led to."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.clock import uuid7
from core.reviewed.models import ReviewedVersion
from crisis.criteria import rules

HOUSE = "house"  # the one set of the firm


def outcome_choices() -> list[tuple[str, Any]]:
    """Value and label of every outcome."""
    return [(each.value, label) for each, label in rules.OUTCOME_LABELS.items()]


class CriterionSet(models.Model):
    """The criteria of the firm, all together; its versions say what they were when."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.SlugField(_("code"), unique=True, max_length=40)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("activation criteria")
        verbose_name_plural = _("activation criteria")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class CriterionSetVersion(ReviewedVersion):
    """One form of the criteria: `content` as `rules.read` reads it."""

    parent_name = "criterion_set"
    content_names = ("content",)
    record_prefix = "criteria"

    criterion_set = models.ForeignKey(
        CriterionSet, on_delete=models.PROTECT, related_name="versions"
    )
    content = models.JSONField(_("content"), default=dict)

    class Meta:
        verbose_name = _("version of the activation criteria")
        verbose_name_plural = _("versions of the activation criteria")
        ordering = ["criterion_set", "-number"]
        constraints = ReviewedVersion.constraints_for("criterion_set", "crisis_criteria")

    def __str__(self) -> str:
        return f"{self.criterion_set} v{self.number}"

    def canonical(self) -> dict[str, Any]:
        return dict(self.content)

    @property
    def object_ref(self) -> str:
        return f"criteria:{self.criterion_set.code}"

    @property
    def criteria(self) -> tuple[rules.Criterion, ...]:
        """The criteria as the rules see them."""
        return rules.read(self.content)


class Signal(models.Model):
    """A value of a measure that somebody reported. Append-only.

    `message_id` names it at its source: reported twice, it is kept once. `body_hash` is the
    SHA-256 of the signed call, empty for the product's own monitors.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    source = models.CharField(_("source"), max_length=40)
    message_id = models.CharField(max_length=200)
    measure = models.CharField(_("measure"), max_length=40)
    value = models.DecimalField(_("value"), max_digits=16, decimal_places=3)
    unit = models.CharField(_("unit"), max_length=30, blank=True)
    at = models.DateTimeField(_("at"))
    received_at = models.DateTimeField(_("received at"))
    body_hash = models.CharField(max_length=64, blank=True)
    outcome = models.CharField(_("led to"), max_length=8, choices=outcome_choices)

    class Meta:
        verbose_name = _("signal")
        verbose_name_plural = _("signals")
        ordering = ["-id"]
        indexes = [models.Index(fields=["measure", "at"], name="crisis_signal_measure")]
        constraints = [
            models.UniqueConstraint(fields=["source", "message_id"], name="crisis_signal_once")
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.measure} {self.value}"

    @property
    def figure(self) -> str:
        """The value without needless zeros."""
        return f"{self.value:f}".rstrip("0").rstrip(".") if self.value else "0"


class Effect(models.Model):
    """A criterion that a signal met, and the incident that it started or joined. Append-only.
    `value` is what was held against the threshold: the signal's own, or a sum."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    signal = models.ForeignKey(Signal, on_delete=models.PROTECT, related_name="effects")
    criterion = models.CharField(_("criterion"), max_length=40)
    value = models.DecimalField(_("value"), max_digits=18, decimal_places=3)
    outcome = models.CharField(_("led to"), max_length=8, choices=outcome_choices)
    incident = models.ForeignKey(
        "crisis.Incident", on_delete=models.PROTECT, related_name="signal_effects"
    )

    class Meta:
        verbose_name = _("effect of a signal")
        verbose_name_plural = _("effects of signals")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["signal", "criterion"], name="crisis_effect_once")
        ]

    def __str__(self) -> str:
        return f"{self.criterion} {self.outcome}"
