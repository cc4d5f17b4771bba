"""Who does what in an incident (C4): roles of the frozen plan, and the lead."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from core.access import require
from core.actor import Actor
from core.errors import Conflict, Forbidden, InvalidInput
from core.models import User
from core.roles import Capability
from crisis.escalation import services as escalation
from crisis.incidents.models import Assignment, Incident
from crisis.incidents.rules import LEAD, EntryKind
from crisis.incidents.selectors import holders_of
from crisis.incidents.services.common import locked, require_open, require_person, told
from crisis.plans import rules as plans
from crisis.plans import selectors as plan_selectors


@transaction.atomic
def assign_role(
    *, incident_id: UUID, role: str, person_id: UUID | None, actor: Actor, now: dt.datetime
) -> Incident:
    """Give a role to somebody, or take it back (`person_id` None; not the lead). Whoever had it
    leaves it.

    Raises Forbidden, NotFound, Conflict, InvalidInput `role` or `person`.
    """
    require(actor, Capability.CRISIS_RUN)
    incident = locked(incident_id)
    require_open(incident)
    if role != LEAD and plans.post(incident.plan, role) is None:
        raise InvalidInput(_("The plan knows no such role."), field="role")
    if person_id is None and role == LEAD:
        raise InvalidInput(_("Somebody must lead."), field="person")
    if person_id is not None and person_id not in {user.pk for user in plan_selectors.people()}:
        raise InvalidInput(
            _("Choose an active member of staff who can work on an incident."), field="person"
        )
    held = incident.lead_id if role == LEAD else holders_of(incident).get(role)
    if held == person_id:
        raise Conflict(_("That is so already."), code="unchanged")
    give(incident, role, person_id, actor=actor, now=now)
    return incident


@transaction.atomic
def take_lead(*, incident_id: UUID, actor: Actor, now: dt.datetime) -> Incident:
    """Lead this incident from now on: crisis officers, and whomever the frozen plan names as
    holder or deputy of a role.

    Raises Forbidden, NotFound, Conflict.
    """
    person = require_person(actor)
    require(actor, Capability.CRISIS_LOG)
    incident = locked(incident_id)
    require_open(incident)
    named = {each for post in plans.posts(incident.plan) for each in post.people}
    if Capability.CRISIS_RUN not in actor.capabilities and str(person) not in named:
        raise Forbidden(_("Crisis officers and those whom the plan names can take the lead."))
    if incident.lead_id == person:
        raise Conflict(_("You lead this incident already."), code="unchanged")
    give(incident, LEAD, person, actor=actor, now=now)
    return incident


def give(
    incident: Incident, role: str, person_id: UUID | None, *, actor: Actor, now: dt.datetime
) -> None:
    """Note who has a role now, in the timeline and the ledger. The caller has locked the incident
    and checked who asks."""
    Assignment.objects.create(
        incident=incident, role=role, person_id=person_id, at=now, by_id=actor.user_id
    )
    if role == LEAD:
        incident.lead_id = person_id
        incident.save(update_fields=["lead"])
    words = _text("%(role)s: %(person)s") % {
        "role": role_words(incident, role),
        "person": User.objects.get(pk=person_id) if person_id else _text("nobody"),
    }
    told(
        "role_assigned", incident, EntryKind.ROLE, words, actor=actor, now=now, staff=person_id,
        detail={"role": role, "person": str(person_id) if person_id else None},
    )  # fmt: skip


def role_words(incident: Incident, role: str) -> str:
    """The name of a role."""
    return _text("Lead") if role == LEAD else plans.role_name(incident.plan, role)


def man_the_tier(incident: Incident, *, actor: Actor, now: dt.datetime) -> None:
    """Give each role of the tier that nobody has to its holder, or to the first deputy who is
    still with the firm; a major tier calls them out."""
    posts = plans.posts_of(incident.plan, incident.tier)
    held = holders_of(incident)
    able = plan_selectors.able([person for post in posts for person in post.people])
    for post in posts:
        order = plans.who_is_on_call(incident.plan, post.code, able=able)
        if order and held.get(post.code) is None:
            give(incident, post.code, UUID(order[0]), actor=actor, now=now)
    if plans.is_major(incident.plan, incident.tier):
        escalation.call_out(incident=incident, actor=actor, now=now)
