"""Writes around a review: who takes it, who stands in for whom, comments, plans and groups."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.record import record
from core.access import require, require_line, require_other_person
from core.actor import Actor
from core.errors import Conflict, InvalidInput, NotFound
from core.models import User
from core.reviewed import steps
from core.roles import Capability, Role
from templates_mgmt.models import TemplateVersion
from templates_mgmt.reviewing import rules
from templates_mgmt.reviewing.models import (
    Absence,
    Comment,
    ReviewGroup,
    ReviewPlan,
    ReviewPlanVersion,
)
from templates_mgmt.rules import Category, State, clean_identity, clean_text

REVIEW = Capability.TEMPLATES_REVIEW


def _in_review(version_id: UUID, actor: Actor, capability: Capability) -> TemplateVersion:
    require(actor, capability)
    version = (
        TemplateVersion.objects.select_for_update(of=("self",))
        .select_related("template")
        .filter(pk=version_id)
        .first()
    )
    if version is None:
        raise NotFound(_("There is no such version."))
    require_line(actor, version.template.business_line_id)
    if version.state != State.IN_REVIEW:
        raise Conflict(_("This version is not in review."), code="not_in_review")
    return version


# --- who does it ----------------------------------------------------------------------------


@transaction.atomic
def take(*, version_id: UUID, actor: Actor, now: dt.datetime) -> TemplateVersion:
    """Take up a review, so that others see who is at it. Anybody with a right to decide still
    may. Raises Conflict `taken` while somebody else has it, Forbidden for a contributor."""
    person = steps.require_person(actor, REVIEW)
    version = _in_review(version_id, actor, REVIEW)
    require_other_person(actor, version.contributors.values_list("user_id", flat=True))
    if version.taken_by_id not in {None, person}:
        raise Conflict(
            _("%(who)s has taken this review.") % {"who": version.taken_by}, code="taken"
        )
    return _taken(version, person, "template.review_taken", actor, now)


@transaction.atomic
def give_up(*, version_id: UUID, actor: Actor, now: dt.datetime) -> TemplateVersion:
    """Put a review that one has taken back into the queue."""
    person = steps.require_person(actor, REVIEW)
    version = _in_review(version_id, actor, REVIEW)
    if version.taken_by_id != person:
        raise Conflict(_("You have not taken this review."), code="not_taken")
    return _taken(version, None, "template.review_given_up", actor, now)


def _taken(
    version: TemplateVersion, person: UUID | None, action: str, actor: Actor, now: dt.datetime
) -> TemplateVersion:
    version.taken_by_id = person
    version.save(update_fields=["taken_by"])
    record(action=action, actor=actor, now=now, subjects=_subjects(version))
    return version


@transaction.atomic
def announce_absence(
    *,
    delegate_id: UUID,
    starts: dt.datetime,
    ends: dt.datetime,
    actor: Actor,
    now: dt.datetime,
) -> Absence:
    """Say that another reviewer decides in one's place from `starts` to `ends` (at most 90 days).
    The delegate still cannot approve what she or the absent person contributed to."""
    person = steps.require_person(actor, REVIEW)
    if ends <= starts or ends <= now:
        raise InvalidInput(_("The absence must end after it starts, and not yet."), field="ends")
    if ends - starts > dt.timedelta(days=90):
        raise InvalidInput(_("An absence lasts at most 90 days; announce it again then."),
                           field="ends")  # fmt: skip
    known = User.objects.filter(
        pk=delegate_id, is_active=True, groups__name=Role.REVIEWER.value
    ).exists()
    if not known or delegate_id == person:
        raise InvalidInput(_("Choose another reviewer."), field="delegate")
    made = Absence.objects.create(
        person_id=person, delegate_id=delegate_id, starts=starts, ends=ends, made_at=now
    )
    _staff_record("template.absence_announced", made, actor, now)
    return made


@transaction.atomic
def end_absence(*, absence_id: UUID, actor: Actor, now: dt.datetime) -> Absence:
    """End one's own absence now."""
    person = steps.require_person(actor, REVIEW)
    made = Absence.objects.select_for_update().filter(pk=absence_id, person=person).first()
    if made is None or made.ends <= now:
        raise NotFound(_("There is no such absence."))
    made.ends = max(now, made.starts + dt.timedelta(microseconds=1))
    made.save(update_fields=["ends"])
    _staff_record("template.absence_ended", made, actor, now)
    return made


def _staff_record(action: str, made: Absence, actor: Actor, now: dt.datetime) -> None:
    record(
        action=action,
        actor=actor,
        now=now,
        subjects=Subjects(staff=made.person_id, object=f"absence:{made.pk}"),
        payload={
            "delegate": str(made.delegate_id),
            "from": made.starts.isoformat(),
            "until": made.ends.isoformat(),
        },
    )


# --- comments -------------------------------------------------------------------------------


@transaction.atomic
def comment(
    *,
    version_id: UUID,
    text: str,
    actor: Actor,
    now: dt.datetime,
    place: str = "",
    start: int | None = None,
    end: int | None = None,
    excerpt: str = "",
) -> Comment:
    """Remark on a version in review; `place`, `start` and `end` say on what (`Comment`).

    Authors answer and reviewers ask. Raises InvalidInput for blank text or a bad place.
    """
    capability = REVIEW if REVIEW in actor.capabilities else Capability.TEMPLATES_DRAFT
    person = steps.require_person(actor, capability)
    version = _in_review(version_id, actor, capability)
    text = clean_text(text, field="text", limit=2000)
    if not text:
        raise InvalidInput(_("Write a comment."), field="text")
    if (start is None) != (end is None) or (start is not None and end is not None and start >= end):
        raise InvalidInput(_("The place must begin before it ends."), field="start")
    made = Comment.objects.create(
        version=version,
        place=clean_text(place, field="place", limit=80),
        start=start,
        end=end,
        excerpt=clean_text(excerpt, field="excerpt", limit=200),
        text=text,
        user_id=person,
        at=now,
    )
    record(
        action="template.commented",
        actor=actor,
        now=now,
        subjects=_subjects(version),
        payload={"comment": str(made.pk), "place": made.place, "text": text},
    )
    return made


