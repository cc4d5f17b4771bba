"""Ending an investor's relationship with the firm, and taking it up again."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.record import record
from audit.services import sealed_by_reader
from core.access import require
from core.actor import Actor
from core.errors import Conflict, InvalidInput
from core.roles import Capability
from investors.models import Investor
from investors.services import shared

Status = Investor.Status
MAX_REASON = 500
ENDED, RESUMED = "investor.relationship_ended", "investor.relationship_resumed"


def end_relationship(*, investor_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> Investor:
    """Close an investor: notices reach it no more, and periods "after the relationship" count
    from `now`. Needs INVESTORS_EDIT and a reason; raises Conflict when it is closed already."""
    return _turn(investor_id, Status.CLOSED, ENDED, reason, actor, now)


def resume_relationship(
    *, investor_id: UUID, reason: str, actor: Actor, now: dt.datetime
) -> Investor:
    """Take a closed relationship up again: those periods no longer run. Needs as above; raises
    Conflict for an investor who is active or was erased."""
    return _turn(investor_id, Status.ACTIVE, RESUMED, reason, actor, now)


def _turn(
    investor_id: UUID, status: Status, action: str, reason: str, actor: Actor, now: dt.datetime
) -> Investor:
    require(actor, Capability.INVESTORS_EDIT)
    told = reason.strip()
    if not told or len(told) > MAX_REASON:
        raise InvalidInput(_("Say why, in at most 500 characters."), field="reason")
    with transaction.atomic():
        investor = shared.locked(investor_id, actor)
        if investor.status == status:
            raise Conflict(_("The relationship is in that state already."), code="nothing_to_do")
        shared.require_alive(investor_id)
        investor.status, investor.updated_at = status, now
        investor.save(update_fields=["status", "updated_at"])
        record(
            action=action,
            actor=actor,
            now=now,
            subjects=Subjects(investor=investor_id, staff=actor.user_id),
            payload={"status": status.value},
            sealed=sealed_by_reader(told, actor=actor, now=now),
        )
    return investor
