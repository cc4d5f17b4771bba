"""What is due is counted by night, put forward by one person, approved by another with a fresh
second factor, and shredded in bounded batches that can be stopped and resumed anywhere."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.record import draft, record_many
from audit.retention import selectors
from audit.retention.models import ProposalItem, ProposalState, RetentionProposal
from audit.retention.rules import Kind
from audit.retention.services.checks import note, person, required
from core.access import require, require_other_person, require_step_up
from core.actor import Actor, system
from core.errors import Conflict, NotFound
from core.roles import Capability

BATCH = 500  # rows shredded in one transaction; SQL allows 1,000
SAMPLE = 5
KEYS = "keys"
# What can be shredded, by the kind whose rules govern it. The SQL behind is in the migration.
STORES = {
    "receipts": Kind.TELEMETRY,
    "contents": Kind.COMMUNICATION,
    "inbox": Kind.COMMUNICATION,
    KEYS: Kind.IDENTITY,
}
SHREDDER = system("retention")


def propose_due(*, now: dt.datetime) -> RetentionProposal | None:
    """Count what is due, store by store, with a sample; nothing is deleted. The system's own
    nightly act, recorded (`retention.proposed`). None when nothing is due.

    An older proposal that nobody put forward is replaced.
    """
    counted = {store: selectors.material_due(store, sample=SAMPLE) for store in STORES}
    if not any(count.due for count in counted.values()):
        return None
    with transaction.atomic():
        stale = RetentionProposal.objects.select_for_update().filter(state=ProposalState.PROPOSED)
        stale.update(state=ProposalState.SUPERSEDED)
        proposal = RetentionProposal.objects.create(
            schedule=selectors.schedule_in_force(), made_at=now
        )
        ProposalItem.objects.bulk_create(
            ProposalItem(
                proposal=proposal,
                store=store,
                kind=STORES[store].value,
                due=count.due,
                held=count.held,
                sample=[str(key) for key in count.sample],
            )
            for store, count in counted.items()
            if count.due or count.held
        )
        _note(proposal, "retention.proposed", SHREDDER, now)
    return proposal


def submit_proposal(*, proposal_id: UUID, actor: Actor, now: dt.datetime) -> RetentionProposal:
    """Put a proposal forward, having looked at it; needs RETENTION_MANAGE."""
    require(actor, Capability.RETENTION_MANAGE)
    with transaction.atomic():
        proposal = _locked(proposal_id, ProposalState.PROPOSED)
        proposal.state = ProposalState.SUBMITTED
        proposal.submitted_by, proposal.submitted_at = person(actor), now
        proposal.save(update_fields=["state", "submitted_by", "submitted_at"])
        _note(proposal, "retention.submitted", actor, now)
    return proposal


def approve_proposal(*, proposal_id: UUID, actor: Actor, now: dt.datetime) -> RetentionProposal:
    """Let a proposal be shredded; needs RETENTION_APPROVE, a step-up, and another person than
    who put it forward. A worker shreds it after the commit."""
    proposal = _decide(proposal_id, ProposalState.APPROVED, "", actor, now)

    from audit.retention import tasks

    transaction.on_commit(lambda: tasks.shred.delay(str(proposal_id)))
    return proposal


def refuse_proposal(
    *, proposal_id: UUID, reason: str, actor: Actor, now: dt.datetime
) -> RetentionProposal:
    """Refuse a proposal, saying why; nothing is shredded. The next night makes a new one."""
    reason = required(reason, "reason")
    return _decide(proposal_id, ProposalState.REFUSED, reason, actor, now)


def shred_batch(*, proposal_id: UUID, now: dt.datetime, size: int = BATCH) -> bool:
    """Shred one batch of an approved proposal; False when there is nothing left to do.

    What is shredded is decided in SQL at this instant: a hold placed since the approval counts,
    and so does a longer duty. Each batch is one transaction with its record
    (`retention.shredded`, naming what went), so a stop between batches loses nothing.
    """
    with transaction.atomic():
        proposal = RetentionProposal.objects.select_for_update().filter(pk=proposal_id).first()
        if proposal is None or proposal.state != ProposalState.APPROVED:
            return False
        item = proposal.items.filter(finished_at=None).first()
        if item is None:
            proposal.state, proposal.finished_at = ProposalState.DONE, now
            proposal.save(update_fields=["state", "finished_at"])
            _note(proposal, "retention.done", SHREDDER, now)
            return False
        keys = _shred(proposal, item.store, size)
        if keys:
            _note_batch(proposal, item, keys, now)
    return True


def _shred(proposal: RetentionProposal, store: str, size: int) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_retention_shred(%s, %s, %s)", [proposal.pk, store, size])
        (keys,) = cursor.fetchone()
    return list(keys)


def _note_batch(
    proposal: RetentionProposal, item: ProposalItem, keys: list[UUID], now: dt.datetime
) -> None:
    payload = {"store": item.store, "count": len(keys), "objects": [str(key) for key in keys]}
    note("retention.shredded", _ref(proposal), actor=SHREDDER, now=now, payload=payload)
    if item.store == KEYS:
        record_many(
            draft(
                action="retention.key_destroyed",
                actor=SHREDDER,
                now=now,
                subjects=Subjects(investor=key, object=_ref(proposal)),
            )
            for key in keys
        )


def _decide(
    proposal_id: UUID, state: ProposalState, reason: str, actor: Actor, now: dt.datetime
) -> RetentionProposal:
    require(actor, Capability.RETENTION_APPROVE)
    require_step_up(actor, now)
    with transaction.atomic():
        proposal = _locked(proposal_id, ProposalState.SUBMITTED)
        require_other_person(actor, [proposal.submitted_by])
        proposal.state, proposal.decision_reason = state, reason
        proposal.decided_by, proposal.decided_at = person(actor), now
        proposal.save(update_fields=["state", "decision_reason", "decided_by", "decided_at"])
        _note(proposal, f"retention.{state.value}", actor, now, text=reason)
    return proposal


def _locked(proposal_id: UUID, state: ProposalState) -> RetentionProposal:
    proposal = RetentionProposal.objects.select_for_update().filter(pk=proposal_id).first()
    if proposal is None:
        raise NotFound(_("There is no such proposal."))
    if proposal.state != state:
        raise Conflict(_("This proposal is not in the state that this step needs."))
    return proposal


def _ref(proposal: RetentionProposal) -> str:
    return f"retention_proposal:{proposal.pk}"


def _note(
    proposal: RetentionProposal, action: str, actor: Actor, now: dt.datetime, text: str = ""
) -> None:
    counts = {
        item.store: {"due": item.due, "held": item.held, "shredded": item.shredded}
        for item in proposal.items.all()
    }
    note(action, _ref(proposal), actor=actor, now=now, payload={"items": counts}, text=text)
