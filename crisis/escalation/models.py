"""Pages (a role being called out) and calls (one person called once)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.clock import uuid7
from crisis.escalation import rules
from crisis.plans import rules as plans


def page_choices() -> list[tuple[str, Any]]:
    """Value and label of every state of a page."""
    return [(state.value, label) for state, label in rules.PAGE_LABELS.items()]


def call_choices() -> list[tuple[str, Any]]:
    """Value and label of every state of a call."""
    return [(state.value, label) for state, label in rules.CALL_LABELS.items()]


def mail_choices() -> list[tuple[str, Any]]:
    """Value and label of what became of an e-mail."""
    return [(state.value, label) for state, label in rules.MAIL_LABELS.items()]


def _person(verbose_name: Any, **options: Any) -> Any:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=verbose_name,
        on_delete=models.PROTECT,
        related_name="+",
        **options,
    )


class Page(models.Model):
    """A role being called out for an incident.

    `order` are the ids of its people as the frozen plan lists them, `rounds` how often they are
    gone through, `minutes` how long each may take. `made` counts the calls so far, those passed
    over included; `next_at` is when the present call lapses, and set exactly while calling. Of a
    role and an incident at most one page is calling.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey("crisis.Incident", on_delete=models.PROTECT, related_name="pages")
    role = models.CharField(_("role"), max_length=40)
    order = models.JSONField(default=list)
    rounds = models.PositiveSmallIntegerField(_("rounds"))
    minutes = models.PositiveIntegerField(_("minutes"))
    made = models.PositiveIntegerField(default=0)
    state = models.CharField(
        _("state"), max_length=12, choices=page_choices, default=rules.PageState.CALLING.value
    )
    next_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(_("started at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    answered_by = _person(_("answered by"), null=True, blank=True)

    class Meta:
        verbose_name = _("calling out of a role")
        verbose_name_plural = _("calling out of roles")
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["next_at"], name="crisis_page_due", condition=models.Q(state="calling")
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "role"],
                condition=models.Q(state="calling"),
                name="crisis_page_one_calling",
            ),
            models.CheckConstraint(
                name="crisis_page_ends",
                condition=models.Q(state="calling", ended_at__isnull=True, next_at__isnull=False)
                | models.Q(~models.Q(state="calling"), ended_at__isnull=False, next_at=None),
            ),
            models.CheckConstraint(
                name="crisis_page_answered_by",
                condition=models.Q(state="answered", answered_by__isnull=False)
                | models.Q(~models.Q(state="answered"), answered_by=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.role}"

    @property
    def role_name(self) -> str:
        """The role's name, from the plan frozen onto the incident."""
        return plans.role_name(self.incident.plan, self.role)


class Call(models.Model):
    """One person called once. `number` counts from 0 in the page's order."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    page = models.ForeignKey(Page, on_delete=models.PROTECT, related_name="calls")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=models.PROTECT,
        related_name="crisis_calls",
    )
    number = models.PositiveIntegerField(_("number"))
    round = models.PositiveSmallIntegerField(_("round"))
    at = models.DateTimeField(_("at"))
    until = models.DateTimeField(_("until"))
    state = models.CharField(
        _("state"), max_length=12, choices=call_choices, default=rules.CallState.WAITING.value
    )
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    mail = models.CharField(_("e-mail"), max_length=8, choices=mail_choices)
    mail_tries = models.PositiveSmallIntegerField(default=0)
    mail_lease = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["id"],
                name="crisis_call_mail",
                condition=models.Q(mail__in=["queued", "sending"]),
            ),
            models.Index(
                fields=["person"],
                name="crisis_call_waiting",
                condition=models.Q(state__in=["waiting", "missed"]),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["page", "number"], name="crisis_call_once"),
            models.UniqueConstraint(
                fields=["page"],
                condition=models.Q(state="waiting"),
                name="crisis_call_one_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.page_id} {self.number}"

    @property
    def may_answer(self) -> bool:
        """Whether an acknowledgement would still count."""
        return self.state in rules.ANSWERABLE and self.page.state in rules.PAGE_ANSWERABLE
