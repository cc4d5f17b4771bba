"""Opening a review, deciding what it found, signing it off."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.access_review import rules, selectors
from audit.access_review.models import AccessReview, ReviewItem, ReviewState
from audit.canonical import canonical_text
from audit.leaf import Subjects
from audit.retention.services.checks import note, person, required
from core.access import require, require_other_person, require_step_up
from core.actor import Actor
from core.clock import isoformat
from core.errors import Conflict, FourEyesViolation, NotFound
from core.roles import Capability


def open_review(*, actor: Actor, now: dt.datetime) -> AccessReview:
    """Freeze who could see what and who did, from the end of the last signed review (or the
    beginning) until `now`; needs ACCESS_REVIEW. Recorded with the snapshot's SHA-256.

    Raises Conflict while another review is open, or when there is nothing to review.
    """
    require(actor, Capability.ACCESS_REVIEW)
    since = selectors.signed_until() or selectors.first_act()
    if since is None or since >= now:
        raise Conflict(_("There is nothing to review yet."), code="nothing_to_review")
    with transaction.atomic():
        if AccessReview.objects.filter(state=ReviewState.OPEN).exists():
            raise Conflict(_("A review is open; finish that one first."), code="open_review")
        people = selectors.people(since=since, before=now)
        snapshot = canonical_text(_snapshot(people, since, now))
        review = AccessReview.objects.create(
            period_from=since,
            period_to=now,
            made_at=now,
            made_by=actor.user_id,
            snapshot=snapshot,
            snapshot_hash=hashlib.sha256(snapshot.encode()).hexdigest(),
        )
        items = ReviewItem.objects.bulk_create(
            ReviewItem(review=review, person=key, finding=found.finding, detail=found.detail)
            for key, each in people.items()
            for found in rules.findings(each, now=now)
        )
        payload = {"sha256": review.snapshot_hash, "people": len(people), "findings": len(items)}
        note("access_review.opened", _ref(review), actor=actor, now=now, payload=payload)
    return review


def decide_item(
    *, item_id: int, decision: rules.Decision, reason: str, actor: Actor, now: dt.datetime
) -> ReviewItem:
    """Decide on one finding; needs ACCESS_REVIEW, and nobody decides on her own rights. Until
    the sign-off a decision can be made anew; each is recorded.

    Raises InvalidInput where REMOVE or EXPLAIN lacks a reason, or an anomaly is kept without one.
    """
    require(actor, Capability.ACCESS_REVIEW)
    reason = reason.strip()
    with transaction.atomic():
        item = ReviewItem.objects.select_for_update().filter(pk=item_id).first()
        if item is None:
            raise NotFound(_("There is no such finding."))
        require_other_person(actor, [item.person])
        if item.review.state != ReviewState.OPEN:
            raise Conflict(_("This review is signed off."), code="signed_off")
        if decision != rules.Decision.KEEP or item.finding != rules.Finding.RIGHTS:
            required(reason, "reason")
        item.decision, item.reason = decision.value, reason
        item.decided_by, item.decided_at = person(actor), now
        item.save(update_fields=["decision", "reason", "decided_by", "decided_at"])
        payload = {"item": item.pk, "finding": item.finding, "decision": decision.value}
        about = Subjects(staff=item.person)
        note(
            "access_review.decided",
            _ref(item.review),
            actor=actor,
            now=now,
            subjects=about,
            payload=payload,
            text=reason,
        )
    return item


def sign_review(*, review_id: UUID, statement: str, actor: Actor, now: dt.datetime) -> AccessReview:
    """Sign a review off; needs ACCESS_REVIEW, a step-up, and a person who decided none of it, so
    that nobody confirms her own judgement. The record binds the snapshot and all decisions.

    Raises Conflict while anything is undecided.
    """
    require(actor, Capability.ACCESS_REVIEW)
    require_step_up(actor, now)
    with transaction.atomic():
        review = AccessReview.objects.select_for_update().filter(pk=review_id).first()
        if review is None:
            raise NotFound(_("There is no such review."))
        if review.state != ReviewState.OPEN:
            raise Conflict(_("This review is signed off."), code="signed_off")
        items = selectors.items_of(review)
        if any(not item.decision for item in items):
            raise Conflict(_("Something is still undecided."), code="undecided")
        if actor.user_id in {item.decided_by for item in items}:
            raise FourEyesViolation(_("You decided on findings here, so another person signs."))
        review.state, review.statement = ReviewState.SIGNED, statement.strip()
        review.signed_by, review.signed_at = person(actor), now
        review.save(update_fields=["state", "statement", "signed_by", "signed_at"])
        payload = {"sha256": review.snapshot_hash, "decisions_sha256": decisions_hash(items)}
        note("access_review.signed", _ref(review), actor=actor, now=now, payload=payload,
             text=review.statement)  # fmt: skip
    return review


def note_download(*, review: AccessReview, actor: Actor, now: dt.datetime) -> None:
    """Record that the report was taken."""
    with transaction.atomic():
        note("access_review.downloaded", _ref(review), actor=actor, now=now)


def decisions_hash(items: list[ReviewItem]) -> str:
    """SHA-256 over the canonical JSON of all decisions."""
    rows: list[Any] = [
        [item.pk, str(item.person), item.finding, item.decision, item.reason, str(item.decided_by)]
        for item in items
    ]
    return hashlib.sha256(canonical_text({"decisions": rows}).encode()).hexdigest()


def _ref(review: AccessReview) -> str:
    return f"access_review:{review.pk}"


def _snapshot(
    people: dict[UUID, rules.Person], since: dt.datetime, before: dt.datetime
) -> dict[str, Any]:
    who = selectors.who_is_who()
    return {
        "period": {"from": isoformat(since), "to": isoformat(before)},
        "people": [
            {
                "id": str(key),
                **who[key],
                "active": each.active,
                "made_at": isoformat(each.made_at),
                "last_sign_in": isoformat(each.last_sign_in) if each.last_sign_in else None,
                "capabilities": sorted(each.capabilities),
                "keys": [
                    {"name": own.name, "scopes": list(own.scopes), "live": own.live}
                    for own in each.keys
                ],
                "acts": rules.by_class(each.uses),
                "actions": {use.action: use.count for use in each.uses},
            }
            for key, each in people.items()
        ],
    }
