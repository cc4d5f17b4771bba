"""Background work of retention: the nightly count, and the shredding of what was approved."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from audit.retention import selectors, services
from core import clock


@shared_task
def propose_nightly() -> str:
    """Make tonight's proposal; its id, or blank when nothing is due."""
    proposal = services.propose_due(now=clock.now())
    return str(proposal.pk) if proposal else ""


@shared_task
def shred(proposal_id: str) -> int:
    """Shred an approved proposal batch by batch; returns how many batches it took."""
    batches = 0
    while services.shred_batch(proposal_id=UUID(proposal_id), now=clock.now()):
        batches += 1
    return batches


@shared_task
def resume() -> int:
    """Go on with what was approved and is not done, whatever stopped it; returns how many."""
    waiting = selectors.approved_proposals()
    for proposal_id in waiting:
        shred(str(proposal_id))
    return len(waiting)
