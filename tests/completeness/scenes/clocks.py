"""Scenes of clocks, of their table, and of reports to regulators."""

from __future__ import annotations

import datetime as dt

from core import clock
from core.actor import system
from core.roles import Role
from crisis.clocks.models import ClockTableVersion
from crisis.clocks.services import (
    breaches,
    ending,
    pausing,
    starting,
    table,
)
from crisis.incidents.rules import MomentKind
from crisis.models import Moment
from crisis.reports import services as reports
from tests.completeness.catalogue import Act, scene
from tests.completeness.scenes.core import REASON, call
from tests.crisis.builders import make_actor, make_incident
from tests.crisis.clock_world import make_clocks, make_report

_ACTOR = system("scene")


def _officer():
    return make_actor(Role.CRISIS_OFFICER)


def _compliance():
    return make_actor(Role.REVIEWER)


@scene("crisis.clocks.services.starting.at_moment")
def _at_moment() -> Act:
    incident, now = make_incident(), clock.now()
    Moment.objects.create(incident=incident, kind=MomentKind.LEAK, at=now, recorded_at=now)
    given = {"incident": incident, "moment": MomentKind.LEAK.value, "at": now}
    return call(starting.at_moment, **given, actor=_ACTOR)


@scene("crisis.clocks.services.starting.reconsider")
def _reconsider() -> Act:
    incident, now = make_incident(), clock.now()
    Moment.objects.create(incident=incident, kind=MomentKind.VERIFIED, at=now, recorded_at=now)
    incident.tier = "general"
    return call(starting.reconsider, incident=incident, actor=_ACTOR)


@scene("crisis.clocks.services.ending.meet")
def _meet() -> Act:
    incident = make_incident()
    given = {"incident": incident, "code": "verify", "at": clock.now()}
    return call(ending.meet, **given, actor=_ACTOR)


@scene("crisis.clocks.services.ending.cancel_running")
def _cancel_running() -> Act:
    given = {"incident": make_incident(), "reason": REASON}
    return call(ending.cancel_running, **given, actor=_ACTOR)


@scene("crisis.clocks.services.ending.call_off")
def _call_off() -> Act:
    clock_id = make_clocks()["dora_initial"].pk
    return call(ending.call_off, clock_id=clock_id, reason=REASON, actor=_compliance())


@scene("crisis.clocks.services.breaches.tick")
def _tick() -> Act:
    make_incident(now=clock.now() - dt.timedelta(hours=2))
    return call(breaches.tick)


@scene("crisis.clocks.services.pausing.pause")
def _pause() -> Act:
    clock_id = make_incident().clocks.get().pk
    return call(pausing.pause, clock_id=clock_id, reason=REASON, actor=_officer())


@scene("crisis.clocks.services.pausing.resume")
def _resume() -> Act:
    clock_id = make_clocks()["paused"].pk
    return call(pausing.resume, clock_id=clock_id, reason=REASON, actor=_officer())


def _draft() -> ClockTableVersion:
    return call(table.new_version, actor=_officer())()


def _sent() -> ClockTableVersion:
    return call(table.submit, version_id=_draft().pk, actor=_officer())()


@scene("crisis.clocks.services.table.new_version")
def _new_version() -> Act:
    return call(table.new_version, actor=_officer())


@scene("crisis.clocks.services.table.save_row")
def _save_row() -> Act:
    version = _draft()
    row = {**version.rows[0], "code": "verify_again"}
    return call(table.save_row, version_id=version.pk, row=row, actor=_officer())


@scene("crisis.clocks.services.table.remove_row")
def _remove_row() -> Act:
    return call(table.remove_row, version_id=_draft().pk, code="sec_8k", actor=_officer())


@scene("crisis.clocks.services.table.set_operator")
def _set_operator() -> Act:
    return call(table.set_operator, version_id=_draft().pk, operator=True, actor=_officer())


@scene("crisis.clocks.services.table.submit")
def _submit() -> Act:
    return call(table.submit, version_id=_draft().pk, actor=_officer())


@scene("crisis.clocks.services.table.approve")
def _approve() -> Act:
    version = _sent()
    given = {"version_id": version.pk, "shown_hash": version.content_hash}
    return call(table.approve, **given, actor=_compliance())


@scene("crisis.clocks.services.table.return_version")
def _return() -> Act:
    given = {"version_id": _sent().pk, "reason": REASON}
    return call(table.return_version, **given, actor=_compliance())


def _dora():
    return make_clocks()["dora_initial"].pk


@scene("crisis.reports.services.start")
def _start_report() -> Act:
    return call(reports.start, clock_id=_dora(), actor=_officer())


@scene("crisis.reports.services.save")
def _save_report() -> Act:
    given = {"version_id": make_report(_dora()).pk, "answers": {"what": "Words"}}
    return call(reports.save, **given, actor=_officer())


@scene("crisis.reports.services.submit")
def _submit_report() -> Act:
    return call(reports.submit, version_id=make_report(_dora()).pk, actor=_officer())


@scene("crisis.reports.services.approve")
def _approve_report() -> Act:
    version = make_report(_dora(), until="in_review")
    given = {"version_id": version.pk, "shown_hash": version.content_hash}
    return call(reports.approve, **given, actor=_compliance())


@scene("crisis.reports.services.return_version")
def _return_report() -> Act:
    given = {"version_id": make_report(_dora(), until="in_review").pk, "reason": REASON}
    return call(reports.return_version, **given, actor=_compliance())


def _hand_in_of() -> dict[str, object]:
    return {
        "version_id": make_report(_dora(), until="approved").pk, "how": "portal",
        "reference": "T-1", "at": clock.now(), "receipt": b"%PDF-1.7", "receipt_name": "r.pdf",
    }  # fmt: skip


@scene("crisis.reports.services.hand_in")
def _hand_in() -> Act:
    return call(reports.hand_in, **_hand_in_of(), actor=_officer())


@scene("crisis.reports.services.take")
def _take() -> Act:
    return call(reports.take, version_id=make_report(_dora()).pk, actor=make_actor(Role.AUDITOR))


@scene("crisis.reports.services.take_receipt")
def _take_receipt() -> Act:
    done = call(reports.hand_in, **_hand_in_of(), actor=_officer())()
    return call(reports.take_receipt, submission_id=done.pk, actor=make_actor(Role.AUDITOR))
