"""Having the newest checkpoint time-stamped, outside any transaction of the log.

Like cosignatures, time-stamps are statements about the log and make no records in it; what goes
wrong does.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings

from audit.models import AttestorKind, Checkpoint, Timestamp
from audit.note import parse_note
from audit.timestamping import authority
from audit.timestamping.authority import StampRefused
from audit.timestamping.trust import authority_name, roots
from audit.witnessing import attestors
from core.actor import system
from core.errors import Misconfigured

TIMESTAMPING = system("timestamping")


def stamp_newest(*, now: dt.datetime) -> bool:
    """Have the newest checkpoint stamped when LEDGER_TSA_MINUTES have passed since the last
    stamp and the log has grown; returns whether it was.

    Never raises for an authority that fails: that is shown, logged, recorded and tried again.
    Must not run inside a transaction.
    """
    if not settings.LEDGER_TSA_URL:
        return False
    name = authority_name(settings.LEDGER_TSA_URL)
    newest, last = Checkpoint.objects.first(), Timestamp.objects.filter(authority=name).first()
    if newest is None or not _is_due(newest, last, now):
        return False
    row = attestors.due(name, AttestorKind.AUTHORITY, now=now)
    if row is None:
        return False
    text = parse_note(newest.note.encode()).text.encode()
    try:
        stamp = authority.obtain(settings.LEDGER_TSA_URL, text, roots(), now=now)
    except (StampRefused, Misconfigured) as error:
        attestors.failed(row, str(error), actor=TIMESTAMPING, now=now)
        return False
    Timestamp.objects.bulk_create(
        [
            Timestamp(
                size=newest.size,
                authority=name,
                serial=str(stamp.serial),
                attested_at=stamp.attested_at,
                received_at=now,
                response=stamp.response,
            )
        ],
        ignore_conflicts=True,
    )
    attestors.succeeded(row, size=newest.size, now=now)
    return True


def _is_due(newest: Checkpoint, last: Timestamp | None, now: dt.datetime) -> bool:
    pause = dt.timedelta(minutes=settings.LEDGER_TSA_MINUTES)
    return last is None or (newest.size > last.size and now - last.received_at >= pause)
