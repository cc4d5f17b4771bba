"""Retention and holds in templates."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import template
from django.utils.translation import gettext as _

from audit.retention import labels, selectors
from audit.retention.models import RetentionRule
from audit.retention.views import SEE
from core.actor import Actor
from core.roles import Capability

register = template.Library()


@register.filter
def retention_word(code: str) -> str:
    """The word for a code of the schedule, in the reader's language."""
    return labels.word(code)


@register.filter
def retention_words(codes: list[str]) -> str:
    """The words for several codes."""
    return _(", ").join(labels.word(code) for code in codes)


@register.filter
def retention_look(state: str) -> str:
    """The state of `states.LOOKS` whose icon and tone a state of retention takes."""
    return labels.TONES.get(state, "neutral")


@register.filter
def retention_period(rule: RetentionRule) -> str:
    """How long a class is kept, for example “at least 3 years”."""
    words = {"amount": rule.amount, "unit": labels.word(rule.unit)}
    if rule.bound == "at_most":
        return _("at most %(amount)s %(unit)s") % words
    return _("at least %(amount)s %(unit)s") % words


@register.inclusion_tag("audit/parts/hold_badge.html", takes_context=True)
def hold_badge(context: dict[str, Any], kind: str, subject: UUID) -> dict[str, Any]:
    """A badge beside an investor, a notice or a member of staff (`kind`) that a legal hold
    freezes. It leads to the hold for those who may see it; where there is none, those who may
    place one find the way to it. One query."""
    actor: Actor | None = context.get("actor")
    rights = actor.capabilities if actor is not None else frozenset()
    return {
        "holds": selectors.holds_on(**{kind: subject}),
        "may_open": not rights.isdisjoint(SEE),
        "may_place": Capability.HOLDS_PLACE in rights,
        "kind": kind,
        "subject": subject,
    }
