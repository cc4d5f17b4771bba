"""Drills, what was measured in them, what they found."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.clock import uuid7
from crisis.drills import rules
from crisis.incidents.models import Incident, choices_of


def drill_state_choices() -> list[tuple[str, Any]]:
    return choices_of(rules.STATE_LABELS)


def drill_kind_choices() -> list[tuple[str, Any]]:
    return choices_of(rules.KIND_LABELS)


class Drill(models.Model):
    """One exercise, from its plan to its score. Its incident is always an exercise (trigger).

    `steps` are [{"name", "seconds"}], the times to be measured, counted from the start; `scope`
    as of an incident. `score` is written once, when it ends (`rules.score`).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(_("kind"), max_length=16, choices=drill_kind_choices)
    title = models.CharField(_("title"), max_length=200)
    scenario = models.TextField(_("scenario"))
    nature = models.CharField(_("nature"), max_length=20, blank=True)
    scope = models.JSONField(_("scope"), default=dict)
    steps = models.JSONField(_("steps"), default=list)
    planned_for = models.DateTimeField(_("planned for"))
    participants: models.Field[Any, list[UUID]] = ArrayField(models.UUIDField(), default=list)
    state = models.CharField(
        _("state"), max_length=10, choices=drill_state_choices, default=rules.State.PLANNED.value
    )
    reason = models.TextField(_("reason for the state"), blank=True)
    incident = models.OneToOneField(
        Incident, on_delete=models.PROTECT, related_name="drill", null=True, blank=True
    )
    planned_at = models.DateTimeField(_("planned at"))
    planned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    summary = models.TextField(_("summary"), blank=True)
    score = models.JSONField(_("score"), default=dict)

    class Meta:
        verbose_name = _("drill")
        verbose_name_plural = _("drills")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="crisis_drill_started",
                condition=models.Q(state__in=["planned", "cancelled"])
                | models.Q(incident__isnull=False, started_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.title


class DrillMark(models.Model):
    """A step of a drill was done at `at`. Append-only, each step once."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    drill = models.ForeignKey(Drill, on_delete=models.PROTECT, related_name="marks")
    step = models.PositiveSmallIntegerField(_("step"))
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("measured time")
        verbose_name_plural = _("measured times")
        ordering = ["step"]
        constraints = [
            models.UniqueConstraint(fields=["drill", "step"], name="crisis_drillmark_once")
        ]

    def __str__(self) -> str:
        return f"{self.drill_id} {self.step}"


class LostContact(models.Model):
    """An investor whom fewer than two channels reached when the drill began, and when a way to
    reach them was found (once). How stands in the firm's own files; here only that."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    drill = models.ForeignKey(Drill, on_delete=models.PROTECT, related_name="lost")
    investor = models.ForeignKey(
        "investors.Investor", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    reach = models.PositiveSmallIntegerField(_("usable channels"))
    found_at = models.DateTimeField(_("found at"), null=True, blank=True)
    found_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )

    class Meta:
        verbose_name = _("lost contact")
        verbose_name_plural = _("lost contacts")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["drill", "investor"], name="crisis_lostcontact_once")
        ]

    def __str__(self) -> str:
        return str(self.id)


class DrillFinding(models.Model):
    """What a drill showed, what is to be done about it, by whom until when. Append-only, but for
    that it is done."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    drill = models.ForeignKey(Drill, on_delete=models.PROTECT, related_name="findings")
    text = models.TextField(_("finding"))
    action = models.TextField(_("action"))
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField(_("due on"))
    noted_at = models.DateTimeField(_("noted at"))
    noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    outcome = models.TextField(_("outcome"), blank=True)

    class Meta:
        verbose_name = _("finding of a drill")
        verbose_name_plural = _("findings of drills")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text[:60]
