"""Rounds and who took part."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.clock import uuid7
from core.history import History
from crisis.risks.rounds import rules
from crisis.risks.salted import Salted


def state_choices() -> list[tuple[str, Any]]:
    return [(state.value, label) for state, label in rules.STATE_LABELS.items()]


def presence_choices() -> list[tuple[str, Any]]:
    return [(presence.value, label) for presence, label in rules.PRESENCE_LABELS.items()]


class Round(Salted):
    """A meeting of departments in a quarter that looks for risks. Its chair closes it with
    minutes; then neither it nor its attendance changes."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    quarter = models.CharField(_("quarter"), max_length=6)
    planned_on = models.DateField(_("day"))
    departments = models.JSONField(_("departments"), default=list)
    chair = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("chair"),
        on_delete=models.PROTECT,
        related_name="+",
    )
    state = models.CharField(
        _("state"), max_length=10, choices=state_choices, default=rules.State.PLANNED.value
    )
    minutes = models.TextField(_("minutes"), blank=True)
    state_reason = models.TextField(_("reason"), blank=True)
    created_at = models.DateTimeField(_("planned at"))
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    history = History(excluded_fields=["salt"])

    class Meta:
        verbose_name = _("round of identification")
        verbose_name_plural = _("rounds of identification")
        db_table = "crisis_riskround"
        ordering = ["-planned_on", "-id"]
        constraints = [
            models.CheckConstraint(
                name="crisis_round_closed_with_minutes",
                condition=~Q(state="closed") | (~Q(minutes="") & Q(closed_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quarter} · {self.planned_on}"


class Attendance(models.Model):
    """Whether a member of staff took part in a round, for which department."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="attendance")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=models.PROTECT,
        related_name="+",
    )
    department = models.CharField(_("department"), max_length=60)
    presence = models.CharField(_("attendance"), max_length=8, choices=presence_choices)
    history = History()

    class Meta:
        verbose_name = _("attendance")
        verbose_name_plural = _("attendance")
        db_table = "crisis_riskattendance"
        ordering = ["department", "id"]
        constraints = [
            models.UniqueConstraint(fields=["round", "person"], name="crisis_attendance_once"),
            models.CheckConstraint(
                name="crisis_attendance_presence", condition=Q(presence__in=sorted(rules.Presence))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.round_id} {self.person_id} {self.presence}"
