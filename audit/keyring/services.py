"""Changing the log's key."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext_lazy as _

from audit import keys, sequencer
from audit.keyring.models import KeyRotation, Reason
from audit.keyring.statement import Statement, sign_statement
from audit.leaf import Subjects
from audit.record import record
from core.access import require, require_step_up
from core.actor import Actor
from core.errors import Conflict
from core.roles import Capability


def rotate(*, actor: Actor, now: dt.datetime, reason: Reason) -> KeyRotation:
    """Retire the log's key and go on with a fresh one (`audit.key_rotated`).

    The tree and its origin stay. Both keys sign where one ends and the other begins; the old
    private key is destroyed. People need KEYS_MANAGE and a step-up. Raises Conflict when the log
    has signed nothing under the present key, LedgerForked when it would not sign at all.
    """
    if not actor.is_system:
        require(actor, Capability.KEYS_MANAGE)
        require_step_up(actor, now)
    sequencer.catch_up(now=now)
    with sequencer.at_rest() as head:
        old, new = keys.signer(), keys.next_signer()
        last = KeyRotation.objects.first()
        if head is None or (last is not None and last.size >= head.size):
            raise Conflict(_("The log has not signed anything under its present key yet."))
        statement = Statement(
            old.verifier, new.verifier, head.size, head.root, now, Reason(reason).value
        )
        row = KeyRotation.objects.create(
            size=head.size,
            rotated_at=now,
            old=str(old.verifier),
            new=str(new.verifier),
            reason=reason,
            note=bytes(sign_statement(statement, old, new)).decode(),
        )
        record(
            action="audit.key_rotated",
            actor=actor,
            now=now,
            subjects=Subjects(object=f"log-key:{new.verifier.key_id.hex()}"),
            payload={"old": row.old, "new": row.new, "size": row.size, "reason": row.reason},
        )
    keys.signer()  # the new key takes the old one's place
    sequencer.catch_up(now=now)
    return row
