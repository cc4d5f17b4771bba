"""How asking outsiders went: one row for each, with a growing pause after failures."""

from __future__ import annotations

import datetime as dt
import logging

from django.db import transaction

from audit.leaf import Subjects
from audit.models import Attestor, AttestorKind
from audit.record import record
from core.actor import Actor

logger = logging.getLogger(__name__)
_FIRST_PAUSE = dt.timedelta(seconds=5)
_LONGEST_PAUSE = dt.timedelta(minutes=5)


def due(name: str, kind: AttestorKind, *, now: dt.datetime) -> Attestor | None:
    """The attestor's row, made at first use; None while it rests after a failure."""
    row, _made = Attestor.objects.get_or_create(name=name, defaults={"kind": kind.value})
    return row if row.next_at is None or row.next_at <= now else None


def succeeded(row: Attestor, *, size: int, now: dt.datetime) -> None:
    """It attested the checkpoint of `size` leaves."""
    Attestor.objects.filter(pk=row.pk).update(
        size=size, held_at=now, tried_at=now, next_at=None, failures=0, error=""
    )


def failed(row: Attestor, why: str, *, actor: Actor, now: dt.datetime) -> None:
    """It did not. The first failure in a row is recorded (`audit.attestation_failed`), all are
    logged and shown; the next try waits 5 s, 10 s, 20 s … at most five minutes."""
    pause = min(_FIRST_PAUSE * 2 ** min(row.failures, 10), _LONGEST_PAUSE)
    logger.warning("%s %s: %s", row.kind, row.name, why)
    with transaction.atomic():
        locked = Attestor.objects.select_for_update().get(pk=row.pk)
        first = locked.failures == 0
        locked.failures, locked.error = locked.failures + 1, why
        locked.tried_at, locked.next_at = now, now + pause
        locked.save()
        if first:
            record(
                action="audit.attestation_failed",
                actor=actor,
                now=now,
                subjects=Subjects(object=f"attestor:{row.name}"[:200]),
                payload={"kind": row.kind, "why": why[:500]},
            )
