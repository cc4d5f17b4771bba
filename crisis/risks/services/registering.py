"""A risk's way into the register, through it and out of it (R1)."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.access import require
from core.actor import Actor
from core.errors import Conflict, NotFound
from core.roles import Capability
from crisis.risks import rules
from crisis.risks.models import Assessment, Risk
from crisis.risks.recording import locked, locked_live, next_code, note, staff_member
from crisis.risks.rounds.models import Round
from crisis.risks.rounds.rules import State as RoundState
from crisis.risks.rules import MACHINE, Stage, State

EDIT = Capability.RISK_EDIT


@transaction.atomic
def create_risk(
    *,
    kind: str,
    title: str,
    department: str,
    owner_id: UUID,
    actor: Actor,
    now: dt.datetime,
    description: str = "",
    causes: str = "",
    round_id: UUID | None = None,
) -> Risk:
    """Put a risk into the register as a draft, raised in a round that is still going on if one
    is named; needs RISK_EDIT.

    Raises InvalidInput naming the field, NotFound or Conflict for the round.
    """
    require(actor, EDIT)
    risk = Risk(
        code=next_code(Risk, "R", now),
        round=_round(round_id),
        created_at=now,
        created_by_id=actor.user_id,
        changed_at=now,
        **_words(kind, title, department, description, causes),
        owner=staff_member(owner_id, field="owner_id"),
    )
    risk.save(force_insert=True)
    payload = {**_told(risk), "round": str(round_id) if round_id else None}
    note("created", risk, actor=actor, now=now, payload=payload)
    return risk


@transaction.atomic
def change_risk(
    *,
    risk_id: UUID,
    kind: str,
    title: str,
    department: str,
    owner_id: UUID,
    actor: Actor,
    now: dt.datetime,
    description: str = "",
    causes: str = "",
    shown_at: dt.datetime | None = None,
) -> Risk:
    """Change what the register says of a risk; needs RISK_EDIT. `shown_at` is the `changed_at`
    that the editor started from.

    Raises InvalidInput naming the field, NotFound, or Conflict for a closed risk and for one
    that somebody changed since (`stale`).
    """
    require(actor, EDIT)
    risk = locked_live(risk_id)
    if shown_at is not None and shown_at != risk.changed_at:
        raise Conflict(
            _("Somebody changed this risk while you were writing. Nothing was overwritten."),
            code="stale",
        )
    words = _words(kind, title, department, description, causes)
    owner = staff_member(owner_id, field="owner_id")
    for name, value in {**words, "owner": owner}.items():
        setattr(risk, name, value)
    risk.changed_at = now
    risk.save()
    note("changed", risk, actor=actor, now=now, payload=_told(risk))
    return risk


@transaction.atomic
def open_risk(*, risk_id: UUID, actor: Actor, now: dt.datetime) -> Risk:
    """Put a draft to work: from here it counts; needs RISK_EDIT. It must have been assessed
    without controls and as it is now. Raises Conflict `not_assessed`."""
    require(actor, EDIT)
    risk = locked(risk_id)
    stages = set(Assessment.objects.filter(risk=risk).values_list("stage", flat=True))
    if risk.state == State.DRAFT and not {Stage.INHERENT, Stage.CURRENT} <= stages:
        raise Conflict(
            _("Assess it without controls and as it is now; then it can be opened."),
            code="not_assessed",
        )
    if risk.state != State.DRAFT:
        raise Conflict(_("This risk is no draft."), code="not_a_draft")
    return _move(risk, State.OPEN, "opened", reason="", actor=actor, now=now)


@transaction.atomic
def close_risk(*, risk_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> Risk:
    """Close a risk that is gone, or a draft that was none; needs RISK_EDIT and a reason. An
    acceptance in force must be revoked first."""
    require(actor, EDIT)
    reason = rules.clean_text(reason, field="reason", required=True)
    return _move(locked(risk_id), State.CLOSED, "closed", reason=reason, actor=actor, now=now)


@transaction.atomic
def reopen_risk(*, risk_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> Risk:
    """Open a closed risk again; needs RISK_EDIT and a reason. One that was closed as a draft must
    have been assessed."""
    require(actor, EDIT)
    reason = rules.clean_text(reason, field="reason", required=True)
    risk = locked(risk_id)
    if risk.state != State.CLOSED:
        raise Conflict(_("This risk is not closed."), code="not_closed")
    stages = set(Assessment.objects.filter(risk=risk).values_list("stage", flat=True))
    if not {Stage.INHERENT, Stage.CURRENT} <= stages:
        raise Conflict(
            _("It was never assessed. Put it into the register anew."), code="not_assessed"
        )
    return _move(risk, State.OPEN, "reopened", reason=reason, actor=actor, now=now)


@transaction.atomic
def assess(
    *,
    risk_id: UUID,
    stage: str,
    likelihood: int,
    impact: int,
    why: str,
    actor: Actor,
    now: dt.datetime,
) -> Assessment:
    """Say how likely and how bad a risk is, in percent, and why; needs RISK_EDIT. Earlier
    assessments stay.

    Raises InvalidInput naming the field, also when a risk would be smaller without its controls.
    """
    require(actor, EDIT)
    stage = rules.clean_stage(stage)
    point = (
        rules.clean_percent(likelihood, field="likelihood"),
        rules.clean_percent(impact, field="impact"),
    )
    why = rules.clean_text(why, field="why", required=True)
    risk = locked_live(risk_id)
    rules.check_order(_newest(risk), stage, point)
    made = Assessment.objects.create(
        risk=risk, stage=stage, likelihood=point[0], impact=point[1], why=why, at=now,
        by_id=actor.user_id,
    )  # fmt: skip
    payload = {
        "assessment": str(made.pk), "stage": stage, "likelihood": point[0], "impact": point[1],
        "words": risk.proof(why=why),
    }  # fmt: skip
    note("assessed", risk, actor=actor, now=now, payload=payload)
    return made


def _newest(risk: Risk) -> dict[str, tuple[int, int]]:
    rows = Assessment.objects.filter(risk=risk).order_by("at", "id")
    return {row.stage: (row.likelihood, row.impact) for row in rows}


def _move(risk: Risk, to: State, verb: str, *, reason: str, actor: Actor, now: dt.datetime) -> Risk:
    MACHINE.check(old=risk.state, new=to, reason=reason)
    before, risk.state = risk.state, to.value
    risk.state_reason, risk.changed_at = reason, now
    risk.save(update_fields=["state", "state_reason", "changed_at"])
    payload = {"from": before, "to": risk.state, "words": risk.proof(reason=reason)}
    note(verb, risk, actor=actor, now=now, payload=payload)
    return risk


def _words(kind: str, title: str, department: str, description: str, causes: str) -> dict[str, Any]:
    return {
        "kind": rules.clean_kind(kind),
        "title": rules.clean_line(title, field="title", limit=rules.MAX_TITLE),
        "department": rules.clean_line(department, field="department", limit=rules.MAX_DEPARTMENT),
        "description": rules.clean_text(description, field="description"),
        "causes": rules.clean_text(causes, field="causes"),
    }


def _told(risk: Risk) -> dict[str, Any]:
    words = risk.proof(
        title=risk.title, description=risk.description, causes=risk.causes,
        department=risk.department,
    )  # fmt: skip
    return {"kind": risk.kind, "owner": str(risk.owner_id), "words": words}


def _round(round_id: UUID | None) -> Round | None:
    if round_id is None:
        return None
    found = Round.objects.select_for_update().filter(pk=round_id).first()
    if found is None:
        raise NotFound(_("There is no such round."))
    if found.state != RoundState.PLANNED:
        raise Conflict(_("This round is over; no risk can be raised in it."), code="round_over")
    return found
