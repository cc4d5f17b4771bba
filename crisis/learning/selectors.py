"""Reads of retrospectives and actions."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core.access import require
from core.actor import Actor
from core.errors import NotFound
from core.roles import Capability
from crisis.incidents.models import Incident
from crisis.learning import rules
from crisis.learning.models import LearningAction, Retrospective, RetrospectiveVersion

VIEW = Capability.CRISIS_VIEW


def retrospectives(actor: Actor) -> QuerySet[Retrospective]:
    """All, newest first, with incident and versions."""
    require(actor, VIEW)
    return Retrospective.objects.select_related("incident").prefetch_related("versions")


def version_for(actor: Actor, version_id: UUID) -> RetrospectiveVersion:
    """One version; raises NotFound."""
    require(actor, VIEW)
    found = (
        RetrospectiveVersion.objects.select_related(
            "retrospective__incident", "edited_by", "submitted_by", "decided_by"
        )
        .filter(pk=version_id)
        .first()
    )
    if found is None:
        raise NotFound(_("There is no such retrospective."))
    return found


def versions_of(incident: Incident) -> list[RetrospectiveVersion]:
    """The versions of an incident's retrospective, newest first."""
    rows = RetrospectiveVersion.objects.filter(retrospective__incident=incident)
    return list(rows.select_related("decided_by").order_by("-number"))


def actions(actor: Actor, *, state: str = "", mine: UUID | None = None) -> QuerySet[LearningAction]:
    """Actions of all incidents by their day; `mine` only those of one owner."""
    require(actor, VIEW)
    rows = LearningAction.objects.select_related("incident", "owner", "ended_by")
    if state in set(rules.ActionState):
        rows = rows.filter(state=state)
    return rows.filter(owner_id=mine) if mine else rows


def actions_of(incident: Incident) -> list[LearningAction]:
    """The actions of one incident by their day."""
    rows = LearningAction.objects.filter(incident=incident)
    return list(rows.select_related("owner", "ended_by", "incident"))


def action_for(actor: Actor, action_id: UUID) -> LearningAction:
    """One action, for its owner and for who may see crises; raises NotFound for others."""
    rows = LearningAction.objects.select_related("incident", "owner", "added_by", "ended_by")
    action = rows.filter(pk=action_id).first()
    if action is None or (actor.user_id != action.owner_id and VIEW not in actor.capabilities):
        raise NotFound(_("There is no such action."))
    return action


def incident_for(actor: Actor, incident_id: UUID) -> Incident:
    """The incident that something is learnt from; raises NotFound."""
    require(actor, VIEW)
    incident = Incident.objects.filter(pk=incident_id).first()
    if incident is None:
        raise NotFound(_("There is no such incident."))
    return incident


def due_of(owner_id: UUID, today: dt.date) -> list[LearningAction]:
    """What one person is asked about now."""
    last = today + dt.timedelta(days=rules.CHASE_BEFORE)
    rows = LearningAction.objects.filter(owner_id=owner_id, state="open", due_on__lte=last)
    return list(rows.select_related("incident"))
