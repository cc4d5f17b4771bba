"""Reading the ledger as a recorded act, and asking for verifications and downloads.

Every read of records is itself a record (L5). What was typed into the search box may be
personal, so it is sealed under the reader's own key; structured filters are written out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit import sealing, selectors
from audit.leaf import Subjects
from audit.models import Verification
from audit.record import record
from audit.selectors import InclusionProof, RecordDetail
from core.access import require
from core.actor import Actor
from core.errors import Conflict
from core.roles import Capability


def view_record(*, record_id: UUID, actor: Actor, now: dt.datetime) -> RecordDetail:
    """One record with its proof; needs AUDIT_BROWSE and is recorded (`audit.viewed`)."""
    require(actor, Capability.AUDIT_BROWSE)
    detail = selectors.record_detail(record_id)
    _note_read("audit.viewed", f"record:{record_id}", actor=actor, now=now)
    return detail


def take_proof(*, record_id: UUID, actor: Actor, now: dt.datetime) -> InclusionProof:
    """A record's inclusion proof to hand out; recorded (`audit.proof_taken`).

    Raises Conflict (`not_in_log_yet`) while the record waits for a checkpoint.
    """
    require(actor, Capability.AUDIT_BROWSE)
    selectors.record_by_id(record_id)
    proof = selectors.inclusion_of(record_id)
    if proof is None:
        raise Conflict(
            _("The record waits for the sequencer; its proof exists in a moment."),
            code="not_in_log_yet",
        )
    _note_read("audit.proof_taken", f"record:{record_id}", actor=actor, now=now)
    return proof


def request_verification(*, actor: Actor, now: dt.datetime) -> Verification:
    """Ask for a verification of the whole log in the background; needs AUDIT_VERIFY.

    Raises Conflict while one is running.
    """
    require(actor, Capability.AUDIT_VERIFY)
    with transaction.atomic():
        running = selectors.running_verification(now=now)
        if running is not None:
            raise Conflict(_("A verification is running already."), code="already_running")
        row = Verification.objects.create(started_at=now)
        _note_read("audit.verification_requested", f"verification:{row.pk}", actor=actor, now=now)
        from audit import tasks

        transaction.on_commit(lambda: tasks.verify_ledger.delay(str(row.pk), actor.ref))
    return row


def sealed_by_reader(text: str, *, actor: Actor, now: dt.datetime) -> bytes | None:
    """`text` sealed under the data key of the person who answers for the act; None without
    text or person. Runs in the caller's transaction."""
    if not text or actor.user_id is None:
        return None
    key = sealing.key_for(actor.user_id, now=now)
    return sealing.seal_text(key, text, context="audit.typed")


def _note_read(
    action: str,
    object: str,
    *,
    actor: Actor,
    now: dt.datetime,
    payload: Mapping[str, Any] | None = None,
) -> None:
    with transaction.atomic():
        record(
            action=action,
            actor=actor,
            now=now,
            subjects=Subjects(staff=actor.user_id, object=object),
            payload=payload,
        )
