"""Pausing a house clock (C5).

Only the house's own rules may stand still, and only with a reason: no statute of clocks.md lets
the firm stop the time, so a statutory clock refuses (`statutory`), in SQL too. A pause moves the
due instant on by its length, and takes nothing back: a deadline that has passed stays missed.
"""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.access import require
from core.actor import Actor
from core.clock import isoformat
from core.errors import Conflict
from core.roles import Capability
from crisis.clocks.models import Clock, ClockPause
from crisis.clocks.rules import MACHINE, State
from crisis.clocks.services.breaches import settle
from crisis.clocks.services.common import locked, tell
from crisis.clocks.services.ending import clean_reason


@transaction.atomic
def pause(*, clock_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> Clock:
    """Stop a running house clock with a reason; needs CRISIS_RUN.

    Raises Forbidden, NotFound, InvalidInput `reason`, Conflict `statutory` or `overdue`.
    """
    require(actor, Capability.CRISIS_RUN)
    clock = locked(clock_id)
    if clock.duty.statutory:
        raise Conflict(
            _("%(name)s is a duty by law (%(source)s); the firm cannot stop its time.")
            % {"name": clock.duty.label, "source": clock.duty.source},
            code="statutory",
        )
    reason = clean_reason(reason)
    settle(clock.incident_id, now=now)
    clock.refresh_from_db()
    MACHINE.check(old=clock.state, new=State.PAUSED, reason=reason)
    if clock.breached_at is not None:
        raise Conflict(_("Its deadline has passed; a pause would only hide that."), code="overdue")
    clock.state = State.PAUSED.value
    clock.save(update_fields=["state"])
    ClockPause.objects.create(clock=clock, reason=reason, paused_at=now, paused_by_id=actor.user_id)
    tell("paused", clock, actor=actor, now=now, why=reason)
    return clock


@transaction.atomic
def resume(*, clock_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> Clock:
    """Let a paused clock go on, due later by as long as it stood still (not at all when the
    machine's clock was set back meanwhile); needs CRISIS_RUN and a reason.

    Raises Forbidden, NotFound, InvalidInput `reason`, Conflict.
    """
    require(actor, Capability.CRISIS_RUN)
    clock = locked(clock_id)
    reason = clean_reason(reason)
    MACHINE.check(old=clock.state, new=State.RUNNING, reason=reason)
    stop = clock.pauses.get(resumed_at=None)
    stood = max(now - stop.paused_at, dt.timedelta(0))
    stop.resumed_at, stop.resumed_by_id = stop.paused_at + stood, actor.user_id
    stop.save(update_fields=["resumed_at", "resumed_by"])
    was_due = clock.due_at
    clock.state = State.RUNNING.value
    clock.due_at += stood
    clock.first_due_at += stood
    clock.save(update_fields=["state", "due_at", "first_due_at"])
    tell(
        "resumed", clock, actor=actor, now=now, why=reason,
        detail={"was_due_at": isoformat(was_due), "paused_at": isoformat(stop.paused_at)},
    )  # fmt: skip
    return clock
