"""Scenes of shredding what is due, and of access reviews."""

from __future__ import annotations

import datetime as dt

from audit.access_review import services as reviews
from audit.access_review.models import AccessReview
from audit.access_review.rules import Decision
from audit.retention.models import RetentionProposal
from audit.retention.services import proposals
from comms.models import RawReceipt
from core import clock
from tests.audit.retention import approver, manager
from tests.completeness.catalogue import Act, scene
from tests.completeness.scenes.core import REASON, call
from tests.core.builders import make_line


def _due() -> None:
    old = clock.now() - dt.timedelta(days=300)
    RawReceipt.objects.create(
        provider="gateway", body=b"", received_at=old, signature_ok=True, processed_at=old
    )


def _proposed() -> RetentionProposal:
    _due()
    proposal = proposals.propose_due(now=clock.now())
    assert proposal is not None
    return proposal


def _submitted() -> RetentionProposal:
    proposal = _proposed()
    proposals.submit_proposal(proposal_id=proposal.pk, actor=manager(), now=clock.now())
    return proposal


@scene("audit.retention.services.proposals.propose_due")
def _propose() -> Act:
    _due()
    return call(proposals.propose_due)


@scene("audit.retention.services.proposals.submit_proposal")
def _submit() -> Act:
    return call(proposals.submit_proposal, proposal_id=_proposed().pk, actor=manager())


@scene("audit.retention.services.proposals.approve_proposal")
def _approve() -> Act:
    return call(proposals.approve_proposal, proposal_id=_submitted().pk, actor=approver())


@scene("audit.retention.services.proposals.refuse_proposal")
def _refuse() -> Act:
    words = {"proposal_id": _submitted().pk, "reason": REASON}
    return call(proposals.refuse_proposal, actor=approver(), **words)


@scene("audit.retention.services.proposals.shred_batch")
def _shred() -> Act:
    proposal = _submitted()
    words = {"actor": approver(), "now": clock.now()}
    proposals.approve_proposal(proposal_id=proposal.pk, **words)
    return call(proposals.shred_batch, proposal_id=proposal.pk)


def _review() -> AccessReview:
    make_line()
    return reviews.open_review(actor=manager(), now=clock.now())


@scene("audit.access_review.services.open_review")
def _open() -> Act:
    make_line()
    return call(reviews.open_review, actor=manager())


@scene("audit.access_review.services.decide_item")
def _decide() -> Act:
    item = _review().items.first()
    assert item is not None
    words = {"item_id": item.pk, "decision": Decision.KEEP, "reason": REASON}
    return call(reviews.decide_item, actor=approver(), **words)


@scene("audit.access_review.services.sign_review")
def _sign() -> Act:
    review, first = _review(), approver()
    for item in review.items.all():
        words = {"item_id": item.pk, "decision": Decision.KEEP, "reason": REASON}
        reviews.decide_item(actor=first, now=clock.now(), **words)
    return call(reviews.sign_review, review_id=review.pk, statement=REASON, actor=approver())


@scene("audit.access_review.services.note_download")
def _download() -> Act:
    return call(reviews.note_download, review=_review(), actor=approver())
