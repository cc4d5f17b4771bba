"""Controls, the risks they act on, and what people noted as evidence."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.clock import uuid7
from core.history import History
from crisis.risks.controls import rules
from crisis.risks.models import Risk
from crisis.risks.salted import Salted


def kind_choices() -> list[tuple[str, Any]]:
    return [(kind.value, label) for kind, label in rules.KIND_LABELS.items()]


def frequency_choices() -> list[tuple[str, Any]]:
    return [(each.value, label) for each, label in rules.FREQUENCY_LABELS.items()]


class Control(Salted):
    """Something that is done against risks. `source` names what the product itself sees of it
    (`crisis.risks.evidence`); without one, people note evidence by hand."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(_("code"), max_length=20, unique=True, editable=False)
    title = models.CharField(_("title"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    kind = models.CharField(_("kind"), max_length=12, choices=kind_choices)
    frequency = models.CharField(_("frequency"), max_length=12, choices=frequency_choices)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("owner"), on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip
    source = models.CharField(_("evidence"), max_length=40, blank=True)
    created_at = models.DateTimeField(_("created at"))
    retired_at = models.DateTimeField(_("retired at"), null=True, blank=True)
    retire_reason = models.TextField(_("why it was retired"), blank=True)
    history = History(excluded_fields=["salt"])

    class Meta:
        verbose_name = _("control")
        verbose_name_plural = _("controls")
        db_table = "crisis_riskcontrol"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="crisis_control_kind", condition=Q(kind__in=sorted(rules.Kind))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


class ControlUse(models.Model):
    """That a control acts on a risk, and how strongly (percent)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    risk = models.ForeignKey(Risk, on_delete=models.PROTECT, related_name="uses")
    control = models.ForeignKey(Control, on_delete=models.PROTECT, related_name="uses")
    strength = models.PositiveSmallIntegerField(_("strength (%)"))
    since = models.DateTimeField(_("since"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    end_reason = models.TextField(_("why it ended"), blank=True)
    history = History()

    class Meta:
        verbose_name = _("control of a risk")
        verbose_name_plural = _("controls of risks")
        db_table = "crisis_riskcontroluse"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["risk", "control"], condition=Q(ended_at=None), name="crisis_use_once"
            ),
            models.CheckConstraint(
                name="crisis_use_strength",
                condition=Q(strength__gte=1, strength__lte=rules.MAX_STRENGTH),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.risk_id} {self.control_id} {self.strength} %"


class ControlEvidence(models.Model):
    """What somebody saw of a control on a day, with a link, good until a day. Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    control = models.ForeignKey(Control, on_delete=models.PROTECT, related_name="evidence")
    works = models.BooleanField(_("it works"))
    note = models.TextField(_("what was seen"))
    link = models.URLField(_("link"), max_length=500, blank=True)
    on = models.DateField(_("day"))
    expires_on = models.DateField(_("good until"))
    recorded_at = models.DateTimeField(_("recorded at"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("by"), on_delete=models.PROTECT,
        related_name="+", null=True, blank=True,
    )  # fmt: skip

    class Meta:
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")
        db_table = "crisis_riskcontrolevidence"
        ordering = ["-on", "-id"]
        constraints = [
            models.CheckConstraint(
                name="crisis_evidence_expires_later", condition=Q(expires_on__gt=F("on"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.control_id} {self.on}"
