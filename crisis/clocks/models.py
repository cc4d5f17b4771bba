"""The clock table, and the clocks that run."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.clock import uuid7
from core.reviewed.models import ReviewedVersion
from crisis.clocks import rules
from crisis.incidents.models import Incident

FIRM = "firm"


def clock_state_choices() -> list[tuple[str, Any]]:
    """Value and label of every state."""
    return [(state.value, label) for state, label in rules.STATE_LABELS.items()]


class ClockTable(models.Model):
    """The one table of duties of the firm (`code` FIRM)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.SlugField(_("code"), unique=True, max_length=20)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("clock table")
        verbose_name_plural = _("clock tables")

    def __str__(self) -> str:
        return self.code


class ClockTableVersion(ReviewedVersion):
    """One wording of the table. `rows` as `rules.canonical` gives them; `operator` says that the
    firm operates critical information infrastructure (关键信息基础设施)."""

    parent_name = "table"
    content_names = ("rows", "operator")
    record_prefix = "clock_table"

    table = models.ForeignKey(ClockTable, on_delete=models.PROTECT, related_name="versions")
    rows = models.JSONField(_("rows"), default=list)
    operator = models.BooleanField(_("operates critical infrastructure"), default=False)

    class Meta:
        verbose_name = _("clock table version")
        verbose_name_plural = _("clock table versions")
        ordering = ["-number"]
        constraints = ReviewedVersion.constraints_for("table", "crisis_clocktable")

    def __str__(self) -> str:
        return f"clock table v{self.number}"

    @property
    def parsed(self) -> list[rules.Row]:
        """The rows as the rules see them."""
        return [rules.row_of(row) for row in self.rows]

    def canonical(self) -> dict[str, Any]:
        return {"rows": self.rows, "operator": self.operator}

    @property
    def object_ref(self) -> str:
        return f"clocktable:{self.table_id}"


class Clock(models.Model):
    """One duty of one incident that runs, or ran.

    `row` is the table's row as it stood when the clock started, which no later version changes.
    `round` counts repetitions; `first_due_at` is the first round's, the grid of those after it.
    `breached_at` is the due instant, written once when that passed unmet, however late somebody
    noticed. `met_at` is when the duty was done, which may lie before it was recorded.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="clocks")
    version = models.ForeignKey(ClockTableVersion, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(_("code"), max_length=40)
    jurisdiction = models.CharField(_("jurisdiction"), max_length=10)
    row = models.JSONField()
    round = models.PositiveIntegerField(_("round"), default=1)
    state = models.CharField(
        _("state"), max_length=10, choices=clock_state_choices, default=rules.State.RUNNING.value
    )
    started_at = models.DateTimeField(_("started at"))
    first_due_at = models.DateTimeField()
    due_at = models.DateTimeField(_("due at"))
    recorded_at = models.DateTimeField(_("recorded at"))
    met_at = models.DateTimeField(_("met at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    breached_at = models.DateTimeField(_("breached at"), null=True, blank=True)
    reason = models.TextField(_("reason"), blank=True)

    class Meta:
        verbose_name = _("clock")
        verbose_name_plural = _("clocks")
        ordering = ["due_at", "id"]
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                condition=Q(state__in=["running", "paused"]),
                name="crisis_clock_live",
            ),
            models.Index(
                fields=["due_at"],
                condition=Q(state="running", breached_at=None),
                name="crisis_clock_to_watch",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "code", "round"], name="crisis_clock_round_once"
            ),
            models.CheckConstraint(
                name="crisis_clock_law_never_pauses",
                condition=~Q(state="paused") | Q(jurisdiction=rules.HOUSE),
            ),
            models.CheckConstraint(
                name="crisis_clock_ended",
                condition=Q(state__in=["running", "paused"], met_at=None, ended_at=None)
                | Q(state="met", met_at__isnull=False, ended_at__isnull=False)
                | Q(state="cancelled", met_at=None, ended_at__isnull=False) & ~Q(reason="")
                | Q(state="lapsed", met_at=None, ended_at__isnull=False),
            ),
            models.CheckConstraint(
                name="crisis_clock_due_after_start", condition=Q(due_at__gte=F("started_at"))
            ),
            models.CheckConstraint(
                name="crisis_clock_breached_when_due",
                condition=Q(breached_at=None) | Q(breached_at=F("due_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.due_at:%Y-%m-%d %H:%M}"

    @property
    def duty(self) -> rules.Row:
        """The row that it was started by."""
        return rules.row_of(self.row)

    @property
    def is_live(self) -> bool:
        """Whether it is still to be met."""
        return self.state in rules.LIVE

    def urgency_at(self, now: dt.datetime) -> rules.Urgency:
        """How urgent it is."""
        return rules.urgency(
            state=self.state, due=self.due_at, met=self.met_at,
            breached=self.breached_at is not None, now=now,
        )  # fmt: skip


class ClockPause(models.Model):
    """A stretch during which a house clock stood still, with the reason. Only its end is added."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clock = models.ForeignKey(Clock, on_delete=models.PROTECT, related_name="pauses")
    reason = models.TextField(_("reason"))
    paused_at = models.DateTimeField(_("paused at"))
    paused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True
    )
    resumed_at = models.DateTimeField(_("resumed at"), null=True, blank=True)
    resumed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )

    class Meta:
        verbose_name = _("pause of a clock")
        verbose_name_plural = _("pauses of clocks")
        ordering = ["paused_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["clock"], condition=Q(resumed_at=None), name="crisis_clockpause_one_open"
            ),
            models.CheckConstraint(name="crisis_clockpause_has_reason", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"{self.clock_id} {self.paused_at:%Y-%m-%d %H:%M}"
