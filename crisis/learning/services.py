"""Writes on retrospectives and actions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.record import record
from core.access import require, require_other_person, require_step_up
from core.actor import Actor, system
from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.models import User
from core.reviewed import steps
from core.reviewed.steps import require_person
from core.roles import Capability
from core.texts import clean_text
from crisis.clocks import services as clocks
from crisis.incidents.models import Incident
from crisis.incidents.rules import State as IncidentState
from crisis.learning import rules
from crisis.learning.models import LearningAction, Retrospective, RetrospectiveVersion
from crisis.learning.rules import ACTIONS, ActionState

RUN, APPROVE = Capability.CRISIS_RUN, Capability.CRISIS_APPROVE
CLOCK = "retrospective"

# The retrospective ----------------------------------------------------------------------------


@transaction.atomic
def start_retrospective(
    *, incident_id: UUID, actor: Actor, now: dt.datetime
) -> RetrospectiveVersion:
    """A draft to look back on an incident that is restored or closed; after one that was
    returned or signed off, a draft with its words. Raises Conflict `too_early` or `in_work`."""
    require_person(actor, RUN)
    incident = _incident(incident_id)
    if incident.state not in (IncidentState.RESTORED, IncidentState.CLOSED):
        raise Conflict(_("Look back once the incident is restored or closed."), code="too_early")
    kept, _new = Retrospective.objects.get_or_create(
        incident=incident, defaults={"started_at": now}
    )
    return steps.start(RetrospectiveVersion, kept, actor=actor, now=now, verb="started")


@transaction.atomic
def save(
    *,
    version_id: UUID,
    parts: Mapping[str, str],
    actor: Actor,
    now: dt.datetime,
    revision: int | None = None,
) -> RetrospectiveVersion:
    """Replace the words of a draft. Raises InvalidInput naming the part, Conflict `stale_draft`."""
    require_person(actor, RUN)
    version = steps.locked(RetrospectiveVersion, version_id, draft=True)
    steps.require_fresh(version, revision)
    for name, text in rules.clean_parts(parts).items():
        setattr(version, name, text)
    steps.save(version, actor=actor, now=now)
    return version


@transaction.atomic
def submit(*, version_id: UUID, actor: Actor, now: dt.datetime) -> RetrospectiveVersion:
    """Send a draft to a second person. Raises InvalidInput while summary or causes are blank."""
    require_person(actor, RUN)
    version = steps.locked(RetrospectiveVersion, version_id, draft=True)
    rules.require_whole(version.parts)
    steps.submit(version, actor=actor, now=now)
    return version


@transaction.atomic
def approve(
    *, version_id: UUID, shown_hash: str, actor: Actor, now: dt.datetime
) -> RetrospectiveVersion:
    """Sign the lesson off as a person who did not write it; its 60-day clock is met."""
    require_person(actor, APPROVE)
    version = steps.locked(RetrospectiveVersion, version_id)
    steps.approve(version, shown_hash=shown_hash, actor=actor, now=now)
    clocks.meet(
        incident=version.retrospective.incident, code=CLOCK, at=now, actor=actor, now=now,
        detail={"content_hash": version.content_hash},
    )  # fmt: skip
    return version


@transaction.atomic
def return_version(
    *, version_id: UUID, reason: str, actor: Actor, now: dt.datetime
) -> RetrospectiveVersion:
    """Give it back with a reason."""
    require_person(actor, APPROVE)
    reason = clean_text(reason, field="reason", limit=2000)
    version = steps.locked(RetrospectiveVersion, version_id)
    return steps.give_back(version, reason=reason, actor=actor, now=now)


# Actions --------------------------------------------------------------------------------------


@transaction.atomic
def add_action(
    *,
    incident_id: UUID,
    title: str,
    owner_id: UUID,
    due_on: dt.date,
    actor: Actor,
    now: dt.datetime,
) -> LearningAction:
    """Give somebody something to do until a day. Raises InvalidInput `title` or `owner_id`."""
    person = require_person(actor, RUN)
    incident = _incident(incident_id)
    title = _needed(title, "title", 300)
    if not User.objects.filter(pk=owner_id, is_active=True).exists():
        raise InvalidInput(_("Choose somebody of the staff."), field="owner_id")
    action = LearningAction.objects.create(
        incident=incident, title=title, owner_id=owner_id, due_on=due_on, added_by_id=person,
        added_at=now,
    )  # fmt: skip
    payload = {"title": title, "due_on": due_on.isoformat()}
    _note("added", action, actor, now, payload)
    return action


@transaction.atomic
def move_action(
    *, action_id: UUID, due_on: dt.date, reason: str, actor: Actor, now: dt.datetime
) -> LearningAction:
    """Give it another day, with a reason. The old one stays in the history."""
    require(actor, RUN)
    action = _open(action_id)
    reason = _needed(reason, "reason", 2000)
    was, action.due_on, action.chased = action.due_on, due_on, None
    action.save(update_fields=["due_on", "chased"])
    payload = {"from": was.isoformat(), "to": due_on.isoformat(), "reason": reason}
    _note("moved", action, actor, now, payload)
    return action


@transaction.atomic
def finish_action(
    *, action_id: UUID, outcome: str, actor: Actor, now: dt.datetime
) -> LearningAction:
    """Its owner, or whoever runs crises, says what was done."""
    action = _open(action_id)
    if actor.user_id != action.owner_id and RUN not in actor.capabilities:
        raise Forbidden(_("Its owner says when it is done."))
    return _ended(action, ActionState.DONE, outcome, actor, now)


@transaction.atomic
def drop_action(*, action_id: UUID, outcome: str, actor: Actor, now: dt.datetime) -> LearningAction:
    """Decide, with a reason and a fresh second factor, that it need not be done; neither its
    owner nor who added it can."""
    require(actor, APPROVE)
    action = _open(action_id)
    require_other_person(actor, [action.owner_id, action.added_by_id])
    require_step_up(actor, now)
    return _ended(action, ActionState.DROPPED, outcome, actor, now)


def chase_due(*, now: dt.datetime, today: dt.date) -> int:
    """Record, once per step, that an owner is asked about an action; how many."""
    asked = 0
    first = today + dt.timedelta(days=rules.CHASE_BEFORE)
    with transaction.atomic():
        rows = LearningAction.objects.filter(state=ActionState.OPEN, due_on__lte=first)
        for action in rows.select_for_update(of=("self",)).select_related("incident"):
            step = rules.chase_step(action.due_on, today)
            if step is None or (action.chased is not None and action.chased >= step):
                continue
            action.chased = step
            action.save(update_fields=["chased"])
            payload = {"step": step, "due_on": action.due_on.isoformat()}
            _note("chased", action, system("crisis"), now, payload)
            asked += 1
    return asked


def _ended(
    action: LearningAction, state: ActionState, outcome: str, actor: Actor, now: dt.datetime
) -> LearningAction:
    outcome = _needed(outcome, "outcome", 2000)
    ACTIONS.check(old=action.state, new=state, reason=outcome)
    action.state, action.outcome = state.value, outcome
    action.ended_by_id, action.ended_at = _person(actor), now
    action.save(update_fields=["state", "outcome", "ended_by", "ended_at"])
    _note(state.value, action, actor, now, {"outcome": outcome})
    return action


def _person(actor: Actor) -> UUID:
    """The person behind `actor`; raises Forbidden for a program."""
    if actor.user_id is None:
        raise Forbidden(_("This step needs a person, not a program."))
    return actor.user_id


def _incident(incident_id: UUID) -> Incident:
    incident = Incident.objects.select_for_update().filter(pk=incident_id).first()
    if incident is None:
        raise NotFound(_("There is no such incident."))
    return incident


def _open(action_id: UUID) -> LearningAction:
    action = (
        LearningAction.objects.select_for_update(of=("self",))
        .select_related("incident")
        .filter(pk=action_id)
        .first()
    )
    if action is None:
        raise NotFound(_("There is no such action."))
    if action.state != ActionState.OPEN:
        raise Conflict(_("This action has ended."), code="ended")
    return action


def _needed(raw: str, field: str, limit: int) -> str:
    text = clean_text(raw, field=field, limit=limit)
    if not text:
        raise InvalidInput(_("This field is required."), code="required", field=field)
    return text


def _note(
    verb: str, action: LearningAction, actor: Actor, now: dt.datetime, payload: dict[str, Any]
) -> None:
    about = Subjects(
        incident=action.incident_id, staff=action.owner_id, object=f"action:{action.pk}"
    )
    exercise = {"exercise": action.incident.exercise}
    record(
        action=f"action.{verb}", actor=actor, now=now, subjects=about, payload=payload | exercise
    )
