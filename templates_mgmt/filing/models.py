"""Filing records, carriers' templates, re-reviews, and the reminders that were given."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.clock import uuid7
from core.history import History
from templates_mgmt import rules as template_rules
from templates_mgmt.filing import rules
from templates_mgmt.filing.rules import Carrier, Terms


def _person(verbose_name: Any, **options: Any) -> Any:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=verbose_name,
        on_delete=models.PROTECT,
        related_name="+",
        **options,
    )


def _version(related_name: str) -> Any:
    return models.ForeignKey(
        "templates_mgmt.TemplateVersion", on_delete=models.PROTECT, related_name=related_name
    )


class Filing(models.Model):
    """What an author states about a version besides its words (FINRA 2210(b)(4)).

    Fixed when the version is submitted: `filed` keeps the terms as they were then and
    `filing_hash` their hash, which every decision records. From then on `expires_at` can only
    come forward, and `review_due` only move on with a re-review by a second person.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.OneToOneField(
        "templates_mgmt.TemplateVersion", on_delete=models.PROTECT, related_name="filing"
    )
    communication_class = models.CharField(
        _("class of communication"), max_length=20, choices=rules.class_choices
    )
    source = models.TextField(_("source of data"), blank=True)
    effective_from = models.DateTimeField(_("effective from"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    review_months = models.PositiveSmallIntegerField(
        _("months between re-reviews"), null=True, blank=True
    )
    review_due = models.DateField(_("next re-review"), null=True, blank=True)
    revision = models.PositiveIntegerField(default=1)
    filed = models.JSONField(_("as filed"), default=dict, blank=True)
    filing_hash = models.CharField(_("filing hash"), max_length=64, blank=True)
    edited_by = _person(_("edited by"))
    edited_at = models.DateTimeField(_("edited at"))
    history = History()

    class Meta:
        verbose_name = _("filing record")
        verbose_name_plural = _("filing records")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.version}"

    def terms(self) -> Terms:
        """The terms as they stand."""
        return Terms(
            self.communication_class,
            self.source,
            self.effective_from,
            self.expires_at,
            self.review_months,
            self.review_due,
            tuple(each.as_rule() for each in self.version.carriers.all()),
        )


class ClassChange(models.Model):
    """The class that a communication got by what was really sent (FINRA 2210(a)): from `at` on it
    stands beside the one that its author stated and that stays as filed. Append-only.

    `people` retail investors within the 30 days from `since` were counted."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = _version("class_changes")
    communication_class = models.CharField(
        _("class of communication"), max_length=20, choices=rules.class_choices
    )
    people = models.PositiveIntegerField(_("investors within 30 days"))
    since = models.DateField(_("from"))
    at = models.DateTimeField(_("counted"))

    class Meta:
        verbose_name = _("change of class")
        verbose_name_plural = _("changes of class")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "communication_class"], name="templates_class_change_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.version_id} {self.communication_class}"


class CarrierTemplate(models.Model):
    """The carrier's own template for the SMS of a version in one language. Its id and status may
    change at any time, for it is the carrier who decides about it; each change is recorded."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = _version("carriers")
    language = models.CharField(
        _("language"), max_length=10, choices=template_rules.language_choices
    )
    carrier = models.CharField(_("carrier"), max_length=60, blank=True)
    template_id = models.CharField(_("template id at the carrier"), max_length=80, blank=True)
    status = models.CharField(_("status"), max_length=20, choices=rules.carrier_choices)
    changed_by = _person(_("changed by"))
    changed_at = models.DateTimeField(_("changed at"))
    history = History()

    class Meta:
        verbose_name = _("carrier template")
        verbose_name_plural = _("carrier templates")
        ordering = ["version", "language", "carrier"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "language", "carrier"], name="templates_carrier_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.carrier} {self.template_id}".strip()

    def as_rule(self) -> Carrier:
        """It as the rules see it."""
        return Carrier(self.language, self.carrier, self.template_id, self.status)


class ReReview(models.Model):
    """An approved version that must be looked at again. Closed once: by a newer version's
    approval, by its end, or by a second person who says why it is still right.

    `subject` says what caused it: a day, or `clause:<code>:<number>`, `wordlist:<code>:<number>`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = _version("rereviews")
    cause = models.CharField(_("cause"), max_length=20, choices=rules.cause_choices)
    subject = models.CharField(_("because of"), max_length=120)
    opened_at = models.DateTimeField(_("opened"))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    closed_by = _person(_("closed by"), null=True, blank=True)
    outcome = models.CharField(
        _("outcome"), max_length=20, choices=rules.outcome_choices, blank=True
    )
    reason = models.TextField(_("reason"), blank=True)
    next_due = models.DateField(_("next re-review"), null=True, blank=True)

    class Meta:
        verbose_name = _("re-review")
        verbose_name_plural = _("re-reviews")
        ordering = ["opened_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "cause", "subject"], name="templates_rereview_once"
            ),
            models.CheckConstraint(
                name="templates_rereview_closed_whole",
                condition=models.Q(
                    closed_at__isnull=True, closed_by__isnull=True, outcome="", reason=""
                )
                | (
                    models.Q(closed_at__isnull=False, closed_by__isnull=False)
                    & ~models.Q(outcome="")
                    & models.Q(reason__regex=r"\S")
                ),
            ),
        ]
        indexes = [
            models.Index(
                name="templates_rereview_open",
                fields=["opened_at"],
                condition=models.Q(closed_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.version} {self.subject}"


class Reminder(models.Model):
    """An overdue stage of a review that was pointed out, once per version and due date."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = _version("reminders")
    due_at = models.DateTimeField(_("due"))
    at = models.DateTimeField(_("reminded"))

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["version", "due_at"], name="templates_reminder_once")
        ]

    def __str__(self) -> str:
        return f"{self.version_id} {self.due_at}"


class ReminderMail(models.Model):
    """A mail to a reviewer that named an overdue version: once per version, person and day.
    Without an outcome nobody knows what became of it; it is not sent again."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = _version("reminder_mails")
    user = _person(_("reviewer"))
    day = models.DateField(_("day"))
    at = models.DateTimeField(_("written"))
    outcome = models.CharField(
        _("outcome"),
        max_length=20,
        blank=True,
        choices=[
            ("accepted", _("Taken by the mail server")),
            ("failed", _("Not taken by the mail server")),
        ],
    )
    code = models.CharField(_("cause"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("reminder mail")
        verbose_name_plural = _("reminder mails")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "user", "day"], name="templates_reminder_mail_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.version_id} {self.day}"
