"""Writes on rounds of identification (R1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.access import require
from core.actor import Actor
from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.reviewed.steps import require_person
from core.roles import Capability, capabilities_of
from crisis.risks.recording import note_object, staff_member
from crisis.risks.rounds import rules
from crisis.risks.rounds.models import Attendance, Round
from crisis.risks.rounds.rules import Presence, State
from crisis.risks.rules import clean_line, clean_text

EDIT = Capability.RISK_EDIT


@transaction.atomic
def plan_round(
    *,
    quarter: str,
    planned_on: dt.date,
    departments: Iterable[str],
    chair_id: UUID,
    actor: Actor,
    now: dt.datetime,
) -> Round:
    """Plan a round on a day of a quarter, with the departments invited and its chair, who must
    work on risks; needs RISK_EDIT. Raises InvalidInput naming the field."""
    require(actor, EDIT)
    chair = staff_member(chair_id, field="chair_id")
    if not {Capability.RISK_EDIT, Capability.RISK_APPROVE} & capabilities_of(chair.roles):
        raise InvalidInput(_("The chair must be somebody who works on risks."), field="chair_id")
    made = Round.objects.create(
        quarter=quarter,
        planned_on=rules.clean_day(planned_on, quarter),
        departments=rules.clean_departments(departments),
        chair=chair,
        created_at=now,
    )
    _note("round_planned", made, actor=actor, now=now, chair=str(chair.pk))
    return made


@transaction.atomic
def note_attendance(
    *,
    round_id: UUID,
    person_id: UUID,
    department: str,
    presence: str,
    actor: Actor,
    now: dt.datetime,
) -> Attendance:
    """Note whether somebody took part, for which department; again to correct it, as long as
    the round is not closed. By its chair, or with RISK_EDIT.

    Raises InvalidInput naming the field, Conflict `round_over`.
    """
    found = _locked(round_id)
    _require_host(found, actor)
    if presence not in set(Presence):
        raise InvalidInput(_("Choose whether she took part."), field="presence")
    person = staff_member(person_id, field="person_id")
    department = clean_line(department, field="department", limit=60)
    row, _new = Attendance.objects.update_or_create(
        round=found, person=person, defaults={"department": department, "presence": presence}
    )
    _note("round_attendance", found, actor=actor, now=now, person=str(person.pk), presence=presence)
    return row


@transaction.atomic
def close_round(*, round_id: UUID, minutes: str, actor: Actor, now: dt.datetime) -> Round:
    """Close a round with its minutes; by its chair alone. Attendance stands from here.

    Raises Forbidden, InvalidInput `minutes`, Conflict when departments are not accounted for.
    """
    found = _locked(round_id)
    if _host(actor) != found.chair_id:
        raise Forbidden(_("Only the chair closes a round."), code="not_the_chair")
    minutes = clean_text(minutes, field="minutes", required=True)
    rows = list(found.attendance.values_list("department", "presence"))
    rules.check_attendance(found.departments, rows)
    found.state, found.minutes, found.closed_at = State.CLOSED.value, minutes, now
    found.save(update_fields=["state", "minutes", "closed_at"])
    counts = {
        each.value: sum(1 for _department, presence in rows if presence == each)
        for each in Presence
    }
    words = found.proof(minutes=minutes)
    _note("round_closed", found, actor=actor, now=now, words=words, risks=found.risks.count(),
          **counts)  # fmt: skip
    return found


@transaction.atomic
def cancel_round(*, round_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> Round:
    """Call a round off, with a reason; by its chair, or with RISK_EDIT."""
    found = _locked(round_id)
    _require_host(found, actor)
    reason = clean_text(reason, field="reason", required=True)
    found.state, found.state_reason = State.CANCELLED.value, reason
    found.save(update_fields=["state", "state_reason"])
    _note("round_cancelled", found, actor=actor, now=now, words=found.proof(reason=reason))
    return found


def _host(actor: Actor) -> UUID:
    """The person behind `actor`, who must work on risks; raises Forbidden."""
    if Capability.RISK_APPROVE in actor.capabilities:
        return require_person(actor, Capability.RISK_APPROVE)
    return require_person(actor, EDIT)


def _require_host(found: Round, actor: Actor) -> None:
    if _host(actor) != found.chair_id:
        require(actor, EDIT)


def _locked(round_id: UUID) -> Round:
    """The round with its row locked, still to be held; raises NotFound or Conflict."""
    found = Round.objects.select_for_update().filter(pk=round_id).first()
    if found is None:
        raise NotFound(_("There is no such round."))
    if found.state != State.PLANNED:
        raise Conflict(_("This round is over; nothing in it can change."), code="round_over")
    return found


def _note(verb: str, found: Round, *, actor: Actor, now: dt.datetime, **payload: str | int) -> None:
    about = {"quarter": found.quarter, "planned_on": found.planned_on.isoformat(), **payload}
    note_object(verb, f"risk_round:{found.pk}", actor=actor, now=now, payload=about)
