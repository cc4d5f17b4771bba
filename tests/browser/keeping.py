"""Retention, holds and an access review in the states that their pages show."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from audit.access_review import services as reviews
from audit.access_review.rules import Decision
from audit.retention import services
from audit.retention.models import HoldScope
from audit.retention.services.schedules import RuleWords
from comms.models import RawReceipt
from core import clock
from core.actor import Actor
from core.roles import Role
from tests.core.builders import actor_of, make_line, make_user

CLAIMS = RuleWords(
    code="house-claims",
    name="Claims",
    name_zh="客户投诉",
    kinds=["communication", "business"],
    jurisdictions=["CN"],
    bound="at_least",
    amount=25,
    unit="years",
    basis="record",
    source="house rule",
    active=False,
    to_check=True,
)


def set_up(*, notice: UUID, investor: UUID) -> dict[str, UUID]:
    """Make it, and return the ids of what it has by name."""
    manager = actor_of(make_user(Role.PRIVACY_OFFICER, name="chenjing"))
    second = actor_of(make_user(Role.REVIEWER, name="zhouming"))
    return {
        "schedule": _draft(manager),
        "proposal": _proposal(manager),
        "hold": _holds(manager, second, notice, investor),
        "review": _review(manager, second),
    }


def _draft(manager: Actor) -> UUID:
    schedule = services.draft_schedule(
        reason="新增投诉资料类别 New class for claims", actor=manager, now=clock.now()
    )
    now = clock.now()
    services.save_rule(schedule_id=schedule.pk, words=CLAIMS, actor=manager, now=now)
    services.change_scope(
        schedule_id=schedule.pk,
        jurisdictions=["CN", "US"],
        lines={str(make_line().pk): ["CN"]},
        actor=manager,
        now=now,
    )
    return schedule.pk


def _holds(manager: Actor, second: Actor, notice: UUID, investor: UUID) -> UUID:
    words = {"reason": "法院调取证据 Court order to produce", "actor": manager}
    now, day = clock.now(), dt.timedelta(days=1)
    over = services.place_hold(
        scope=HoldScope.PERIOD, period=(now - 9 * day, now), matter="2026-监-003", now=now, **words
    )
    services.release_hold(hold_id=over.pk, reason="结案 Settled", actor=second, now=now)
    services.place_hold(
        scope=HoldScope.NOTICE, subject=notice, matter="2026-民初-118", now=now, **words
    )
    hold = services.place_hold(
        scope=HoldScope.INVESTOR, subject=investor, matter="2026-仲-042", now=now, **words
    )
    return hold.pk


def _proposal(manager: Actor) -> UUID:
    old = clock.now() - dt.timedelta(days=300)
    for _ in range(3):
        RawReceipt.objects.create(
            provider="gateway", body=b"", received_at=old, signature_ok=True, processed_at=old
        )
    proposal = services.propose_due(now=clock.now())
    if proposal is None:
        raise AssertionError("nothing is due")
    services.submit_proposal(proposal_id=proposal.pk, actor=manager, now=clock.now())
    return proposal.pk


def _review(manager: Actor, second: Actor) -> UUID:
    review = reviews.open_review(actor=manager, now=clock.now())
    for n, item in enumerate(review.items.exclude(person=second.user_id)[:4]):
        decision = Decision.REMOVE if n == 2 else Decision.KEEP
        reviews.decide_item(
            item_id=item.pk,
            decision=decision,
            reason="岗位仍需 Still needed at the desk"
            if n != 2
            else "已调岗 Moved to another desk",
            actor=second,
            now=clock.now(),
        )
    return review.pk
