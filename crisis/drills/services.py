"""Writes on drills: each one function, one transaction, one ledger record `drill.<verb>`. What
happens in the drill itself are the incident's own services: the workflow is the real one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.record import record
from comms.services.notices.common import person_of
from core.access import require
from core.actor import Actor
from core.clock import isoformat
from core.errors import Conflict, InvalidInput, NotFound
from core.models import User
from core.roles import Capability
from core.texts import clean_text
from crisis.clocks import services as clocks
from crisis.drills import rules, selectors
from crisis.drills.models import Drill, DrillFinding, DrillMark, LostContact
from crisis.drills.rules import MACHINE, Kind, State
from crisis.incidents.rules import Nature, clean_scope
from crisis.incidents.services.activating import open_incident
from crisis.incidents.services.common import locked as locked_incident
from investors.models import Investor

MAX_PEOPLE = 200


@transaction.atomic
def plan(
    *,
    kind: str,
    title: str,
    scenario: str,
    planned_for: dt.datetime,
    participants: Collection[UUID],
    actor: Actor,
    now: dt.datetime,
    nature: str = "",
    scope: Mapping[str, Any] | None = None,
    steps: Iterable[Mapping[str, Any]] = (),
) -> Drill:
    """Plan a drill. A site switch needs the steps whose times are measured.

    Raises Forbidden, InvalidInput naming the field.
    """
    require(actor, Capability.CRISIS_RUN)
    if kind not in set(Kind):
        raise InvalidInput(_("Choose one of the list."), field="kind")
    if nature and nature not in set(Nature):
        raise InvalidInput(_("There is no such nature."), field="nature")
    measured = rules.clean_steps(steps)
    if kind == Kind.SITE_SWITCH and not measured:
        raise InvalidInput(_("Name the steps whose times are measured."), field="steps")
    drill = Drill.objects.create(
        kind=kind,
        title=_words(title, "title", 200),
        scenario=_words(scenario, "scenario", 10_000),
        nature=nature,
        scope=clean_scope(scope or {}),
        steps=measured,
        planned_for=planned_for,
        participants=_people(participants),
        planned_at=now,
        planned_by_id=person_of(actor),
    )
    _record(
        "planned", drill, actor, now,
        title=drill.title, planned_for=isoformat(planned_for), nature=nature, scope=drill.scope,
        steps=drill.steps, participants=[str(person) for person in drill.participants],
    )  # fmt: skip
    return drill


@transaction.atomic
def cancel(*, drill_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> Drill:
    """Call a planned drill off, with a reason. Raises Forbidden, NotFound, InvalidInput."""
    require(actor, Capability.CRISIS_RUN)
    drill = _locked(drill_id)
    reason = reason.strip()
    MACHINE.check(old=drill.state, new=State.CANCELLED, reason=reason)
    drill.state, drill.reason = State.CANCELLED.value, reason
    drill.save(update_fields=["state", "reason"])
    _record("cancelled", drill, actor, now, reason=reason)
    return drill


@transaction.atomic
def start(*, drill_id: UUID, actor: Actor, now: dt.datetime) -> Drill:
    """Sound the alarm: an incident that is an exercise for good, under the plan in force. A
    lost-contact drill freezes the investors whom fewer than two channels reach.

    Raises Forbidden, NotFound, InvalidInput for one that has been started.
    """
    require(actor, Capability.CRISIS_RUN)
    drill = _locked(drill_id)
    MACHINE.check(old=drill.state, new=State.RUNNING)
    drill.incident = open_incident(
        title=drill.title, cause=f"drill:{drill.pk}", nature=drill.nature, scope=drill.scope,
        exercise=True, actor=actor, now=now,
    )  # fmt: skip
    drill.state, drill.started_at = State.RUNNING.value, now
    drill.save(update_fields=["state", "started_at", "incident"])
    lost = _freeze_lost(drill) if drill.kind == Kind.LOST_CONTACT else 0
    _record("started", drill, actor, now, lost=lost)
    return drill


@transaction.atomic
def mark_step(*, drill_id: UUID, step: int, actor: Actor, now: dt.datetime) -> DrillMark:
    """A step was done now; measured from the start, once. Raises Forbidden, NotFound, InvalidInput
    `step`, Conflict `not_running` or `marked`."""
    require(actor, Capability.CRISIS_LOG)
    drill = _running(drill_id)
    if not 0 <= step < len(drill.steps):
        raise InvalidInput(_("There is no such step."), field="step")
    if drill.marks.filter(step=step).exists():
        raise Conflict(_("This step was marked before."), code="marked")
    mark = DrillMark.objects.create(drill=drill, step=step, at=now, by_id=person_of(actor))
    _record("step_marked", drill, actor, now, step=step, name=drill.steps[step]["name"])
    return mark


@transaction.atomic
def mark_found(*, lost_id: UUID, actor: Actor, now: dt.datetime) -> LostContact:
    """A way to reach this investor was found now. Nobody is written to: a drill only measures how
    fast it would go. Raises Forbidden, NotFound, Conflict `not_running` or `marked`."""
    require(actor, Capability.CRISIS_LOG)
    drill_id = LostContact.objects.filter(pk=lost_id).values_list("drill", flat=True).first()
    if drill_id is None:
        raise NotFound(_("There is no such entry."))
    drill = _running(drill_id)
    lost = LostContact.objects.select_for_update().get(pk=lost_id)
    if lost.found_at is not None:
        raise Conflict(_("This investor was found before."), code="marked")
    lost.found_at, lost.found_by_id = now, actor.user_id
    lost.save(update_fields=["found_at", "found_by"])
    record(
        action="drill.contact_found",
        actor=actor,
        now=now,
        subjects=Subjects(incident=drill.incident_id, investor=lost.investor_id),
        payload={"drill": str(drill.pk), "exercise": True},
    )
    return lost


@transaction.atomic
def end(*, drill_id: UUID, summary: str, actor: Actor, now: dt.datetime) -> Drill:
    """End a drill: score it against its clocks and measured times. Clocks that still run are
    called off afterwards, so that no exercise stands in the strip.

    Raises Forbidden, NotFound, InvalidInput `summary` or for one that does not run.
    """
    require(actor, Capability.CRISIS_RUN)
    drill = _locked(drill_id)
    summary = _words(summary, "summary", 10_000)
    MACHINE.check(old=drill.state, new=State.FINISHED, reason=summary)
    incident = drill.incident
    assert incident is not None and drill.started_at is not None  # the machine, and a constraint
    locked_incident(incident.pk)
    drill.score = rules.score(
        selectors.clock_results(incident, now),
        selectors.step_results(drill),
        selectors.recovery_of(drill),
    )
    drill.state, drill.ended_at, drill.summary = State.FINISHED.value, now, summary
    drill.save(update_fields=["state", "ended_at", "summary", "score"])
    clocks.cancel_running(
        incident=incident, reason=str(_("The drill has ended.")), actor=actor, now=now
    )
    _record("ended", drill, actor, now, score=drill.score, summary=summary)
    return drill


@transaction.atomic
def note_finding(
    *,
    drill_id: UUID,
    text: str,
    action: str,
    owner: UUID,
    due_on: dt.date,
    actor: Actor,
    now: dt.datetime,
) -> DrillFinding:
    """What the drill showed, and who does what about it until when. While it runs or afterwards.

    Raises Forbidden, NotFound, InvalidInput naming the field, Conflict `not_started`.
    """
    require(actor, Capability.CRISIS_LOG)
    drill = _locked(drill_id)
    if drill.state not in {State.RUNNING, State.FINISHED}:
        raise Conflict(_("The drill has not begun."), code="not_started")
    if not User.objects.filter(pk=owner, is_active=True).exists():
        raise InvalidInput(_("There is no such person."), field="owner")
    finding = DrillFinding.objects.create(
        drill=drill,
        text=_words(text, "text", 2000),
        action=_words(action, "action", 2000),
        owner_id=owner,
        due_on=due_on,
        noted_at=now,
        noted_by_id=person_of(actor),
    )
    _record(
        "finding_noted", drill, actor, now,
        finding=str(finding.pk), text=finding.text, action=finding.action, owner=str(owner),
        due_on=due_on.isoformat(),
    )  # fmt: skip
    return finding


@transaction.atomic
def settle_finding(
    *, finding_id: UUID, outcome: str, actor: Actor, now: dt.datetime
) -> DrillFinding:
    """The action is done; what came of it. By its owner, or by who runs incidents.

    Raises Forbidden, NotFound, InvalidInput `outcome`, Conflict `done`.
    """
    require(actor, Capability.CRISIS_LOG)
    finding = DrillFinding.objects.select_for_update().filter(pk=finding_id).first()
    if finding is None:
        raise NotFound(_("There is no such finding."))
    if actor.user_id != finding.owner_id:
        require(actor, Capability.CRISIS_RUN)
    if finding.done_at is not None:
        raise Conflict(_("This is done already."), code="done")
    finding.outcome = _words(outcome, "outcome", 2000)
    finding.done_at, finding.done_by_id = now, actor.user_id
    finding.save(update_fields=["outcome", "done_at", "done_by"])
    _record(
        "finding_settled", finding.drill, actor, now,
        finding=str(finding.pk), outcome=finding.outcome,
    )  # fmt: skip
    return finding


def _freeze_lost(drill: Drill) -> int:
    """Those whom fewer than two channels reach now, at most MAX_FROZEN, the worst first."""
    people = Investor.objects.active().filter(reach__lt=rules.ENOUGH).order_by("reach", "pk")
    rows = [
        LostContact(drill=drill, investor_id=investor, reach=reach)
        for investor, reach in people.values_list("pk", "reach")[: rules.MAX_FROZEN]
    ]
    LostContact.objects.bulk_create(rows, batch_size=1000)
    return len(rows)


def _locked(drill_id: UUID) -> Drill:
    drill = Drill.objects.select_for_update().filter(pk=drill_id).first()
    if drill is None:
        raise NotFound(_("There is no such drill."))
    return drill


def _running(drill_id: UUID) -> Drill:
    drill = _locked(drill_id)
    if drill.state != State.RUNNING:
        raise Conflict(_("The drill does not run."), code="not_running")
    return drill


def _people(raw: Collection[UUID]) -> list[UUID]:
    wanted = list(dict.fromkeys(raw))
    known = set(User.objects.filter(pk__in=wanted, is_active=True).values_list("pk", flat=True))
    if not wanted or len(wanted) > MAX_PEOPLE or known != set(wanted):
        raise InvalidInput(_("Choose who takes part."), field="participants")
    return wanted


def _words(raw: str, field: str, limit: int) -> str:
    text = clean_text(raw, field=field, limit=limit)
    if not text:
        raise InvalidInput(_("Write something here."), code="required", field=field)
    return text


def _record(verb: str, drill: Drill, actor: Actor, now: dt.datetime, **payload: Any) -> None:
    record(
        action=f"drill.{verb}",
        actor=actor,
        now=now,
        subjects=Subjects(incident=drill.incident_id, object=f"drill:{drill.pk}"),
        payload={"kind": drill.kind, "exercise": True, **payload},
    )
