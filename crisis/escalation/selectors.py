"""Who is called, and who answered."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core.actor import Actor
from core.errors import NotFound
from core.roles import Capability
from crisis.escalation.models import Call, Page
from crisis.escalation.rules import ANSWERABLE, PAGE_ANSWERABLE
from crisis.incidents.models import Incident
from crisis.incidents.rules import OPEN


def calls_to(actor: Actor) -> QuerySet[Call]:
    """All calls to the person behind `actor`."""
    return Call.objects.filter(person_id=actor.user_id).select_related(
        "page__incident", "page__answered_by", "person"
    )


def waiting_for(actor: Actor) -> list[Call]:
    """The calls that wait for an answer of `actor`, one for each page: her newest. One query, and
    none for those who take no part in crises."""
    if actor.user_id is None or Capability.CRISIS_VIEW not in actor.capabilities:
        return []
    found = calls_to(actor).filter(
        state__in=sorted(ANSWERABLE),
        page__state__in=sorted(PAGE_ANSWERABLE),
        page__incident__state__in=sorted(OPEN),
    )
    newest = {call.page_id: call for call in found.order_by("number")}
    return sorted(newest.values(), key=lambda call: call.at)


def own_call(actor: Actor, call_id: UUID) -> Call:
    """A call to `actor`; raises NotFound for one to somebody else."""
    found = calls_to(actor).filter(pk=call_id).first()
    if found is None:
        raise NotFound(_("There is no such call to you."))
    return found


def pages_of(incident: Incident) -> list[Page]:
    """The roles called out for an incident with their calls, newest page of a role last. Two
    queries."""
    pages = list(
        Page.objects.filter(incident=incident)
        .select_related("answered_by")
        .prefetch_related("calls__person")
        .order_by("pk")
    )
    for page in pages:
        page.incident = incident
    return pages
