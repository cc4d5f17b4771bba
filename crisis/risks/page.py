"""What the page of a risk shows, in a fixed number of queries."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from core.actor import Actor
from crisis.risks import selectors
from crisis.risks.controls.forms import AttachForm
from crisis.risks.controls.rules import KIND_LABELS
from crisis.risks.forms import AssessForm, LinkForm, ProposeForm, ReasonForm, WhyForm
from crisis.risks.links.rules import End, Kind
from crisis.risks.links.selectors import links_of
from crisis.risks.matrix.selectors import in_force
from crisis.risks.models import Acceptance, Risk
from crisis.risks.newest import newest
from crisis.risks.recording import today_of
from crisis.risks.rules import STAGE_LABELS, AcceptanceState, Stage, State, has_expired
from crisis.risks.web import rights_of


def context_of(actor: Actor, risk_id: UUID, now: dt.datetime) -> dict[str, Any]:
    """Everything on the page of a risk."""
    risk, matrix = selectors.risk_for(actor, risk_id), in_force()
    points = selectors.points_of(risk.pk, newest([risk.pk]), matrix)
    acting = selectors.controls_of(risk, now)
    acceptances = selectors.acceptances_of(risk)
    active = _first(acceptances, AcceptanceState.ACTIVE)
    ruled = selectors.by_rule(points.get(Stage.INHERENT), acting)
    residual = points.get(Stage.RESIDUAL) or points.get(Stage.CURRENT)
    return {
        "risk": risk,
        "points": points,
        "stages": [(stage.value, STAGE_LABELS[stage], points.get(stage)) for stage in Stage],
        "assessments": selectors.assessments_of(risk, matrix),
        "acting": acting,
        "kinds": KIND_LABELS,
        "ruled": ruled,
        "ruled_level": matrix.level_of(*ruled) if ruled and acting else "",
        "bolder": _is_bolder(points.get(Stage.RESIDUAL), ruled),
        "acceptances": acceptances,
        "active": active,
        "asked": _first(acceptances, AcceptanceState.PROPOSED),
        "ran_out": bool(active and has_expired(active.expires_on, today=today_of(now))),
        "grew": bool(active and selectors.grew(active, residual, matrix)),
        "links": links_of(actor, End(Kind.RISK, risk.pk)),
        "here": End(Kind.RISK.value, risk.pk),
        **_forms(risk, now),
        **rights_of(actor),
        **_rights_in(actor, risk, _first(acceptances, AcceptanceState.PROPOSED)),
    }


def _first(acceptances: list[Acceptance], state: AcceptanceState) -> Acceptance | None:
    return next((each for each in acceptances if each.state == state), None)


def _is_bolder(residual: selectors.Point | None, ruled: tuple[int, int] | None) -> bool:
    """Whether somebody assessed the residual risk as smaller than the rule says."""
    if residual is None or ruled is None:
        return False
    return residual.likelihood < ruled[0] or residual.impact < ruled[1]


def _forms(risk: Risk, now: dt.datetime) -> dict[str, Any]:
    return {
        "assess_form": AssessForm(auto_id="assess_%s"),
        "move_form": ReasonForm(auto_id="move_%s"),
        "propose_form": ProposeForm.half_a_year(today_of(now), auto_id="propose_%s"),
        "decide_form": ReasonForm(auto_id="decide_%s"),
        "attach_form": AttachForm(auto_id="attach_%s"),
        "link_form": LinkForm(auto_id="link_%s"),
        "unlink_form": WhyForm(auto_id="unlink_%s"),
    }


def _rights_in(actor: Actor, risk: Risk, asked: Acceptance | None) -> dict[str, bool]:
    others = {asked.proposed_by_id, risk.owner_id} if asked else set()
    return {
        "may_decide": rights_of(actor)["may_approve"] and actor.user_id not in others,
        "is_live": risk.state != State.CLOSED,
        "may_close": risk.state in {State.DRAFT, State.OPEN},
        "may_propose": risk.state in {State.OPEN, State.ACCEPTED} and asked is None,
    }
