"""Living with a risk for a time (R3): one person proposes, another decides, it ends by itself."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.access import require, require_other_person, require_step_up
from core.actor import Actor, system
from core.errors import Conflict, FourEyesViolation, NotFound
from core.reviewed.steps import require_person
from core.roles import Capability
from crisis.risks import rules
from crisis.risks.models import Acceptance, Assessment, Risk
from crisis.risks.recording import locked, note, today_of
from crisis.risks.rules import ACCEPTANCE, AcceptanceState, Stage, State

EDIT, APPROVE = Capability.RISK_EDIT, Capability.RISK_APPROVE


@transaction.atomic
def propose(
    *, risk_id: UUID, reason: str, expires_on: dt.date, actor: Actor, now: dt.datetime
) -> Acceptance:
    """Ask that the house lives with an open risk until the end of a day; needs RISK_EDIT. What
    is accepted is the newest residual assessment, or else the current one. While one acceptance
    is in force, the next may be proposed, which then replaces it.

    Raises InvalidInput `reason` or `expires_on`, Conflict for a risk that is not open or for
    which one is proposed already.
    """
    person = require_person(actor, EDIT)
    reason = rules.clean_text(reason, field="reason", required=True)
    rules.clean_expiry(expires_on, today=today_of(now))
    risk = locked(risk_id)
    if risk.state not in {State.OPEN, State.ACCEPTED}:
        raise Conflict(_("Only an open risk can be accepted."), code="not_open")
    if risk.acceptances.filter(state=AcceptanceState.PROPOSED).exists():
        raise Conflict(_("An acceptance is proposed already."), code="proposed")
    assessed = _assessed(risk)
    made = Acceptance.objects.create(
        risk=risk, reason=reason, expires_on=expires_on, proposed_by_id=person, proposed_at=now,
        likelihood=assessed.likelihood, impact=assessed.impact,
    )  # fmt: skip
    _note("acceptance_proposed", made, actor=actor, now=now, reason=reason)
    return made


@transaction.atomic
def approve(*, acceptance_id: UUID, actor: Actor, now: dt.datetime) -> Acceptance:
    """Accept the risk as proposed; needs RISK_APPROVE, a fresh second factor, and a person who
    neither proposed it nor owns the risk. An acceptance in force before is replaced.

    Raises Forbidden, FourEyesViolation, StepUpRequired; Conflict when its last day is over or
    the risk was assessed anew since (`assessed_anew`).
    """
    acceptance, risk = _locked(acceptance_id, actor)
    _require_second(acceptance, risk, actor)
    ACCEPTANCE.check(old=acceptance.state, new=AcceptanceState.ACTIVE)
    require_step_up(actor, now)
    if rules.has_expired(acceptance.expires_on, today=today_of(now)):
        raise Conflict(_("Its last day is over; propose it anew."), code="expired")
    assessed = _assessed(risk)
    if (assessed.likelihood, assessed.impact) != (acceptance.likelihood, acceptance.impact):
        raise Conflict(
            _("The risk was assessed anew since this was proposed; propose it anew."),
            code="assessed_anew",
        )
    for old in risk.acceptances.select_for_update().filter(state=AcceptanceState.ACTIVE):
        _end(old, AcceptanceState.REPLACED, "", actor, now)
    acceptance.state = AcceptanceState.ACTIVE.value
    acceptance.decided_by_id, acceptance.decided_at = actor.user_id, now
    acceptance.save(update_fields=["state", "decided_by", "decided_at"])
    if risk.state == State.OPEN:
        rules.MACHINE.check(old=risk.state, new=State.ACCEPTED)
        _set_state(risk, State.ACCEPTED, "", now)
    _note("accepted", acceptance, actor=actor, now=now)
    return acceptance


@transaction.atomic
def decline(*, acceptance_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> Acceptance:
    """Refuse a proposed acceptance, with a reason; by whoever could approve it."""
    reason = rules.clean_text(reason, field="reason", required=True)
    acceptance, risk = _locked(acceptance_id, actor)
    _require_second(acceptance, risk, actor)
    ACCEPTANCE.check(old=acceptance.state, new=AcceptanceState.DECLINED, reason=reason)
    acceptance.state = AcceptanceState.DECLINED.value
    acceptance.decided_by_id, acceptance.decided_at = actor.user_id, now
    acceptance.end_reason = reason
    acceptance.save(update_fields=["state", "decided_by", "decided_at", "end_reason"])
    _note("acceptance_declined", acceptance, actor=actor, now=now, reason=reason)
    return acceptance


@transaction.atomic
def withdraw(*, acceptance_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> Acceptance:
    """Take a proposal back before it is decided; needs RISK_EDIT and a reason."""
    require(actor, EDIT)
    reason = rules.clean_text(reason, field="reason", required=True)
    acceptance, _risk = _locked(acceptance_id, actor)
    ACCEPTANCE.check(old=acceptance.state, new=AcceptanceState.WITHDRAWN, reason=reason)
    _end(acceptance, AcceptanceState.WITHDRAWN, reason, actor, now)
    _note("acceptance_withdrawn", acceptance, actor=actor, now=now, reason=reason)
    return acceptance


@transaction.atomic
def revoke(*, acceptance_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> Acceptance:
    """End an acceptance before its day, with a reason; needs RISK_APPROVE and a fresh second
    factor. The risk is open again."""
    require_person(actor, APPROVE)
    reason = rules.clean_text(reason, field="reason", required=True)
    acceptance, risk = _locked(acceptance_id, actor)
    ACCEPTANCE.check(old=acceptance.state, new=AcceptanceState.REVOKED, reason=reason)
    require_step_up(actor, now)
    _end(acceptance, AcceptanceState.REVOKED, reason, actor, now)
    _set_state(risk, State.OPEN, reason, now)
    _note("acceptance_revoked", acceptance, actor=actor, now=now, reason=reason)
    return acceptance


def expire_due(*, now: dt.datetime) -> int:
    """End acceptances whose last day is over and open their risks again; returns how many. Runs
    from rows: twice, or late, it does the same."""
    due = Acceptance.objects.filter(
        state=AcceptanceState.ACTIVE, expires_on__lt=today_of(now)
    ).values_list("pk", flat=True)
    return sum(_expire(acceptance_id, now) for acceptance_id in list(due))


@transaction.atomic
def _expire(acceptance_id: UUID, now: dt.datetime) -> int:
    actor = system("risks")
    acceptance, risk = _locked(acceptance_id, actor)
    if acceptance.state != AcceptanceState.ACTIVE:
        return 0
    reason = gettext("The acceptance ended on %(day)s.") % {
        "day": acceptance.expires_on.isoformat()
    }
    _end(acceptance, AcceptanceState.EXPIRED, "", actor, now)
    _set_state(risk, State.OPEN, reason, now)
    _note("acceptance_expired", acceptance, actor=actor, now=now)
    return 1


def _locked(acceptance_id: UUID, actor: Actor) -> tuple[Acceptance, Risk]:
    """The acceptance and its risk, both locked, the risk first as everywhere."""
    found = Acceptance.objects.filter(pk=acceptance_id).first()
    if found is None:
        raise NotFound(_("There is no such acceptance."))
    risk = locked(found.risk_id)
    return Acceptance.objects.select_for_update().get(pk=acceptance_id), risk


def _require_second(acceptance: Acceptance, risk: Risk, actor: Actor) -> None:
    require(actor, APPROVE)
    require_other_person(actor, [acceptance.proposed_by_id])
    if actor.user_id == risk.owner_id:
        raise FourEyesViolation(_("You own this risk, so another person must decide."))


def _assessed(risk: Risk) -> Assessment:
    """The newest residual assessment, or else the current one, which an open risk has."""
    rows = risk.assessments.order_by("-at", "-id")
    found = rows.filter(stage=Stage.RESIDUAL).first() or rows.filter(stage=Stage.CURRENT).first()
    if found is None:
        raise Conflict(_("Assess the risk first."), code="not_assessed")
    return found


def _end(
    acceptance: Acceptance, state: AcceptanceState, reason: str, actor: Actor, now: dt.datetime
) -> None:
    acceptance.state, acceptance.end_reason = state.value, reason
    acceptance.ended_by_id, acceptance.ended_at = actor.user_id, now
    acceptance.save(update_fields=["state", "end_reason", "ended_by", "ended_at"])


def _set_state(risk: Risk, state: State, reason: str, now: dt.datetime) -> None:
    risk.state, risk.state_reason, risk.changed_at = state.value, reason, now
    risk.save(update_fields=["state", "state_reason", "changed_at"])


def _note(
    verb: str, acceptance: Acceptance, *, actor: Actor, now: dt.datetime, reason: str = ""
) -> None:
    risk = acceptance.risk
    payload: dict[str, Any] = {
        "acceptance": str(acceptance.pk),
        "expires_on": acceptance.expires_on.isoformat(),
        "likelihood": acceptance.likelihood,
        "impact": acceptance.impact,
        "words": risk.proof(reason=reason or acceptance.reason),
    }
    note(verb, risk, actor=actor, now=now, payload=payload)
