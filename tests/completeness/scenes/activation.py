"""Scenes of the crisis plan, of calls, of criteria and of signals."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from core import clock
from core.actor import system
from core.roles import Role
from crisis.criteria import monitors, signals
from crisis.criteria import services as criteria
from crisis.criteria.models import CriterionSet, CriterionSetVersion
from crisis.criteria.shipped import SHIPPED as CRITERIA
from crisis.escalation import services as calls
from crisis.escalation.models import Call
from crisis.models import CrisisPlan, CrisisPlanVersion
from crisis.plans import services as plans
from crisis.plans.shipped import SHIPPED as PLAN
from investors.models import ImportBatch
from tests.completeness.catalogue import Act, scene
from tests.completeness.scenes.core import REASON, call
from tests.core.builders import actor_of
from tests.crisis.builders import make_actor
from tests.crisis.calling import incident_under, officer


def _officer():
    return make_actor(Role.CRISIS_OFFICER)


# --- the plan and the criteria ----------------------------------------------------------------


def _plan(state: str) -> CrisisPlanVersion:
    actor = _officer()
    version = call(plans.new_version, plan_id=CrisisPlan.objects.get().pk, actor=actor)()
    if state == "in_review":
        call(plans.submit, version_id=version.pk, actor=actor)()
    return CrisisPlanVersion.objects.get(pk=version.pk)


@scene("crisis.plans.services.new_version")
def _new_plan() -> Act:
    return call(plans.new_version, plan_id=CrisisPlan.objects.get().pk, actor=_officer())


@scene("crisis.plans.services.save")
def _save_plan() -> Act:
    return call(plans.save, version_id=_plan("draft").pk, content=PLAN, actor=_officer())


@scene("crisis.plans.services.submit")
def _submit_plan() -> Act:
    return call(plans.submit, version_id=_plan("draft").pk, actor=_officer())


@scene("crisis.plans.services.approve")
def _approve_plan() -> Act:
    version, actor = _plan("in_review"), make_actor(Role.REVIEWER)
    return call(plans.approve, version_id=version.pk, shown_hash=version.content_hash, actor=actor)


@scene("crisis.plans.services.return_version")
def _return_plan() -> Act:
    version, actor = _plan("in_review"), make_actor(Role.REVIEWER)
    return call(plans.return_version, version_id=version.pk, reason=REASON, actor=actor)


def _criteria(state: str) -> CriterionSetVersion:
    actor = _officer()
    version = call(criteria.new_version, set_id=CriterionSet.objects.get().pk, actor=actor)()
    if state == "in_review":
        call(criteria.submit, version_id=version.pk, actor=actor)()
    return CriterionSetVersion.objects.get(pk=version.pk)


@scene("crisis.criteria.services.new_version")
def _new_criteria() -> Act:
    return call(criteria.new_version, set_id=CriterionSet.objects.get().pk, actor=_officer())


@scene("crisis.criteria.services.save")
def _save_criteria() -> Act:
    words = {"version_id": _criteria("draft").pk, "content": CRITERIA}
    return call(criteria.save, actor=_officer(), **words)


@scene("crisis.criteria.services.submit")
def _submit_criteria() -> Act:
    return call(criteria.submit, version_id=_criteria("draft").pk, actor=_officer())


@scene("crisis.criteria.services.approve")
def _approve_criteria() -> Act:
    version, actor = _criteria("in_review"), make_actor(Role.REVIEWER)
    return call(
        criteria.approve, version_id=version.pk, shown_hash=version.content_hash, actor=actor
    )


@scene("crisis.criteria.services.return_version")
def _return_criteria() -> Act:
    version, actor = _criteria("in_review"), make_actor(Role.REVIEWER)
    return call(criteria.return_version, version_id=version.pk, reason=REASON, actor=actor)


# --- calls ------------------------------------------------------------------------------------


def _call() -> Call:
    incident_under(clock.now(), operations=[officer("called@example.com"), officer()])
    return Call.objects.get()


def _mine(service: Any, **words: Any) -> Act:
    made = _call()
    return call(service, call_id=made.pk, actor=actor_of(made.person), **words)


@scene("crisis.escalation.services.call_out")
def _call_out() -> Act:
    incident = _call().page.incident
    return call(calls.call_out, incident=incident, role_codes=["technical"], actor=calls.CALLER)


@scene("crisis.escalation.services.call_again")
def _call_again() -> Act:
    incident = _call().page.incident
    return call(calls.call_again, incident_id=incident.pk, role="legal", actor=_officer())


@scene("crisis.escalation.services.acknowledge")
def _acknowledge() -> Act:
    return _mine(calls.acknowledge)


@scene("crisis.escalation.services.decline")
def _decline() -> Act:
    return _mine(calls.decline, reason=REASON)


@scene("crisis.escalation.services.stop")
def _stop() -> Act:
    return call(calls.stop, incident=_call().page.incident, actor=calls.CALLER)


@scene("crisis.escalation.services.tick")
def _tick() -> Act:
    late = _call().until + dt.timedelta(minutes=1)
    return lambda: calls.tick(now=late)


# --- signals ----------------------------------------------------------------------------------


@scene("crisis.criteria.signals.report_measure")
def _report() -> Act:
    words: dict[str, Any] = {"source": "probe", "measure": "outage_minutes", "message_id": "1"}
    return call(
        signals.report_measure, value=Decimal(130), at=clock.now(), actor=system("probe"), **words
    )


@scene("crisis.criteria.monitors.look")
def _look() -> Act:
    now = clock.now()
    ImportBatch.objects.create(
        file_name="a.csv", state="done", created_at=now, finished_at=now,
        totals={"read": 100, "rejected": 50},
    )  # fmt: skip
    return call(monitors.look)
