"""Tasks of crises: incidents, statements, drills."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core.actor import Actor
from core.roles import Capability as C
from crisis.clocks import selectors as clock_selectors
from crisis.drills import selectors as drill_selectors
from crisis.incidents import selectors as incident_selectors
from crisis.incidents.duties import Running, next_duty
from crisis.incidents.selectors import IncidentFilter
from crisis.statements import selectors as statement_selectors
from crisis.statements.services.writing import LET_OUT
from portal.dashboard.tasks import EACH, Task, address


def incidents_open(actor: Actor) -> list[Task]:
    """Incidents that go on, with their next duty for those who run them; exercises say so."""
    if C.CRISIS_VIEW not in actor.capabilities:
        return []
    running = list(incident_selectors.running(actor, IncidentFilter())[:EACH])
    clocks = clock_selectors.running_for([incident.pk for incident in running])
    runs = C.CRISIS_RUN in actor.capabilities
    tasks = []
    for incident in running:
        live = [Running(each.code, each.duty.label, each.due_at)
                for each in clocks.get(incident.pk, [])]  # fmt: skip
        duty = next_duty(incident.state, has_lead=incident.lead_id is not None, running=live)
        words = duty.words if duty and runs else _("Incident being handled")
        mark = f" · {_('EXERCISE')}" if incident.exercise else ""
        tasks.append(
            Task(
                icon="crisis",
                what=words,
                title=f"{incident.code} {incident.title}{mark}",
                since=incident.since,
                url=address("incident-detail", args=[incident.pk]),
            )
        )
    return tasks


def statements_waiting(actor: Actor) -> list[Task]:
    """Statements for the public that this person could let out."""
    if actor.capabilities.isdisjoint(LET_OUT):
        return []
    return [
        Task(
            icon="crisis",
            what=_("Publish this statement (EXERCISE)")
            if statement.incident.exercise
            else _("Publish this statement"),
            title=f"{statement.incident.code} {statement.text['title']}",
            since=statement.drafted_at,
            url=address("crisis-statement", args=[statement.pk]),
        )
        for statement in statement_selectors.waiting_for(actor).order_by("drafted_at")[:EACH]
    ]


def drills_missing(actor: Actor, now: dt.datetime) -> list[Task]:
    """That the last twelve months lack drills, for those who can plan them (C12)."""
    if C.CRISIS_RUN not in actor.capabilities:
        return []
    missing = drill_selectors.missing(now)
    if not missing:
        return []
    return [
        Task(
            icon="flag",
            what=_("Plan a drill: two a year are owed"),
            title=ngettext(
                "%(n)s drill is missing in the last twelve months",
                "%(n)s drills are missing in the last twelve months",
                missing,
            )
            % {"n": missing},
            since=None,
            url=address("crisis-drills"),
        )
    ]
