"""Retrospectives, their versions, and actions."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.clock import uuid7
from core.history import History
from core.reviewed.models import ReviewedVersion
from crisis.incidents.models import Incident, choices_of
from crisis.learning import rules


def action_state_choices() -> list[tuple[str, Any]]:
    return choices_of(rules.ACTION_LABELS)


class Retrospective(models.Model):
    """The look back on one incident."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.OneToOneField(
        Incident, on_delete=models.PROTECT, related_name="retrospective"
    )
    started_at = models.DateTimeField(_("started at"))

    class Meta:
        verbose_name = _("retrospective")
        verbose_name_plural = _("retrospectives")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.incident.code


class RetrospectiveVersion(ReviewedVersion):
    """One wording of it; the approved one is signed off. `procedure` says which procedure was
    changed because of the incident, and where it stands."""

    parent_name = "retrospective"
    content_names = rules.PARTS
    record_prefix = "retrospective"

    retrospective = models.ForeignKey(
        Retrospective, on_delete=models.PROTECT, related_name="versions"
    )
    summary = models.TextField(_("what happened"), blank=True)
    worked = models.TextField(_("what worked"), blank=True)
    failed = models.TextField(_("what did not work"), blank=True)
    causes = models.TextField(_("causes"), blank=True)
    procedure = models.TextField(_("revised procedure"), blank=True)

    class Meta:
        verbose_name = _("version of a retrospective")
        verbose_name_plural = _("versions of retrospectives")
        ordering = ["retrospective", "-number"]
        constraints = ReviewedVersion.constraints_for("retrospective", "crisis_retrospective")

    def __str__(self) -> str:
        return f"{self.retrospective} v{self.number}"

    @property
    def parts(self) -> dict[str, str]:
        """The words by part."""
        return {name: getattr(self, name) for name in rules.PARTS}

    def canonical(self) -> dict[str, Any]:
        return {"v": 1, "incident": str(self.retrospective.incident_id), **self.parts}

    @property
    def object_ref(self) -> str:
        return f"retrospective:{self.retrospective_id}"


class LearningAction(models.Model):
    """Something to be done because of an incident. `outcome` is what was done, or why it was
    dropped; `chased` the last question to the owner (`rules.chase_step`)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="actions")
    title = models.CharField(_("what is to be done"), max_length=300)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField(_("due on"))
    state = models.CharField(
        _("state"),
        max_length=8,
        choices=action_state_choices,
        default=rules.ActionState.OPEN.value,
    )
    outcome = models.TextField(_("outcome"), blank=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    added_at = models.DateTimeField(_("added at"))
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    chased = models.SmallIntegerField(null=True, blank=True)
    history = History(excluded_fields=["chased"])

    class Meta:
        verbose_name = _("action")
        verbose_name_plural = _("actions")
        ordering = ["due_on", "id"]
        indexes = [
            models.Index(
                fields=["due_on"], condition=models.Q(state="open"), name="crisis_action_open"
            )
        ]
        constraints = [
            models.CheckConstraint(
                name="crisis_action_ended_with_outcome",
                condition=models.Q(state="open", ended_at=None)
                | models.Q(outcome__regex=r"\S", ended_at__isnull=False, ended_by__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.title
