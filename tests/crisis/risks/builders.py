"""Risks in the states that tests start from."""

from __future__ import annotations

import datetime as dt
from typing import Any

from core import clock
from core.actor import Actor
from core.roles import Role
from crisis.models import Acceptance, Control, Risk, Round
from crisis.risks.controls import services as controls
from crisis.risks.recording import today_of
from crisis.risks.rounds import services as rounds
from crisis.risks.rules import quarter_of
from crisis.risks.services import accepting, registering
from tests.core.builders import actor_of, make_user

DEPARTMENTS = ["Operations", "Technology"]


def editor() -> Actor:
    """Somebody who works on risks."""
    return actor_of(make_user(Role.CRISIS_OFFICER))


def approver() -> Actor:
    """Somebody who decides about risks."""
    return actor_of(make_user(Role.REVIEWER))


def today() -> dt.date:
    return today_of(clock.now())


def words(actor: Actor, **changes: Any) -> dict[str, Any]:
    """What makes a risk."""
    return {
        "kind": "technology",
        "title": "The SMS gateway fails in a rush",
        "department": "Technology",
        "owner_id": actor.user_id,
        "description": "All messages wait.",
        "causes": "One carrier.",
        **changes,
    }


def make_draft(actor: Actor | None = None, **changes: Any) -> Risk:
    """A risk just written down."""
    actor = actor or editor()
    now = changes.pop("now", clock.now())
    return registering.create_risk(**words(actor, **changes), actor=actor, now=now)


def assess(
    risk: Risk, stage: str, likelihood: int, impact: int, *, actor: Actor, **at: Any
) -> None:
    """An assessment."""
    registering.assess(
        risk_id=risk.pk, stage=stage, likelihood=likelihood, impact=impact, why="as seen",
        actor=actor, now=at.get("now", clock.now()),
    )  # fmt: skip


def make_open(
    actor: Actor | None = None,
    *,
    inherent: tuple[int, int] = (90, 100),
    current: tuple[int, int] = (40, 60),
    **changes: Any,
) -> Risk:
    """An assessed risk that counts."""
    actor = actor or editor()
    risk = make_draft(actor, **changes)
    assess(risk, "inherent", *inherent, actor=actor)
    assess(risk, "current", *current, actor=actor)
    return registering.open_risk(risk_id=risk.pk, actor=actor, now=clock.now())


def make_proposed(risk: Risk | None = None, *, days: int = 90) -> Acceptance:
    """An acceptance that waits for a second person, of a risk that a third one owns."""
    risk = risk or make_open()
    return accepting.propose(
        risk_id=risk.pk, reason="The replacement comes in spring.", actor=editor(),
        expires_on=today() + dt.timedelta(days=days), now=clock.now(),
    )  # fmt: skip


def make_accepted(**options: Any) -> Acceptance:
    """A risk accepted for a time."""
    found = make_proposed(**options)
    return accepting.approve(acceptance_id=found.pk, actor=approver(), now=clock.now())


def make_control(actor: Actor | None = None, **changes: Any) -> Control:
    """A preventive control whose evidence is noted by hand."""
    actor = actor or editor()
    given = {
        "title": "Two gateways", "kind": "preventive", "frequency": "continuous",
        "owner_id": actor.user_id, **changes,
    }  # fmt: skip
    return controls.create_control(**given, actor=actor, now=clock.now())


def note(control: Control, *, actor: Actor, works: bool = True, days: int = 90) -> None:
    """Evidence of today."""
    controls.add_evidence(
        control_id=control.pk, works=works, seen="Switched over by hand.", on=today(),
        expires_on=today() + dt.timedelta(days=days), link="https://wiki.example.com/1",
        actor=actor, now=clock.now(),
    )  # fmt: skip


def make_round(actor: Actor | None = None, **changes: Any) -> Round:
    """A round planned for today, chaired by its planner."""
    actor = actor or editor()
    given = {
        "quarter": quarter_of(today()), "planned_on": today(), "departments": DEPARTMENTS,
        "chair_id": actor.user_id, **changes,
    }  # fmt: skip
    return rounds.plan_round(**given, actor=actor, now=clock.now())


def fill(found: Round, actor: Actor) -> None:
    """One person of each department present."""
    for department in found.departments:
        rounds.note_attendance(
            round_id=found.pk, person_id=make_user().pk, department=department,
            presence="present", actor=actor, now=clock.now(),
        )  # fmt: skip
