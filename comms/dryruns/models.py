"""Dry runs as they were shown."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.clock import uuid7


class DryRun(models.Model):
    """One dry run. `fingerprint` is the SHA-256 of what the notice was then
    (`services.fingerprint`), `summary` the counts that were shown (`AudiencePreview.summary`),
    `made_by` the actor's reference. Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    notice = models.ForeignKey("comms.Notice", on_delete=models.PROTECT, related_name="dry_runs")
    fingerprint = models.CharField(max_length=64)
    summary = models.JSONField()
    made_by = models.CharField(max_length=200)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.notice_id} {self.made_at:%Y-%m-%d %H:%M}"


class DryRunJob(models.Model):
    """A dry run of a large audience, made by workers in short shifts.

    `done` of `expected` investors are counted; `partial` (`AudiencePreview.to_json`) and `after`
    are where the next shift goes on. A worker at work holds `holder` and `lease_until`; between
    shifts both are empty. A lease that ran out is a worker that was lost: `lost` counts them.
    A trigger holds the moves, and keeps a job that ended as it is.
    """

    class State(models.TextChoices):
        REQUESTED = "requested", _("Requested")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")
        SUPERSEDED = "superseded", _("Superseded")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    notice = models.ForeignKey(
        "comms.Notice", on_delete=models.PROTECT, related_name="dry_run_jobs", db_index=False
    )
    fingerprint = models.CharField(max_length=64)
    state = models.CharField(
        _("state"), max_length=12, choices=State, default=State.REQUESTED.value
    )
    asked_by = models.CharField(max_length=200)
    requested_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    expected = models.BigIntegerField(default=0)
    done = models.BigIntegerField(default=0)
    partial = models.JSONField(default=dict)
    after = models.UUIDField(null=True)
    holder = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    lost = models.PositiveSmallIntegerField(default=0)
    dry_run = models.OneToOneField(DryRun, on_delete=models.PROTECT, null=True, related_name="job")
    error_code = models.CharField(max_length=60, blank=True, default="")
    error = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["notice", "-id"], name="comms_dryrunjob_notice")]
        constraints = [
            models.UniqueConstraint(
                fields=["notice"],
                condition=models.Q(state__in=["requested", "running"]),
                name="comms_dryrunjob_one_open",
            ),
            models.CheckConstraint(
                name="comms_dryrunjob_done_has_result",
                condition=models.Q(state="done", dry_run__isnull=False)
                | (~models.Q(state="done") & models.Q(dry_run__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.notice_id} {self.state}"

    @property
    def open(self) -> bool:
        """Whether workers still have to do with it."""
        return self.state in OPEN


OPEN = frozenset({DryRunJob.State.REQUESTED.value, DryRunJob.State.RUNNING.value})
