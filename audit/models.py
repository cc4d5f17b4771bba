"""The ledger's tables. The application role may SELECT and INSERT on the first four, nothing
else; migrations take the other rights away and add triggers as a second line."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.export.rules import (
    APPROVED_STATES,
    ExportState,
    Parties,
    new_watermark,
    state_choices,
)
from core.clock import uuid7
from core.history import History


class CanonicalJSON(models.TextField):  # type: ignore[type-arg]
    """Canonical JSON text in a PostgreSQL `json` column, which keeps the text as written."""

    def db_type(self, connection: Any) -> str:
        return "json"

    def select_format(self, compiler: Any, sql: str, params: Any) -> tuple[str, Any]:
        """Select the text as written; the driver would parse a `json` column."""
        return f"({sql})::text", params


class Record(models.Model):
    """One event. Insert through `audit.record` only."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    occurred_at = models.DateTimeField(_("occurred at"))
    recorded_at = models.DateTimeField(_("recorded at"))
    action = models.CharField(_("action"), max_length=80)
    actor = models.CharField(_("actor"), max_length=120)
    notice = models.UUIDField(null=True)
    delivery = models.UUIDField(null=True)
    investor = models.UUIDField(null=True)
    template = models.UUIDField(null=True)
    version = models.UUIDField(null=True)
    incident = models.UUIDField(null=True)
    staff = models.UUIDField(null=True)
    object = models.CharField(max_length=200, null=True)
    payload = CanonicalJSON()
    sealed = models.BinaryField(null=True)

    class Meta:
        verbose_name = _("record")
        verbose_name_plural = _("records")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="audit_record_plain_names",
                condition=models.Q(action__regex=r"^[a-z0-9_]+(\.[a-z0-9_]+)+$")
                & models.Q(actor__regex=r"^[a-z]+:[A-Za-z0-9_.:-]+$"),
            )
        ]
        indexes = [
            models.Index(
                name=f"audit_record_{name}",
                fields=[name, "-id"],
                condition=models.Q(**{f"{name}__isnull": False}),
            )
            for name in (
                "notice", "delivery", "investor", "template", "version", "incident", "staff",
                "object",
            )
        ] + [
            models.Index(name="audit_record_action", fields=["action", "-id"]),
            models.Index(name="audit_record_actor", fields=["actor", "-id"]),
            BrinIndex(name="audit_record_recorded_at", fields=["recorded_at"], autosummarize=True),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.action} {self.id}"

    @property
    def content(self) -> dict[str, Any]:
        """The payload, parsed."""
        content: dict[str, Any] = json.loads(self.payload)
        return content


class Leaf(models.Model):
    """The place of a record in the log. Written by the sequencer."""

    index = models.BigIntegerField(primary_key=True)
    record = models.UUIDField(unique=True)
    hash = models.BinaryField()

    class Meta:
        ordering = ["index"]

    def __str__(self) -> str:
        return str(self.index)


class Tile(models.Model):
    """Hashes of one tile (C2SP tlog-tiles); `width` is 256 for a full one."""

    id = models.BigAutoField(primary_key=True)
    level = models.PositiveSmallIntegerField()
    index = models.BigIntegerField()
    width = models.PositiveSmallIntegerField()
    hashes = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["level", "index", "width"], name="audit_tile_written_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.level}/{self.index}.{self.width}"


class Checkpoint(models.Model):
    """A signed tree head; `note` is the C2SP checkpoint as published."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField()
    signed_at = models.DateTimeField()
    note = models.TextField()

    class Meta:
        ordering = ["-size"]

    def __str__(self) -> str:
        return f"checkpoint {self.size}"


class Pending(models.Model):
    """A committed record that the sequencer has not placed yet. A trigger fills this table;
    it is a queue, not part of the ledger."""

    record = models.UUIDField(primary_key=True)

    def __str__(self) -> str:
        return str(self.record)


class SoundedAlarm(models.Model):
    """Where the records of alarms are: every page asks which stand, and the months of the ledger
    grow. Written with the record; `witness` is the name of the one that refused."""

    record = models.UUIDField(primary_key=True)
    action = models.CharField(max_length=80)
    at = models.DateTimeField()
    witness = models.TextField(blank=True, default="")

    class Meta:
        indexes = [models.Index(name="audit_soundedalarm_newest", fields=["action", "-at"])]

    def __str__(self) -> str:
        return self.action


class ClosedAlarm(models.Model):
    """A witness's alarm that a person closed, because that witness is asked no more."""

    alarm = models.OneToOneField(
        SoundedAlarm, primary_key=True, on_delete=models.PROTECT, related_name="closed"
    )
    record = models.UUIDField()
    at = models.DateTimeField()
    by = models.UUIDField()

    def __str__(self) -> str:
        return str(self.alarm_id)


class SequencerState(models.Model):
    """The coordination row: whoever holds its lock is the sequencer. `frontier` is the state of
    the incremental tree at `size`; verification never reads it."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    size = models.BigIntegerField(default=0)
    frontier = models.BinaryField(default=b"")

    def __str__(self) -> str:
        return f"size {self.size}"


class SubjectKey(models.Model):
    """The data key of one person, wrapped by the key-encryption key. Destroying it erases what
    is sealed under it (L4), in backups too."""

    subject = models.UUIDField(primary_key=True)
    wrapped = models.BinaryField(null=True)
    created_at = models.DateTimeField()
    destroyed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.subject)


class Verification(models.Model):
    """The result of one verification of the whole log."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    size = models.BigIntegerField(default=0)
    ok = models.BooleanField(null=True)
    findings = models.JSONField(default=list)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"verification {self.started_at:%Y-%m-%d %H:%M}"


