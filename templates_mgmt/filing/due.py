"""Whom an overdue review or an open re-review waits for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from core.actor import Actor
from core.models import User
from core.roles import Capability
from core.selectors import actor_for_user
from templates_mgmt.filing.models import ReReview
from templates_mgmt.models import TemplateVersion
from templates_mgmt.reviewing import rules as reviewing
from templates_mgmt.reviewing.rules import Approval
from templates_mgmt.reviewing.selectors import reviewers, seat_in
from templates_mgmt.rules import State, Verb


@dataclass(frozen=True, slots=True)
class Due:
    """A version that waits for a person: since when, and whether it is approved and looked at
    `again`."""

    version: TemplateVersion
    since: dt.datetime
    again: bool


def due_mails(now: dt.datetime) -> dict[User, list[Due]]:
    """What is overdue, by the reviewers with an e-mail address who could decide about it: of the
    business line, with a seat in the open stage, without a hand in the version and, where
    somebody has taken the review, that person alone."""
    people = [(person, actor_for_user(person)) for person in reviewers() if person.email]
    items = [*_late(now), *_again()]
    found = {
        person: [item for item in items if _may(actor, item.version) and _waits(item, actor, now)]
        for person, actor in people
    }
    return {person: due for person, due in found.items() if due}


def _late(now: dt.datetime) -> list[Due]:
    found = (
        TemplateVersion.objects.filter(state=State.IN_REVIEW, due_at__lt=now)
        .select_related("template")
        .prefetch_related("decisions", "contributors")
        .order_by("due_at", "pk")
    )
    return [Due(version, version.due_at or now, False) for version in found]


def _again() -> list[Due]:
    """Versions with an open re-review, by the one that is open longest."""
    found = (
        ReReview.objects.filter(closed_at=None, version__state=State.APPROVED)
        .select_related("version__template")
        .prefetch_related("version__contributors")
        .order_by("-opened_at", "-pk")
    )
    by_version = {row.version_id: Due(row.version, row.opened_at, True) for row in found}
    return sorted(by_version.values(), key=lambda item: item.since)


def _may(actor: Actor, version: TemplateVersion) -> bool:
    """Whether an actor decides about versions of this line, and had no hand in this one."""
    return (
        Capability.TEMPLATES_REVIEW in actor.capabilities
        and (
            Capability.LINES_ALL in actor.capabilities
            or version.template.business_line_id in actor.lines
        )
        and actor.user_id not in {each.user_id for each in version.contributors.all()}
    )


def _waits(item: Due, actor: Actor, now: dt.datetime) -> bool:
    """Whether it is this person's turn; a re-review waits for everybody who may."""
    if item.again:
        return True
    version, person = item.version, actor.user_id
    given = [
        Approval(each.user_id, each.stage, each.on_behalf_of_id)
        for each in version.decisions.all()
        if each.decision == Verb.APPROVE
    ]
    plan = reviewing.from_json(version.review_plan)
    stage = reviewing.open_stage(plan, given)
    return (
        person is not None
        and stage is not None
        and version.taken_by_id in {None, person}
        and person not in {each.user for each in given}
        and seat_in(plan, stage, person, now) is not None
    )
