"""Which duties an incident has, and from when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from core.actor import Actor
from crisis.clocks import rules
from crisis.clocks.models import Clock
from crisis.clocks.rules import MET, Situation, State
from crisis.clocks.selectors import reached_by, table_in_force
from crisis.clocks.services.breaches import begin_next_rounds, settle
from crisis.clocks.services.common import end, lock, tell
from crisis.incidents.models import Incident
from crisis.incidents.rules import MomentKind


@transaction.atomic
def at_moment(
    *, incident: Incident, moment: str, at: dt.datetime, actor: Actor, now: dt.datetime
) -> None:
    """`incident` reached `moment` at `at`: meet what that meets, start what begins now, and end
    what repeats when it is closed. The services of the incident call this in their transaction,
    having checked who asks."""
    lock(incident)
    settle(incident.pk, now=min(at, now))
    for clock in _live(incident):
        if clock.row["met_by"] == moment:
            met(clock, at=max(at, clock.started_at), actor=actor, now=now)
    settle(incident.pk, now=now)
    for clock in _live(incident) if moment == MomentKind.CLOSED else ():
        if clock.row["repeats"]:
            end(clock, State.LAPSED, at=now, now=now)
            tell("lapsed", clock, actor=actor, now=now)
    start_due(incident, actor=actor, now=now)


@transaction.atomic
def reconsider(*, incident: Incident, actor: Actor, now: dt.datetime) -> None:
    """Look again at which duties hold, after the tier or the nature changed. Those that hold now
    start, counted from when what starts them was reached. A house clock that holds no longer
    lapses, and starts again if it ever holds again; a statutory one goes on until it is met or a
    person calls it off, for a duty once begun does not end by a decision of our own."""
    lock(incident)
    settle(incident.pk, now=now)
    situation = _situation(incident, operator=table_in_force().operator)
    for clock in _live(incident):
        if not clock.duty.statutory and not rules.applies(clock.duty, situation):
            end(clock, State.LAPSED, at=now, now=now)
            tell("lapsed", clock, actor=actor, now=now)
    start_due(incident, actor=actor, now=now)


def start_due(incident: Incident, *, actor: Actor, now: dt.datetime) -> None:
    """Start every clock whose duty has begun and that the incident does not have yet."""
    version = table_in_force()
    situation = _situation(incident, operator=version.operator)
    rounds: dict[str, int] = {}
    has: set[str] = set()
    for clock in Clock.objects.filter(incident=incident).only("code", "round", "state"):
        rounds[clock.code] = max(rounds.get(clock.code, 0), clock.round)
        if clock.state != State.LAPSED:
            has.add(clock.code)
    aware = situation.reached.get(MomentKind.AWARE.value)
    for row in version.parsed:
        start = rules.started_at(row, situation)
        if start is None or row.code in has or not rules.applies(row, situation):
            continue
        due = rules.due_at(row, start, aware)
        clock = Clock.objects.create(
            incident=incident,
            version=version,
            code=row.code,
            jurisdiction=row.jurisdiction,
            row=rules.canonical(row),
            round=rounds.get(row.code, 0) + 1,
            started_at=start,
            first_due_at=due,
            due_at=due,
            recorded_at=now,
        )
        tell("started", clock, actor=actor, now=now, detail={"version": version.number})


def met(
    clock: Clock,
    *,
    at: dt.datetime,
    actor: Actor,
    now: dt.datetime,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Meet one live clock at `at`. One that was met too late keeps its breach."""
    end(clock, State.MET, at=at, now=now)
    tell("met", clock, actor=actor, now=now, at=at, detail=detail)
    begin_next_rounds([clock], now=now)


def count_anew(
    incident: Incident, code: str, *, at: dt.datetime, actor: Actor, now: dt.datetime
) -> None:
    """What counts from the latest time that `code` was met counts anew from `at`, unless it is
    over, or its deadline has passed."""
    for clock in _live(incident):
        row = clock.duty
        if not row.latest or f"{MET}{code}" not in row.starts or clock.breached_at:
            continue
        due = rules.due_at(row, at, None)
        if due > clock.due_at:
            clock.started_at, clock.due_at, clock.first_due_at = at, due, due
            clock.save(update_fields=["started_at", "due_at", "first_due_at"])
            tell("restarted", clock, actor=actor, now=now)


def _live(incident: Incident) -> list[Clock]:
    return list(
        Clock.objects.select_related("incident")
        .select_for_update(of=("self",))
        .filter(incident=incident, state__in=sorted(rules.LIVE))
        .order_by("due_at", "id")
    )


def _situation(incident: Incident, *, operator: bool) -> Situation:
    return Situation(
        reached=reached_by(incident),
        tier=incident.tier,
        nature=incident.nature,
        infrastructure=operator,
    )
