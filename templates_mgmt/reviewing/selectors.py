"""The queue of reviews, where each stands, and what a reviewer's screen shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from core.access import require
from core.actor import Actor
from core.errors import NotFound
from core.models import User
from core.reviewed.rules import State as InForce
from core.roles import Capability, Role
from templates_mgmt.clauses.models import ClauseVersion
from templates_mgmt.filing import binding
from templates_mgmt.lexicon.models import WordListVersion
from templates_mgmt.models import Decision, TemplateVersion
from templates_mgmt.reviewing import rules
from templates_mgmt.reviewing.models import (
    Absence,
    Comment,
    ReviewGroup,
    ReviewPlan,
    ReviewPlanVersion,
)
from templates_mgmt.reviewing.rules import Approval, Plan, Standing
from templates_mgmt.rules import State, Verb
from templates_mgmt.selectors import templates_visible_to


def plan_for(category: str) -> list[dict[str, object]]:
    """The stages in force for a category, as they are frozen onto a version; blank: default."""
    found = ReviewPlanVersion.objects.filter(
        plan__category=category, state=InForce.APPROVED
    ).first()
    return list(found.stages) if found else []


def approvals_of(version_id: UUID) -> list[Approval]:
    """The approvals given so far, in order."""
    given = Decision.objects.filter(version=version_id, decision=Verb.APPROVE).order_by("id")
    return [Approval(*row) for row in given.values_list("user_id", "stage", "on_behalf_of_id")]


def standing_of(version: TemplateVersion) -> list[Standing]:
    """Every stage of a version's review and how far it is."""
    return rules.standing(rules.from_json(version.review_plan), approvals_of(version.pk))


@dataclass(frozen=True, slots=True)
class Seat:
    """For whom somebody may approve in a stage: herself (None), or an absent person."""

    on_behalf_of: UUID | None = None


def seat_in(plan: Plan, stage: int, person: UUID, now: dt.datetime) -> Seat | None:
    """The seat that `person` has in the stage: her own, or that of an absent member of the group
    for whom she stands in. None when she has none."""
    group = plan[stage].group
    if not group:
        return Seat()
    members = set(ReviewGroup.objects.filter(code=group).values_list("members", flat=True)) - {None}
    if person in members:
        return Seat()
    absent = (
        Absence.objects.filter(delegate=person, person__in=members, starts__lte=now, ends__gt=now)
        .order_by("starts")
        .values_list("person", flat=True)
        .first()
    )
    return Seat(absent) if absent else None


def screen_token(version: TemplateVersion) -> str:
    """What the review screen of `version` shows now (`rules.screen_token`); four small queries."""
    comments = Comment.objects.filter(version=version).order_by("id")
    lists = [
        *WordListVersion.objects.filter(state=InForce.APPROVED).values_list(
            "content_hash", flat=True
        ),
        *ClauseVersion.objects.filter(state=InForce.APPROVED).values_list(
            "content_hash", flat=True
        ),
    ]
    decisions = Decision.objects.filter(version=version).order_by("id")
    return rules.screen_token(
        content_hash=version.content_hash,
        decisions=[str(pk) for pk in decisions.values_list("pk", flat=True)],
        comments=[
            (str(pk), settled is not None)
            for pk, settled in comments.values_list("pk", "settled_at")
        ],
        lists=lists,
        filing=binding.screen_of(version),
    )


def comments_of(version: TemplateVersion) -> list[Comment]:
    """The comments on a version, oldest first."""
    return list(
        Comment.objects.filter(version=version).select_related("user", "settled_by").order_by("id")
    )


# --- the queue ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waiting:
    """A version in review, its open stage, and whether the reader can act on it."""

    version: TemplateVersion
    stage: Standing | None
    overdue: bool
    mine: bool
    barred: bool


@dataclass(frozen=True, slots=True)
class Load:
    """How many open reviews somebody has taken, and how many of them are late."""

    person: User
    taken: int
    late: int


def queue(actor: Actor, now: dt.datetime, *, only: str = "") -> list[Waiting]:
    """Versions in review that the actor may see, the earliest due first; a constant number of
    queries. `only` narrows to `mine`, `free` (taken by nobody) or `late`."""
    require(actor, Capability.TEMPLATES_VIEW)
    found = (
        TemplateVersion.objects.filter(
            state=State.IN_REVIEW, template__in=templates_visible_to(actor).values("pk")
        )
        .select_related("template__business_line", "submitted_by", "taken_by")
        .prefetch_related("decisions", "contributors")
        .order_by("due_at", "submitted_at")
    )
    if only == "mine":
        found = found.filter(taken_by=actor.user_id)
    elif only == "free":
        found = found.filter(taken_by=None)
    elif only == "late":
        found = found.filter(due_at__lt=now)
    return [_waiting(version, actor, now) for version in found[:200]]


def _waiting(version: TemplateVersion, actor: Actor, now: dt.datetime) -> Waiting:
    approvals = [
        Approval(each.user_id, each.stage, each.on_behalf_of_id)
        for each in version.decisions.all()
        if each.decision == Verb.APPROVE
    ]
    rows = rules.standing(rules.from_json(version.review_plan), approvals)
    hands: Iterable[UUID] = (each.user_id for each in version.contributors.all())
    approved = {approval.user for approval in approvals}
    return Waiting(
        version,
        next((row for row in rows if row.open), None),
        version.due_at is not None and version.due_at < now,
        version.taken_by_id is not None and version.taken_by_id == actor.user_id,
        actor.user_id in {*hands, *approved},
    )


def loads(now: dt.datetime) -> list[Load]:
    """Every active reviewer with her open reviews, the least loaded first; one query."""
    open_reviews = Q(taken_reviews__state=State.IN_REVIEW)
    people = (
        User.objects.filter(is_active=True, groups__name=Role.REVIEWER.value)
        .annotate(
            taken=Count("taken_reviews", filter=open_reviews, distinct=True),
            late=Count(
                "taken_reviews",
                filter=open_reviews & Q(taken_reviews__due_at__lt=now),
                distinct=True,
            ),
        )
        .order_by("taken", "username")
    )
    return [Load(person, person.taken, person.late) for person in people]


def absences(now: dt.datetime) -> list[Absence]:
    """Absences that last or are to come."""
    return list(
        Absence.objects.filter(ends__gt=now).select_related("person", "delegate").order_by("starts")
    )


def reviewers() -> list[User]:
    """Active people who review, by name."""
    return list(
        User.objects.filter(is_active=True, groups__name=Role.REVIEWER.value).order_by("username")
    )


# --- plans and groups -----------------------------------------------------------------------


def plans(actor: Actor) -> list[ReviewPlan]:
    """The plans with their versions, newest first."""
    require(actor, Capability.TEMPLATES_VIEW)
    return list(ReviewPlan.objects.prefetch_related("versions__edited_by", "versions__decided_by"))


def plan_version(actor: Actor, version_id: UUID) -> ReviewPlanVersion:
    """One version of a plan; raises NotFound."""
    require(actor, Capability.TEMPLATES_VIEW)
    found = (
        ReviewPlanVersion.objects.select_related("plan", "edited_by", "decided_by")
        .filter(pk=version_id)
        .first()
    )
    if found is None:
        raise NotFound(_("There is no such version."))
    return found


def groups() -> list[ReviewGroup]:
    """The review groups with their members."""
    return list(ReviewGroup.objects.prefetch_related("members"))
