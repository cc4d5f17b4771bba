"""Incidents, their moments, and their timeline."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.clock import uuid7
from core.history import History
from crisis.incidents import rules


def choices_of(labels: dict[Any, Any]) -> list[tuple[str, Any]]:
    """Value and label of an enumeration."""
    return [(str(value), label) for value, label in labels.items()]


def state_choices() -> list[tuple[str, Any]]:
    return choices_of(rules.STATE_LABELS)


def nature_choices() -> list[tuple[str, Any]]:
    return choices_of(rules.NATURE_LABELS)


def entry_choices() -> list[tuple[str, Any]]:
    return choices_of(rules.ENTRY_LABELS)


def moment_choices() -> list[tuple[str, Any]]:
    return choices_of(rules.MOMENT_LABELS)


class IncidentQuerySet(models.QuerySet["Incident"]):
    """Chainable questions about incidents."""

    def open(self) -> IncidentQuerySet:
        """Those that are neither closed nor false alarms."""
        return self.filter(state__in=sorted(rules.OPEN))

    def real(self) -> IncidentQuerySet:
        """Without exercises."""
        return self.filter(exercise=False)


class Incident(models.Model):
    """One incident, or one exercise of one.

    `since` is when the trouble began, as far as is known. `cause` names what activated it
    (`hand`, `criterion:<code>`, `alarm:<action>`); while it is open, signals with the same
    `dedupe` attach to it. `plan` is the content of the plan in force when it was activated, frozen
    (C4); `tier` is one of the plan's levels, empty until verified. `scope` is what is hit
    (`rules.clean_scope`). `exercise` never changes.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(_("code"), max_length=20, unique=True, editable=False)
    title = models.CharField(_("title"), max_length=200)
    exercise = models.BooleanField(_("exercise"), default=False)
    nature = models.CharField(_("nature"), max_length=20, choices=nature_choices, blank=True)
    scope = models.JSONField(_("scope"), default=dict)
    tier = models.CharField(_("tier"), max_length=40, blank=True)
    state = models.CharField(
        _("state"), max_length=12, choices=state_choices, default=rules.State.ALARMED.value
    )
    state_reason = models.TextField(_("reason for the state"), blank=True)
    cause = models.CharField(_("cause"), max_length=120)
    dedupe = models.CharField(max_length=120, blank=True)
    plan = models.JSONField(_("plan"), default=dict)
    since = models.DateTimeField(_("since"))
    activated_at = models.DateTimeField(_("activated at"))
    verified_at = models.DateTimeField(_("verified at"), null=True, blank=True)
    restored_at = models.DateTimeField(_("restored at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    activated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    lead = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    history = History()
    objects = IncidentQuerySet.as_manager()

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["dedupe", "exercise"],
                condition=models.Q(state__in=sorted(rules.OPEN)) & ~models.Q(dedupe=""),
                name="crisis_incident_one_open",
            ),
            models.CheckConstraint(
                name="crisis_incident_tier_once_verified",
                condition=models.Q(verified_at__isnull=True) | ~models.Q(tier=""),
            ),
            models.CheckConstraint(
                name="crisis_incident_nature_once_verified",
                condition=models.Q(verified_at__isnull=True) | ~models.Q(nature=""),
            ),
            models.CheckConstraint(
                name="crisis_incident_times_of_state",
                condition=models.Q(
                    models.Q(state="alarmed", verified_at__isnull=True)
                    | models.Q(state__in=["verified", "restored", "closed"])
                    & models.Q(verified_at__isnull=False)
                    | models.Q(state="dismissed"),
                    models.Q(state__in=["restored", "closed"], restored_at__isnull=False)
                    | models.Q(state__in=["alarmed", "verified", "dismissed"]),
                    models.Q(state__in=["closed", "dismissed"], closed_at__isnull=False)
                    | models.Q(
                        state__in=["alarmed", "verified", "restored"], closed_at__isnull=True
                    ),
                ),
            ),
            models.CheckConstraint(
                name="crisis_incident_ends_with_words",
                condition=models.Q(state__in=["alarmed", "verified", "restored"])
                | ~models.Q(state_reason=""),
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def is_open(self) -> bool:
        """Whether work on it goes on."""
        return self.state in rules.OPEN


class Moment(models.Model):
    """An instant at which duties begin. Append-only, each kind once per incident."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="moments")
    kind = models.CharField(_("kind"), max_length=40, choices=moment_choices)
    at = models.DateTimeField(_("at"))
    recorded_at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("moment")
        verbose_name_plural = _("moments")
        ordering = ["incident", "at"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "kind"], name="crisis_moment_once")
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.kind}"


class Entry(models.Model):
    """One line of an incident's timeline. Append-only: a mistake is put right by another entry.

    `at` is when it happened, `recorded_at` when the product wrote it, `written_at` when it was
    typed if that was without a network. `client_id` makes sending it twice harmless. `text` is
    for people; `detail` holds the same as data (old and new state, a clock's code …). The ledger
    keeps `rules.commitment(salt, text)`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(_("kind"), max_length=16, choices=entry_choices)
    text = models.TextField(_("text"), blank=True)
    salt = models.BinaryField(max_length=16)
    detail = models.JSONField(default=dict)
    at = models.DateTimeField(_("at"))
    recorded_at = models.DateTimeField(_("recorded at"))
    written_at = models.DateTimeField(_("written at"), null=True, blank=True)
    backdated = models.BooleanField(_("back-dated"), default=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    client_id = models.UUIDField(null=True, blank=True)

    class Meta:
        verbose_name = _("timeline entry")
        verbose_name_plural = _("timeline entries")
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["incident", "at", "id"], name="crisis_entry_timeline")]
        constraints = [
            models.UniqueConstraint(fields=["incident", "client_id"], name="crisis_entry_sent_once")
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.at:%Y-%m-%d %H:%M}"

    @property
    def written_offline(self) -> bool:
        """Whether it lay on a device without a network before it was sent."""
        return self.written_at is not None


class Attachment(models.Model):
    """A photo or file of an entry, kept under its hash. Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="attachments")
    name = models.CharField(_("name"), max_length=200)
    content_type = models.CharField(_("type"), max_length=100)
    size = models.PositiveIntegerField(_("bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["entry", "sha256"], name="crisis_attachment_once"),
            models.CheckConstraint(
                name="crisis_attachment_size",
                condition=models.Q(size__gt=0, size__lte=rules.MAX_FILE),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TierDecision(models.Model):
    """Why an incident is of its tier: one row for each time that it was set. Append-only, and the
    database lets no tier change without one.

    `proposed` is what the rule of the frozen plan said; `reason` must stand where the decision
    differs from it, and at every later change (C3).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="tier_decisions")
    before = models.CharField(_("before"), max_length=40, blank=True)
    tier = models.CharField(_("tier"), max_length=40)
    proposed = models.CharField(_("proposed by the rule"), max_length=40, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    decided_at = models.DateTimeField(_("decided at"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("decision about the tier")
        verbose_name_plural = _("decisions about the tier")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="crisis_tierdecision_reasoned",
                condition=~models.Q(reason="")
                | models.Q(before="") & models.Q(proposed__in=[models.F("tier"), ""]),
            ),
            models.CheckConstraint(
                name="crisis_tierdecision_changes",
                condition=~models.Q(tier="") & ~models.Q(tier=models.F("before")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.before or '–'} → {self.tier}"


class Assignment(models.Model):
    """Somebody took a role, or left it (`person` empty). Append-only: whoever stands in the
    newest row of a role has it. `role` is a code of the frozen plan, or `lead`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="assignments")
    role = models.CharField(_("role"), max_length=40)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )

    class Meta:
        verbose_name = _("role taken")
        verbose_name_plural = _("roles taken")
        ordering = ["id"]
        indexes = [models.Index(fields=["incident", "role", "-id"], name="crisis_assignment_held")]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.role}"
