"""Scenes of statements about incidents, and of drills."""

from __future__ import annotations

import datetime as dt

from crisis.drills import services as drills
from crisis.drills.models import DrillFinding, LostContact
from crisis.statements import services
from investors.models import Investor
from tests.builders import approved_template, make_investors
from tests.completeness.catalogue import Act, scene
from tests.completeness.scenes.core import REASON, call
from tests.crisis.builders import make_incident
from tests.crisis.speaking import (
    approver,
    make_draft,
    make_drill,
    make_running,
    officer,
    wording,
)

PLACE = "crisis.statements.services"
DRILLS = "crisis.drills.services"


@scene(f"{PLACE}.notices.make_statement")
def _notice() -> Act:
    make_investors(1)
    return call(
        services.make_statement, incident_id=make_incident().pk,
        version_id=approved_template().pk, affected={"everyone": True},
        values={"since": "09:30"}, criticality="important", channels={"parallel": ["sms"]},
        reason=REASON, actor=officer(),
    )  # fmt: skip


@scene(f"{PLACE}.writing.note")
def _note() -> Act:
    words = {"incident_id": make_incident().pk, "text": "Only for us"}
    return call(services.note, actor=officer(), **words)


@scene(f"{PLACE}.writing.draft")
def _draft() -> Act:
    return call(
        services.draft, incident_id=make_incident().pk, version_id=wording().pk, kind="bulletin",
        phase="investigating", places=["public"], values={"since": "09:30"}, actor=officer(),
    )  # fmt: skip


@scene(f"{PLACE}.writing.publish")
def _publish() -> Act:
    return call(services.publish, statement_id=make_draft().pk, actor=approver())


@scene(f"{PLACE}.writing.drop")
def _drop() -> Act:
    return call(services.drop, statement_id=make_draft().pk, reason=REASON, actor=officer())


@scene(f"{DRILLS}.plan")
def _plan() -> Act:
    actor = officer()
    return call(
        drills.plan, kind="incident", title="Halt", scenario="At nine",
        planned_for=dt.datetime(2027, 1, 4, 9, tzinfo=dt.UTC), participants=[actor.user_id],
        actor=actor,
    )  # fmt: skip


@scene(f"{DRILLS}.cancel")
def _cancel() -> Act:
    return call(drills.cancel, drill_id=make_drill().pk, reason=REASON, actor=officer())


@scene(f"{DRILLS}.start")
def _start() -> Act:
    return call(drills.start, drill_id=make_drill().pk, actor=officer())


@scene(f"{DRILLS}.mark_step")
def _mark_step() -> Act:
    drill = make_running("site_switch")
    return call(drills.mark_step, drill_id=drill.pk, step=0, actor=officer())


@scene(f"{DRILLS}.mark_found")
def _mark_found() -> Act:
    Investor.objects.filter(pk__in=make_investors(1)).update(reach=0)
    make_running("lost_contact")
    return call(drills.mark_found, lost_id=LostContact.objects.get().pk, actor=officer())


@scene(f"{DRILLS}.end")
def _end() -> Act:
    return call(drills.end, drill_id=make_running().pk, summary="Well", actor=officer())


@scene(f"{DRILLS}.note_finding")
def _note_finding() -> Act:
    return _finding_of(make_running().pk)


def _finding_of(drill_id) -> Act:
    actor = officer()
    return call(
        drills.note_finding, drill_id=drill_id, text="Late", action="Practise",
        owner=actor.user_id, due_on=dt.date(2027, 1, 4), actor=actor,
    )  # fmt: skip


@scene(f"{DRILLS}.settle_finding")
def _settle() -> Act:
    _finding_of(make_running().pk)()
    finding = DrillFinding.objects.get()
    return call(drills.settle_finding, finding_id=finding.pk, outcome="Done", actor=officer())
