"""Meeting a clock, and calling one off."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.access import require, require_step_up
from core.actor import Actor
from core.errors import InvalidInput
from core.roles import Capability
from crisis.clocks import rules
from crisis.clocks.models import Clock
from crisis.clocks.rules import MACHINE, State
from crisis.clocks.services.breaches import settle
from crisis.clocks.services.common import end, lock, locked, tell
from crisis.clocks.services.starting import count_anew, met, start_due
from crisis.incidents.models import Incident

MAX_REASON = 2000


@transaction.atomic
def meet(
    *,
    incident: Incident,
    code: str,
    at: dt.datetime,
    actor: Actor,
    now: dt.datetime,
    detail: Mapping[str, Any] | None = None,
) -> list[Clock]:
    """The duty `code` was done at `at`: meet its live clocks that had begun by then (late rounds
    of a repeating one too), and start what begins with that. Done again after it was met, it only
    makes count anew what counts from the latest time. For services that have checked who asks;
    the record of why is theirs, `detail` is added to the clock's own. Returns the clocks met.

    Raises InvalidInput `at` for a time to come.
    """
    if at > now:
        raise InvalidInput(_("This lies in the future."), code="future", field="at")
    lock(incident)
    settle(incident.pk, now=at)
    live = list(
        Clock.objects.select_related("incident")
        .select_for_update(of=("self",))
        .filter(incident=incident, code=code, state__in=sorted(rules.LIVE), started_at__lte=at)
        .order_by("round")
    )
    for clock in live:
        met(clock, at=at, actor=actor, now=now, detail=detail)
    settle(incident.pk, now=now)
    count_anew(incident, code, at=at, actor=actor, now=now)
    start_due(incident, actor=actor, now=now)
    return live


@transaction.atomic
def cancel_running(
    *,
    incident: Incident,
    reason: str,
    actor: Actor,
    now: dt.datetime,
    codes: Collection[str] | None = None,
) -> int:
    """End every live clock of `incident` (or of those `codes`) with a reason, as when it turns
    out a false alarm. What was late by then stays recorded. For services that have checked who
    asks. Returns how many."""
    lock(incident)
    settle(incident.pk, now=now)
    live = Clock.objects.select_related("incident").filter(
        incident=incident, state__in=sorted(rules.LIVE)
    )
    if codes is not None:
        live = live.filter(code__in=list(codes))
    clocks = list(live.select_for_update(of=("self",)).order_by("due_at", "id"))
    for clock in clocks:
        _cancel(clock, reason, actor=actor, now=now)
    return len(clocks)


@transaction.atomic
def call_off(*, clock_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> Clock:
    """Call one clock off because the duty does not hold here; it does not start again. A house
    clock needs CRISIS_RUN; a statutory one is the judgement of compliance (CRISIS_APPROVE) with a
    fresh second factor. What was late by then stays recorded.

    Raises Forbidden, StepUpRequired, NotFound, InvalidInput `reason`, Conflict.
    """
    clock = locked(clock_id)
    if clock.duty.statutory:
        require(actor, Capability.CRISIS_APPROVE)
        require_step_up(actor, now)
    else:
        require(actor, Capability.CRISIS_RUN)
    reason = clean_reason(reason)
    settle(clock.incident_id, now=now)
    clock.refresh_from_db()
    MACHINE.check(old=clock.state, new=State.CANCELLED, reason=reason)
    _cancel(clock, reason, actor=actor, now=now)
    return clock


def clean_reason(reason: str) -> str:
    """The reason in its bounds; raises InvalidInput `reason`."""
    reason = reason.strip()
    if not reason or len(reason) > MAX_REASON:
        raise InvalidInput(
            _("Give a reason of up to %(limit)s characters.") % {"limit": MAX_REASON},
            code="reason_required",
            field="reason",
        )
    return reason


def _cancel(clock: Clock, reason: str, *, actor: Actor, now: dt.datetime) -> None:
    end(clock, State.CANCELLED, at=now, now=now, reason=reason)
    tell("cancelled", clock, actor=actor, now=now, why=reason)
