"""Reads of drills."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core.access import require
from core.actor import Actor
from core.errors import NotFound
from core.models import User
from core.roles import Capability
from crisis.clocks.models import Clock
from crisis.drills import rules
from crisis.drills.models import Drill, DrillFinding, LostContact
from crisis.drills.rules import ClockResult, Kind, Recovery, State, StepResult
from crisis.incidents.models import Incident


def drills(actor: Actor, *, kind: str = "", state: str = "") -> QuerySet[Drill]:
    """Drills, narrowed."""
    require(actor, Capability.CRISIS_VIEW)
    found = Drill.objects.select_related("incident", "planned_by")
    if kind:
        found = found.filter(kind=kind)
    return found.filter(state=state) if state else found


def drill_for(actor: Actor, drill_id: UUID) -> Drill:
    """One drill; raises NotFound."""
    require(actor, Capability.CRISIS_VIEW)
    drill = Drill.objects.select_related("incident", "planned_by").filter(pk=drill_id).first()
    if drill is None:
        raise NotFound(_("There is no such drill."))
    return drill


def people(ids: Collection[UUID]) -> list[User]:
    """Those who take part."""
    return list(User.objects.filter(pk__in=list(ids)).order_by("username"))


def findings_of(drill: Drill) -> list[DrillFinding]:
    """What it showed."""
    return list(drill.findings.select_related("owner", "noted_by", "done_by"))


def clock_results(incident: Incident, now: dt.datetime) -> list[ClockResult]:
    """How each clock of a drill went, as of `now`: met in how many seconds of how many. One that
    was called off, or that still has time, is not judged."""
    return [_result(clock, now) for clock in Clock.objects.filter(incident=incident)]


def _result(clock: Clock, now: dt.datetime) -> ClockResult:
    allowed = int((clock.due_at - clock.started_at).total_seconds())
    seconds = (
        int((clock.met_at - clock.started_at).total_seconds()) if clock.met_at is not None else None
    )
    met: bool | None
    if clock.met_at is not None:
        met = clock.met_at <= clock.due_at
    elif clock.breached_at is not None or (clock.is_live and clock.due_at < now):
        met = False
    else:
        met = None
    return ClockResult(clock.code, str(clock.duty.label), seconds, allowed, met)


def step_results(drill: Drill) -> list[StepResult]:
    """The measured times, in the order of the plan."""
    begun = drill.started_at
    done = {mark.step: mark.at for mark in drill.marks.all()}
    found = []
    for number, step in enumerate(drill.steps):
        at = done.get(number)
        took = int((at - begun).total_seconds()) if at is not None and begun is not None else None
        found.append(StepResult(step["name"], took, step["seconds"]))
    return found


def recovery_of(drill: Drill) -> Recovery | None:
    """What a lost-contact drill came to so far; None for other kinds."""
    if drill.kind != Kind.LOST_CONTACT or drill.started_at is None:
        return None
    marks = LostContact.objects.filter(drill=drill).values_list("found_at", flat=True)
    return rules.recovery(drill.started_at, marks)


def lost_of(drill: Drill) -> QuerySet[LostContact]:
    """The investors of a lost-contact drill, by pseudonym; those not found yet first."""
    return LostContact.objects.filter(drill=drill)


def missing(now: dt.datetime) -> int:
    """How many drills the last year lacks (two are owed)."""
    finished = Drill.objects.filter(state=State.FINISHED.value, ended_at__gt=now - rules.YEAR)
    return rules.missing([at for at in finished.values_list("ended_at", flat=True) if at], now)


def overdue_findings(today: dt.date) -> QuerySet[DrillFinding]:
    """Actions whose day has passed."""
    return DrillFinding.objects.filter(done_at=None, due_on__lt=today).select_related("owner")


def live_results(drill: Drill, now: dt.datetime) -> dict[str, Any]:
    """The score as it stands; the written one once it ended."""
    if drill.score:
        return drill.score
    if drill.incident is None:
        return {}
    return rules.score(clock_results(drill.incident, now), step_results(drill), recovery_of(drill))