@transaction.atomic
def settle(*, comment_id: UUID, actor: Actor, now: dt.datetime) -> Comment:
    """Mark a comment as settled; done by whoever made it, or by another reviewer."""
    person = steps.require_person(actor, REVIEW)
    made = Comment.objects.select_for_update().filter(pk=comment_id).first()
    if made is None:
        raise NotFound(_("There is no such comment."))
    version = _in_review(made.version_id, actor, REVIEW)
    if made.settled_at is not None:
        raise Conflict(_("This comment is settled already."), code="settled")
    made.settled_by_id, made.settled_at = person, now
    made.save(update_fields=["settled_by", "settled_at"])
    record(
        action="template.comment_settled",
        actor=actor,
        now=now,
        subjects=_subjects(version),
        payload={"comment": str(made.pk)},
    )
    return made


# --- plans and groups -----------------------------------------------------------------------


@transaction.atomic
def new_plan(*, category: str, actor: Actor, now: dt.datetime) -> ReviewPlanVersion:
    """A draft of the review plan of a category, from the one in force or the default."""
    steps.require_person(actor, REVIEW)
    if category not in set(Category):
        raise NotFound(_("There is no such category."))
    plan, _made = ReviewPlan.objects.select_for_update().get_or_create(
        category=category, defaults={"created_at": now}
    )
    return steps.start(
        ReviewPlanVersion,
        plan,
        actor=actor,
        now=now,
        verb="version_started",
        stages=rules.as_json(rules.DEFAULT),
    )


@transaction.atomic
def save_plan(
    *,
    version_id: UUID,
    stages: Iterable[Mapping[str, Any]],
    actor: Actor,
    now: dt.datetime,
    revision: int | None = None,
) -> ReviewPlanVersion:
    """Replace the stages of a draft; raises InvalidInput naming the stage, or Conflict."""
    steps.require_person(actor, REVIEW)
    version = steps.locked(ReviewPlanVersion, version_id, draft=True)
    steps.require_fresh(version, revision)
    groups = ReviewGroup.objects.values_list("code", flat=True)
    version.stages = rules.as_json(rules.clean_plan(stages, groups=groups))
    steps.save(version, actor=actor, now=now)
    return version


@transaction.atomic
def submit_plan(*, version_id: UUID, actor: Actor, now: dt.datetime) -> ReviewPlanVersion:
    """Send a draft to a second person."""
    steps.require_person(actor, REVIEW)
    version = steps.locked(ReviewPlanVersion, version_id, draft=True)
    steps.submit(version, actor=actor, now=now)
    return version


@transaction.atomic
def approve_plan(
    *, version_id: UUID, shown_hash: str, actor: Actor, now: dt.datetime
) -> ReviewPlanVersion:
    """Put a plan in force for what is submitted from now on; a second person, a fresh factor."""
    steps.require_person(actor, REVIEW)
    version = steps.locked(ReviewPlanVersion, version_id)
    return steps.approve(version, shown_hash=shown_hash, actor=actor, now=now)


@transaction.atomic
def return_plan(
    *, version_id: UUID, reason: str, actor: Actor, now: dt.datetime
) -> ReviewPlanVersion:
    """Give a plan back with a reason."""
    steps.require_person(actor, REVIEW)
    reason = clean_text(reason, field="reason", limit=2000)
    version = steps.locked(ReviewPlanVersion, version_id)
    return steps.give_back(version, reason=reason, actor=actor, now=now)


@transaction.atomic
def set_group(
    *, code: str, name: str, members: Iterable[UUID], actor: Actor, now: dt.datetime
) -> ReviewGroup:
    """Make a review group, or set its name and members; needs USERS_MANAGE. An administrator can
    neither review nor be made a member by herself. Raises InvalidInput naming who is no reviewer.
    """
    require(actor, Capability.USERS_MANAGE)
    code = clean_identity(code=code, name="-", category="risk", topic_code="any")["code"]
    name = clean_text(name, field="name", limit=120)
    if not name:
        raise InvalidInput(_("A group needs a name."), code="required", field="name")
    wanted = set(members)
    if actor.user_id in wanted:
        raise InvalidInput(_("Nobody puts herself into a group."), field="members")
    reviewers = User.objects.filter(pk__in=wanted, is_active=True, groups__name=Role.REVIEWER.value)
    if missing := wanted - set(reviewers.values_list("pk", flat=True)):
        raise InvalidInput(
            _("%(count)s of them are no active reviewers.") % {"count": len(missing)},
            field="members",
            details={"members": sorted(map(str, missing))},
        )
    group, _made = ReviewGroup.objects.update_or_create(code=code, defaults={"name": name})
    group.members.set(reviewers)
    record(
        action="review_group.set",
        actor=actor,
        now=now,
        subjects=Subjects(object=f"reviewgroup:{code}"),
        payload={"name": name, "members": sorted(map(str, wanted))},
    )
    return group


def _subjects(version: TemplateVersion) -> Subjects:
    return Subjects(template=version.template_id, version=version.pk)