def _unset(*names: str) -> models.Q:
    return models.Q(**{f"{name}__isnull": True for name in names})


_PERIOD = models.Q(period_from__isnull=False, period_to__gt=models.F("period_from"))
_NO_PERIOD = _unset("period_from", "period_to")
_SUBJECTS = ("notice", "investor", "template", "incident")
_APPROVED = sorted(state.value for state in APPROVED_STATES)


class Export(models.Model):
    """A regulator export: its scope, the two people behind it, its state and its files.

    The scope is one subject, a period [from, to), or a subject within a period. `total` records
    are in scope, `records` are written so far; `missing` were committed but not yet in the log
    at `checkpoint`, so they are not in the bag. `watermark` stands on every page of its report.
    A trigger refuses every move but those of `audit.export.rules`, and any change of what was
    asked for or decided.
    """

    id = models.UUIDField(primary_key=True, default=uuid7)
    notice = models.UUIDField(_("notice"), null=True)
    investor = models.UUIDField(_("investor"), null=True)
    template = models.UUIDField(_("template"), null=True)
    incident = models.UUIDField(_("incident"), null=True)
    period_from = models.DateTimeField(_("from"), null=True)
    period_to = models.DateTimeField(_("to"), null=True)
    reason = models.TextField(_("reason"))
    recipient = models.CharField(_("recipient"), max_length=200)
    recipient_user = models.UUIDField(null=True)
    watermark = models.CharField(max_length=40, unique=True, default=new_watermark)
    state = models.CharField(
        max_length=20, choices=state_choices, default=ExportState.REQUESTED.value
    )
    requested_by = models.UUIDField(null=True)
    requested_at = models.DateTimeField()
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.TextField(blank=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_reason = models.TextField(blank=True)
    total = models.BigIntegerField(default=0)
    records = models.BigIntegerField(default=0)
    missing = models.BigIntegerField(default=0)
    checkpoint = models.BigIntegerField(null=True)
    manifest = models.CharField(max_length=64, blank=True)
    archive = models.CharField(max_length=64, blank=True)
    path = models.CharField(max_length=400, blank=True)
    error = models.TextField(blank=True)
    history = History(
        excluded_fields=[
            "reason", "recipient", "decision_reason", "ended_reason", "error", "path", "total",
            "records",
        ]
    )  # fmt: skip

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="audit_export_one_scope",
                condition=(_unset(*_SUBJECTS) & _PERIOD)
                | models.Q(
                    *[
                        _unset(*(other for other in _SUBJECTS if other != name))
                        & models.Q(**{f"{name}__isnull": False})
                        for name in _SUBJECTS
                    ],
                    _connector=models.Q.OR,
                )
                & (_PERIOD | _NO_PERIOD),
            ),
            models.CheckConstraint(
                name="audit_export_two_people",
                condition=~models.Q(state__in=_APPROVED)
                | models.Q(
                    requested_by__isnull=False, decided_by__isnull=False, decided_at__isnull=False
                ),
            ),
            models.CheckConstraint(
                name="audit_export_decided_by_another",
                condition=models.Q(decided_by__isnull=True)
                | ~models.Q(state__in=[*_APPROVED, ExportState.REFUSED.value])
                | (
                    ~models.Q(decided_by=models.F("requested_by"))
                    & (
                        models.Q(recipient_user__isnull=True)
                        | ~models.Q(decided_by=models.F("recipient_user"))
                    )
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"export {self.id}"

    subject_words = ""
    """The subject for people, when `audit.export.selectors.name_subjects` was asked."""

    @property
    def parties(self) -> Parties:
        """Who has to do with it, for `audit.export.rules.may_see`."""
        return Parties(
            requested_by=self.requested_by,
            decided_by=self.decided_by,
            recipient_user=self.recipient_user,
            waiting=self.state == ExportState.REQUESTED,
            made=self.finished_at is not None and self.state != ExportState.FAILED,
        )


from audit.access_review.models import AccessReview as AccessReview  # noqa: E402
from audit.browsing.models import QueryAnswer as QueryAnswer  # noqa: E402
from audit.browsing.models import SavedQuery as SavedQuery  # noqa: E402
from audit.export.models import ExportBuild as ExportBuild  # noqa: E402
from audit.export.models import ExportPart as ExportPart  # noqa: E402
from audit.keyring.models import KeyRotation as KeyRotation  # noqa: E402
from audit.retention.models import LegalHold as LegalHold  # noqa: E402
from audit.timestamping.models import Timestamp as Timestamp  # noqa: E402
from audit.witnessing.models import Attestor as Attestor  # noqa: E402
from audit.witnessing.models import AttestorKind as AttestorKind  # noqa: E402
from audit.witnessing.models import Cosignature as Cosignature  # noqa: E402
from audit.wrapping.models import RetiredKek as RetiredKek  # noqa: E402
