"""Reads of statements and of whom an incident hit."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.access import require
from core.actor import Actor
from core.errors import NotFound
from core.models import User
from core.roles import Capability
from crisis.incidents.models import Entry, Incident
from crisis.incidents.rules import OPEN, EntryKind
from crisis.plans import rules as plans
from crisis.statements import rules
from crisis.statements.models import IncidentNotice, Statement
from crisis.statements.rules import Kind, Phase, Round
from investors.models import Investor
from investors.rules.audience import TOUCHED
from templates_mgmt.models import TemplateVersion
from templates_mgmt.selectors import approved_versions_visible_to


def incident_for(actor: Actor, incident_id: UUID) -> Incident:
    """One incident; raises NotFound."""
    require(actor, Capability.CRISIS_VIEW)
    incident = Incident.objects.filter(pk=incident_id).first()
    if incident is None:
        raise NotFound(_("There is no such incident."))
    return incident


def statement_for(actor: Actor, statement_id: UUID) -> Statement:
    """One statement with its people and incident; raises NotFound."""
    require(actor, Capability.CRISIS_VIEW)
    found = _whole().filter(pk=statement_id).first()
    if found is None:
        raise NotFound(_("There is no such statement."))
    return found


def statements_of(incident: Incident) -> list[Statement]:
    """All statements of an incident, newest first."""
    return list(_whole().filter(incident=incident))


def _whole() -> QuerySet[Statement]:
    return Statement.objects.select_related(
        "incident", "version__template", "drafted_by", "published_by", "spokesperson"
    ).defer("version__facts", "version__placeholders")


def waiting_for(actor: Actor) -> QuerySet[Statement]:
    """Drafts for the status page that this person could publish."""
    waiting = Statement.objects.filter(
        state=rules.State.DRAFT.value, places__contains=[rules.Place.PUBLIC.value]
    )
    return waiting.exclude(drafted_by=actor.user_id).select_related("incident")


def notices_of(incident: Incident) -> list[IncidentNotice]:
    """The notices that an incident caused, newest first."""
    found = IncidentNotice.objects.filter(incident=incident).select_related("notice", "made_by")
    return list(found.order_by("-id"))


def internal_updates(incident: Incident) -> QuerySet[Entry]:
    """What was written for the staff, newest first."""
    return (
        Entry.objects.filter(
            incident=incident, kind=EntryKind.COMMUNICATION.value, detail__internal=True
        )
        .select_related("author")
        .order_by("-at", "-id")
    )


def bulletins(incident: Incident, now: dt.datetime) -> list[Round]:
    """The daily bulletins that were owed so far, and the next; none before the verification."""
    if incident.verified_at is None:
        return []
    told = Statement.objects.published().filter(incident=incident, kind=Kind.BULLETIN.value)
    times = [at for at in told.values_list("published_at", flat=True) if at is not None]
    return rules.rounds(
        verified_at=incident.verified_at, ended_at=_ended(incident), published=times, now=now
    )


def _ended(incident: Incident) -> dt.datetime | None:
    if incident.is_open:
        return None
    return incident.closed_at or incident.verified_at


def speakers(incident: Incident) -> list[User]:
    """Who speaks for the firm: whoever the incident gave that role to, then those whom its plan
    names for it."""
    held = incident.assignments.filter(role=rules.SPOKESPERSON).order_by("-id").first()
    named = plans.who_is_on_call(incident.plan, rules.SPOKESPERSON)
    wanted = [str(held.person_id)] if held is not None and held.person_id else []
    wanted += [person for person in named if person not in wanted]
    found = {str(user.pk): user for user in User.objects.filter(pk__in=wanted, is_active=True)}
    return [found[person] for person in wanted if person in found]


def usable_versions(actor: Actor) -> QuerySet[TemplateVersion]:
    """Approved wordings of the actor's business lines."""
    return approved_versions_visible_to(actor).select_related("template__business_line")


def unsaid(line_id: UUID | None = None) -> int:
    """How many active investors have nothing on record of systems, branches, products and
    channels: no query over these finds them."""
    people = Investor.objects.filter(
        status="active", systems=[], branches=[], products=[], access_channels=[]
    )
    return people.filter(business_line=line_id).count() if line_id else people.count()


def affected_of(incident: Incident) -> dict[str, Any]:
    """The audience query that the scope of an incident suggests; empty when it names nothing."""
    query: dict[str, Any] = {
        name: list(incident.scope[name]) for name in TOUCHED if incident.scope.get(name)
    }
    if len(query) > 1:
        query["hit"] = "any"
    return query


@dataclass(frozen=True, slots=True)
class PublicIncident:
    """An incident as the public sees it: its statements, newest first, and nothing else."""

    id: UUID
    statements: tuple[Statement, ...]

    @property
    def newest(self) -> Statement:
        """The last word."""
        return self.statements[0]

    @property
    def over(self) -> bool:
        """Whether the last word says that it is over."""
        return self.newest.phase == Phase.RESOLVED


def public_incidents(now: dt.datetime) -> list[PublicIncident]:
    """What the status page shows: incidents with public statements, those that go on first, then
    those that ended in the last 30 days. Two queries; exercises never."""
    recent = now - rules.SHOWN_AFTER_END
    public = Statement.objects.public()
    shown = public.filter(Q(published_at__gte=recent) | Q(incident__state__in=sorted(OPEN)))
    wanted = set(shown.values_list("incident", flat=True))
    by_incident: dict[UUID, list[Statement]] = {}
    for statement in public.filter(incident__in=wanted).order_by("-published_at", "-id"):
        by_incident.setdefault(statement.incident_id, []).append(statement)
    found = [PublicIncident(key, tuple(rows)) for key, rows in by_incident.items()]
    kept = [each for each in found if not each.over or _at(each) >= recent]
    return sorted(kept, key=lambda each: (each.over, -_at(each).timestamp()))


def public_statements(limit: int = 50) -> list[Statement]:
    """The newest public statements, for the feed."""
    return list(Statement.objects.public().order_by("-published_at", "-id")[:limit])


def _at(shown: PublicIncident) -> dt.datetime:
    return shown.newest.published_at or timezone.now()
