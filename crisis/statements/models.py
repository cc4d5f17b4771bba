"""Statements about an incident, and the notices that it caused."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from comms.models import Notice
from core.clock import uuid7
from crisis.incidents.models import Incident, choices_of
from crisis.statements import rules


def statement_state_choices() -> list[tuple[str, Any]]:
    return choices_of(rules.STATE_LABELS)


def statement_kind_choices() -> list[tuple[str, Any]]:
    return choices_of(rules.KIND_LABELS)


def phase_choices() -> list[tuple[str, Any]]:
    return choices_of(rules.PHASE_LABELS)


def place_choices() -> list[tuple[str, Any]]:
    return choices_of(rules.PLACE_LABELS)


class IncidentNotice(models.Model):
    """A notice that an incident caused. Append-only; an exercise causes exercises alone, and a
    real incident none (trigger). `affected` is the query as it was asked; `found` how many it
    found then."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="notices")
    notice = models.OneToOneField(Notice, on_delete=models.PROTECT, related_name="incident_link")
    affected = models.JSONField(_("affected"), default=dict)
    found = models.PositiveIntegerField(_("investors found"))
    made_at = models.DateTimeField(_("made at"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("notice of an incident")
        verbose_name_plural = _("notices of incidents")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.notice_id}"


class StatementQuerySet(models.QuerySet["Statement"]):
    """Chainable questions about statements."""

    def published(self) -> StatementQuerySet:
        """Those that were let out."""
        return self.filter(state=rules.State.PUBLISHED.value)

    def public(self) -> StatementQuerySet:
        """What the public may read: published there, and never of an exercise."""
        return self.published().filter(
            places__contains=[rules.Place.PUBLIC.value], incident__exercise=False
        )


class Statement(models.Model):
    """Words about an incident, on an approved template. Its words never change once it is there:
    a mistake is put right by another one.

    `texts` is {language: {"title", "body"}}, made from the version with `content_hash` and
    `values`. `places` says where it is read; what is public needs a second person (trigger).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="statements")
    kind = models.CharField(_("kind"), max_length=10, choices=statement_kind_choices)
    phase = models.CharField(_("phase"), max_length=16, choices=phase_choices)
    places = ArrayField(models.CharField(max_length=10, choices=place_choices))
    version = models.ForeignKey(
        "templates_mgmt.TemplateVersion", on_delete=models.PROTECT, related_name="statements"
    )
    content_hash = models.CharField(max_length=64)
    values = models.JSONField(_("values"), default=dict)
    texts = models.JSONField(_("texts"))
    spokesperson = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    state = models.CharField(
        _("state"), max_length=10, choices=statement_state_choices, default=rules.State.DRAFT.value
    )
    reason = models.TextField(_("reason for the state"), blank=True)
    drafted_at = models.DateTimeField(_("drafted at"))
    drafted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    objects = StatementQuerySet.as_manager()

    class Meta:
        verbose_name = _("statement")
        verbose_name_plural = _("statements")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["-published_at"],
                condition=models.Q(state="published"),
                name="crisis_statement_out",
            )
        ]
        constraints = [
            models.CheckConstraint(
                name="crisis_statement_published_by_someone",
                condition=~models.Q(state="published")
                | models.Q(published_by__isnull=False, published_at__isnull=False),
            ),
            models.CheckConstraint(
                name="crisis_statement_read_somewhere", condition=~models.Q(places=[])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    @property
    def is_public(self) -> bool:
        """Whether it is for the status page."""
        return rules.Place.PUBLIC.value in self.places

    @property
    def text(self) -> dict[str, str]:
        """Title and body in the language of the reader, else in any that there is."""
        language = (get_language() or "").lower()
        texts: dict[str, dict[str, str]] = self.texts
        return texts.get(language) or next(iter(texts.values()))

    @property
    def language(self) -> str:
        """The language of `text`, for its `lang`."""
        language = (get_language() or "").lower()
        return language if language in self.texts else next(iter(self.texts))
