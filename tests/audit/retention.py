"""Schedules, holds and material of long ago, for tests of retention."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg

from audit.retention import services
from audit.retention.models import LegalHold, RetentionProposal, RetentionSchedule, ScheduleState
from core import clock
from core.actor import Actor
from core.roles import Role
from tests.core.builders import actor_of, make_user
from tests.recorded import recorded


def manager() -> Actor:
    """A privacy officer: drafts schedules, puts proposals forward, places holds."""
    return actor_of(make_user(Role.PRIVACY_OFFICER))


def approver() -> Actor:
    """A compliance officer: approves what another person put forward."""
    return actor_of(make_user(Role.REVIEWER))


@recorded()
def no_duties() -> RetentionSchedule:
    """A schedule without a rule in force, so that nothing but a hold keeps anything."""
    now = clock.now()
    newest = RetentionSchedule.objects.order_by("-number").first()
    schedule = RetentionSchedule.objects.create(
        number=(newest.number if newest else 0) + 1,
        jurisdictions=["CN"],
        reason="test",
        editors=[uuid4()],
        drafted_at=now,
    )
    schedule.state, schedule.submitted_by, schedule.submitted_at = "submitted", uuid4(), now
    schedule.save()
    schedule.state, schedule.decided_by, schedule.decided_at = ScheduleState.APPROVED, uuid4(), now
    schedule.save()
    return schedule


@recorded()
def hold_investor(investor: UUID) -> LegalHold:
    """A hold on an investor whom the ledger may not know; placed by somebody."""
    return LegalHold.objects.create(
        scope="investor",
        investor=investor,
        matter="M-1",
        reason="court order",
        placed_by=uuid4(),
        placed_at=clock.now(),
    )


def receipts(admin_conninfo: str, *ages: str) -> list[UUID]:
    """Processed raw receipts that came in `ages` (intervals) ago, written by the superuser."""
    ids = [clock.uuid7() for _ in ages]
    with psycopg.connect(admin_conninfo) as admin:
        for key, age in zip(ids, ages, strict=True):
            admin.execute(
                "INSERT INTO comms_rawreceipt (id, provider, headers, body, received_at, "
                "signature_ok, processed_at, error) VALUES (%s, 'p', '{}', '', "
                "now() - %s::interval, true, now(), '')",
                [key, age],
            )
    return ids


def age_investor(admin_conninfo: str, investor: UUID, age: str) -> None:
    """Make an investor one whose relationship ended `age` (an interval) ago, and whose records
    are that old: done by the superuser, because no service can write the past."""
    with psycopg.connect(admin_conninfo) as admin:
        admin.execute(
            "UPDATE investors_investor SET status = 'closed', created_at = now() - %s::interval, "
            "updated_at = now() - %s::interval WHERE id = %s",
            [age, age, investor],
        )


def approved() -> RetentionProposal:
    """Tonight's proposal, put forward by one person and approved by another."""
    proposal = services.propose_due(now=clock.now())
    assert proposal is not None
    services.submit_proposal(proposal_id=proposal.pk, actor=manager(), now=clock.now())
    return services.approve_proposal(proposal_id=proposal.pk, actor=approver(), now=clock.now())
