"""Deciding about a version: approval by stages, and everything that ends one."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.record import record
from core.access import require_other_person, require_step_up
from core.actor import Actor
from core.errors import Conflict, Forbidden, FourEyesViolation
from core.roles import Capability
from templates_mgmt import rules
from templates_mgmt.filing import binding, causes
from templates_mgmt.models import Decision, TemplateVersion
from templates_mgmt.reviewing import rules as reviewing
from templates_mgmt.reviewing.rules import Approval, Plan
from templates_mgmt.reviewing.selectors import (
    Seat,
    approvals_of,
    screen_token,
    seat_in,
)
from templates_mgmt.rules import VERB_STATES, VERSIONS, State, Verb
from templates_mgmt.selectors import content_of
from templates_mgmt.services.common import locked, person_of, subjects_of


@transaction.atomic
def approve(
    *,
    version_id: UUID,
    shown_hash: str,
    actor: Actor,
    now: dt.datetime,
    reason: str = "",
    seen: str = "",
) -> TemplateVersion:
    """Approve exactly the content that was on the approver's screen (T2, T3), in the stage whose
    turn it is (T4). With the last stage's quorum the version is approved; until then it stays in
    review for the next person.

    `shown_hash` is the hash of what was shown; Conflict `stale_approval` when it is another.
    `seen` is the token of the whole screen (`reviewing.selectors.screen_token`); Conflict
    `stale_screen` when a decision, a comment or a word list has changed since. Needs a fresh
    second factor, and a person who contributed nothing to the version and has a seat in the
    stage: her own, or that of an absent member. `reason` is an optional remark.
    """
    version = locked(version_id, actor, Capability.TEMPLATES_REVIEW)
    VERSIONS.check(old=version.state, new=State.APPROVED)
    _require_no_contributor(version, actor)
    _require_same_content(version, shown_hash)
    binding.require_as_filed(version)
    if seen and seen != screen_token(version):
        raise Conflict(
            _("Something changed since you opened this screen. Look at it again, then decide."),
            code="stale_screen",
        )
    require_step_up(actor, now)
    reason = rules.clean_text(reason, field="reason", limit=2000)
    plan = reviewing.from_json(version.review_plan)
    given = approvals_of(version.pk)
    stage, seat = _seat(plan, given, person_of(actor), now)
    decision = Decision(
        version=version,
        user_id=person_of(actor),
        decision=Verb.APPROVE.value,
        content_hash=version.content_hash,
        reason=reason,
        stage=stage,
        on_behalf_of_id=seat.on_behalf_of,
        at=now,
    )
    decision.save(force_insert=True)
    following = reviewing.open_stage(plan, [*given, Approval(decision.user_id, stage)])
    if following is None:
        _settle(version, State.APPROVED, decision)
    elif following != stage:
        version.due_at, version.taken_by_id = reviewing.due(now, plan[following].days), None
        version.save(update_fields=["due_at", "taken_by"])
    _record_decision(
        "approved" if following is None else "stage_approved",
        decision,
        actor,
        stage=stage,
        on_behalf_of=str(seat.on_behalf_of) if seat.on_behalf_of else None,
    )
    if following is None:
        causes.close_after(version, actor=actor, now=now)
    return version


def return_version(
    *, version_id: UUID, reason: str, actor: Actor, now: dt.datetime
) -> TemplateVersion:
    """Give a version back to its authors, who go on in a new version."""
    return _decide(Verb.RETURN, version_id=version_id, actor=actor, now=now, reason=reason)


def reject(*, version_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> TemplateVersion:
    """Refuse a version for good."""
    return _decide(Verb.REJECT, version_id=version_id, actor=actor, now=now, reason=reason)


def withdraw(*, version_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> TemplateVersion:
    """Take one's own version back from review."""
    return _decide(Verb.WITHDRAW, version_id=version_id, actor=actor, now=now, reason=reason)


def retire(*, version_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> TemplateVersion:
    """Take a version out of use."""
    return _decide(Verb.RETIRE, version_id=version_id, actor=actor, now=now, reason=reason)


def recall(*, version_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> TemplateVersion:
    """Stop an approved version at once, also for messages still queued: sending asks again."""
    return _decide(Verb.RECALL, version_id=version_id, actor=actor, now=now, reason=reason)


def _seat(plan: Plan, given: list[Approval], person: UUID, now: dt.datetime) -> tuple[int, Seat]:
    """The stage whose turn it is, and for whom the person may approve in it."""
    stage = reviewing.open_stage(plan, given)
    if stage is None or person in {approval.user for approval in given}:
        raise FourEyesViolation(_("You approved this version already; another person goes on."))
    seat = seat_in(plan, stage, person, now)
    if seat is None:
        raise Forbidden(
            _("This stage is for members of the group “%(group)s”.") % {"group": plan[stage].group},
            code="not_in_group",
        )
    return stage, seat


def _require_no_contributor(version: TemplateVersion, actor: Actor) -> None:
    require_other_person(actor, version.contributors.values_list("user_id", flat=True))


def _settle(version: TemplateVersion, state: State, decision: Decision) -> None:
    """Take the version where the decision leads."""
    version.state = state.value
    version.decided_by_id, version.decided_at = decision.user_id, decision.at
    version.reason, version.taken_by_id = decision.reason, None
    version.save(update_fields=["state", "decided_by", "decided_at", "reason", "taken_by"])


def _record_decision(verb: str, decision: Decision, actor: Actor, **more: Any) -> None:
    version = decision.version
    record(
        action=f"template.{verb}",
        actor=actor,
        now=decision.at,
        subjects=subjects_of(version),
        payload={
            "number": version.number,
            "content_hash": version.content_hash,
            "filing_hash": binding.bound_hash(version),
            "reason": decision.reason,
            **more,
        },
    )


@transaction.atomic
def _decide(
    verb: Verb,
    *,
    version_id: UUID,
    actor: Actor,
    now: dt.datetime,
    reason: str = "",
) -> TemplateVersion:
    version = locked(version_id, actor, rules.VERB_CAPABILITIES[verb])
    target = VERB_STATES[verb]
    reason = rules.clean_text(reason, field="reason", limit=2000)
    VERSIONS.check(old=version.state, new=target, reason=reason)
    if verb in rules.REVIEW_VERBS:
        _require_no_contributor(version, actor)
    elif verb == Verb.WITHDRAW and not version.contributors.filter(user=actor.user_id).exists():
        raise Forbidden(_("Only its authors can take a version back from review."))
    decision = Decision.objects.create(
        version=version,
        user_id=person_of(actor),
        decision=verb.value,
        content_hash=version.content_hash,
        reason=reason,
        at=now,
    )
    _settle(version, target, decision)
    _record_decision(rules.VERB_ACTIONS[verb], decision, actor)
    causes.close_after(version, actor=actor, now=now)
    return version


def _require_same_content(version: TemplateVersion, shown_hash: str | None) -> None:
    if shown_hash != version.content_hash:
        raise Conflict(
            _("Your screen shows other content than the one under review. Look at it again."),
            code="stale_approval",
        )
    if rules.content_hash(content_of(version)) != version.content_hash:
        raise Conflict(
            _("The stored content does not match its hash. Return this version and tell audit."),
            code="unapproved_content",
        )
