"""Reads of incidents: lists, one incident, its timeline, who has which role."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext_lazy as _

from core.access import require
from core.actor import Actor
from core.errors import NotFound
from core.models import User
from core.pages import KeysetPage, keyset_page
from core.roles import Capability
from crisis.clocks import selectors as clocks
from crisis.clocks.selectors import ClockShown
from crisis.incidents import rules
from crisis.incidents.drawing import Bar, Course, Turn
from crisis.incidents.models import Assignment, Attachment, Entry, Incident, TierDecision
from crisis.incidents.rules import State
from crisis.plans import rules as plans

TIMELINE_PAGE = 30
VERIFY_MINUTES = 30  # benchmark of the house, clocks.md
RESTORE_HOURS = 48


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """What a list is narrowed to; empty means everything."""

    q: str = ""
    state: str = ""
    nature: str = ""
    kind: str = ""  # real | exercise


@dataclass(frozen=True, slots=True)
class RoleShown:
    """A role of the frozen plan, who has it, and the deputies in their order."""

    code: str
    label: str
    duty: str
    person: User | None
    deputies: tuple[User, ...]


def incidents(actor: Actor, filters: IncidentFilter | None = None) -> QuerySet[Incident]:
    """The incidents that match, without an order."""
    require(actor, Capability.CRISIS_VIEW)
    found: QuerySet[Incident] = Incident.objects.select_related("lead")
    wanted = filters or IncidentFilter()
    if wanted.q:
        found = found.filter(title__icontains=wanted.q) | found.filter(code__iexact=wanted.q)
    if wanted.state == "open":
        found = found.filter(state__in=sorted(rules.OPEN))
    elif wanted.state:
        found = found.filter(state=wanted.state)
    if wanted.nature:
        found = found.filter(nature=wanted.nature)
    if wanted.kind:
        found = found.filter(exercise=wanted.kind == "exercise")
    return found


def running(actor: Actor, filters: IncidentFilter) -> QuerySet[Incident]:
    """Those that match and are open, exercises last, the newest first."""
    found = incidents(actor, filters).filter(state__in=sorted(rules.OPEN))
    return found.order_by("exercise", "-id")


def ended_page(actor: Actor, filters: IncidentFilter, cursor: str | None) -> KeysetPage[Incident]:
    """A page of those that match and are over, the newest first."""
    over = incidents(actor, filters).filter(state__in=[State.CLOSED, State.DISMISSED])
    return keyset_page(over, cursor)


def listed(actor: Actor) -> QuerySet[Incident]:
    """All incidents for the API, by id."""
    return incidents(actor)


def incident_for(actor: Actor, incident_id: UUID) -> Incident:
    """One incident; raises NotFound."""
    require(actor, Capability.CRISIS_VIEW)
    found = (
        Incident.objects.select_related("lead", "activated_by").filter(pk=incident_id).first()
    )  # fmt: skip
    if found is None:
        raise NotFound(_("There is no such incident."))
    return found


# --- timeline -------------------------------------------------------------------------------


def entries_of(incident: Incident) -> QuerySet[Entry]:
    """The lines of a timeline with author and files."""
    attachments = Prefetch("attachments", queryset=Attachment.objects.order_by("id"))
    return incident.entries.select_related("author").prefetch_related(attachments)


def timeline(incident: Incident, cursor: str | None = None) -> KeysetPage[Entry]:
    """A page of the timeline, newest first. Two queries."""
    return keyset_page(entries_of(incident), cursor, TIMELINE_PAGE, order=("-at", "-id"))


def lines_written(incident: Incident) -> int:
    """How many lines there are: changes whenever one was added, since none is taken away."""
    return Entry.objects.filter(incident=incident).count()


def tier_history(incident: Incident) -> list[TierDecision]:
    """How the tier was set, oldest first."""
    return list(incident.tier_decisions.select_related("decided_by"))


# --- people ---------------------------------------------------------------------------------


def holders_of(incident: Incident) -> dict[str, UUID | None]:
    """Who has which role now, by the role's code; one query."""
    newest = (
        Assignment.objects.filter(incident=incident)
        .order_by("role", "-id")
        .distinct("role")
        .values_list("role", "person_id")
    )
    return dict(newest)


def roles_of(incident: Incident) -> list[RoleShown]:
    """The roles of the frozen plan, those of the tier first, each with its people. Two queries."""
    held = holders_of(incident)
    posts = plans.posts(incident.plan)
    of_tier = {post.code for post in plans.posts_of(incident.plan, incident.tier)}
    ids = {UUID(person) for post in posts for person in post.people}
    ids |= {person for person in held.values() if person is not None}
    people = User.objects.in_bulk(ids)
    shown = [
        RoleShown(
            code=post.code,
            label=post.label,
            duty=post.duty_label,
            person=_found(people, held.get(post.code)),
            deputies=tuple(
                people[UUID(person)]
                for person in post.people
                if UUID(person) in people and UUID(person) != held.get(post.code)
            ),
        )
        for post in posts
        if post.code in of_tier or post.code in held
    ]
    return sorted(shown, key=lambda role: role.code not in of_tier)


def _found(people: dict[UUID, User], person: UUID | None) -> User | None:
    return people.get(person) if person is not None else None


# --- duties ---------------------------------------------------------------------------------


def open_duties(incident: Incident) -> list[ClockShown]:
    """The clocks that are still to be met; what repeats until the incident is closed ends with
    it and does not count."""
    return [
        shown
        for shown in clocks.clocks_of(incident)
        if shown.clock.is_live and not shown.row.repeats
    ]


# --- response times -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Response:
    """How fast an incident was answered, in minutes and hours; None where it never came to it."""

    incident: Incident
    verify_minutes: float | None
    restore_hours: float | None


def responses(actor: Actor, *, limit: int = 20) -> list[Response]:
    """The last real incidents that were verified, oldest first (exercises do not count)."""
    verified = (
        incidents(actor).filter(exercise=False, verified_at__isnull=False).order_by("-id")[:limit]
    )
    return [
        Response(
            incident,
            _span(incident.activated_at, incident.verified_at, 60),
            _span(incident.verified_at, incident.restored_at, 3600),
        )
        for incident in reversed(verified)
    ]


def _span(start: dt.datetime | None, end: dt.datetime | None, unit: int) -> float | None:
    if start is None or end is None:
        return None
    return round(max(0.0, (end - start).total_seconds() / unit), 1)


def names_of(ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """The names of members of staff by id; one query."""
    found = User.objects.in_bulk([each for each in ids if each is not None])
    return {pk: str(user) for pk, user in found.items()}


# --- the course of one incident -------------------------------------------------------------


def course_of(incident: Incident, shown: Iterable[ClockShown], now: dt.datetime) -> Course:
    """What a drawing of the incident needs; one query."""
    changes = incident.entries.filter(kind=rules.EntryKind.STATE, detail__has_key="to")
    turns = [(entry.at, entry.detail["to"]) for entry in changes.order_by("recorded_at", "id")]
    return Course(
        start=min(incident.since, incident.activated_at),
        end=incident.closed_at or now,
        turns=tuple(Turn(at, state, str(rules.STATE_LABELS[State(state)])) for at, state in turns),
        bars=tuple(
            Bar(
                each.label,
                each.clock.started_at,
                each.clock.due_at,
                each.clock.met_at or each.clock.ended_at,
                each.urgency.value,
            )
            for each in shown
        ),
    )
