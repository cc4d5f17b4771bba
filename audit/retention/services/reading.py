"""Looks at holds and at the schedule, as records (L1): a hold says of whom there is a matter."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import transaction

from audit.leaf import Subjects
from audit.record import record
from core.access import require
from core.actor import Actor
from core.roles import Capability

SEE = frozenset(
    {
        Capability.RETENTION_MANAGE,
        Capability.RETENTION_APPROVE,
        Capability.HOLDS_PLACE,
        Capability.AUDIT_BROWSE,
    }
)


def note_holds_read(
    *, shown: int, actor: Actor, now: dt.datetime, hold_id: UUID | None = None
) -> None:
    """Note that the actor was shown `shown` holds, or the one named."""
    _note("audit.holds_read", f"hold:{hold_id}" if hold_id else None, shown, actor, now)


def note_retention_read(*, what: str, shown: int, actor: Actor, now: dt.datetime) -> None:
    """Note that the actor was shown `shown` versions or proposals; `what` names the list, or the
    one thing as `kind:id`."""
    _note("audit.retention_read", what, shown, actor, now)


def _note(action: str, what: str | None, shown: int, actor: Actor, now: dt.datetime) -> None:
    if actor.capabilities.isdisjoint(SEE):
        require(actor, Capability.AUDIT_BROWSE)
    with transaction.atomic():
        record(
            action=action,
            actor=actor,
            now=now,
            subjects=Subjects(staff=actor.user_id, object=what),
            payload={"shown": shown},
        )
