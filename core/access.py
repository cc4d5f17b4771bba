"""Checks that services make before they act. Nobody is exempt, superusers included."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from core.actor import Actor
from core.errors import Forbidden, FourEyesViolation, NotFound, StepUpRequired
from core.roles import STEP_UP_MINUTES, Capability


def require(actor: Actor, capability: Capability) -> None:
    """Raise Forbidden unless `actor` holds `capability`. System actors hold none: services
    that the system may call do not ask."""
    if capability not in actor.capabilities:
        raise Forbidden(
            _("Your roles do not include “%(capability)s”.") % {"capability": capability.value},
            details={"capability": capability.value},
        )


def may_see_line(actor: Actor, line_id: UUID | None) -> bool:
    """Whether `actor` works in that business line; objects without a line are everyone's."""
    return line_id is None or Capability.LINES_ALL in actor.capabilities or line_id in actor.lines


def require_line(actor: Actor, line_id: UUID | None) -> None:
    """Raise NotFound for an object of a business line that the actor does not work in."""
    if not may_see_line(actor, line_id):
        raise NotFound(_("There is no such object."))


def require_step_up(actor: Actor, now: dt.datetime) -> None:
    """Raise StepUpRequired unless a second factor was confirmed within five minutes (P1)."""
    limit = dt.timedelta(minutes=STEP_UP_MINUTES)
    if actor.stepped_up_at is None or not dt.timedelta(0) <= now - actor.stepped_up_at <= limit:
        raise StepUpRequired(
            _("Confirm your second factor to go on; this is asked every 5 minutes.")
        )


def require_other_person(actor: Actor, others: Iterable[UUID | None]) -> None:
    """Raise FourEyesViolation when `actor` is one of `others`, or is not a person at all."""
    if actor.user_id is None:
        raise FourEyesViolation(_("This step needs a person, not a program."))
    if actor.user_id in {other for other in others if other is not None}:
        raise FourEyesViolation(
            _("You took part in this before, so another person must do this step.")
        )
