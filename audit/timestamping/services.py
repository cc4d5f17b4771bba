"""Having the newest checkpoint time-stamped, outside any transaction of the log.

Like cosignatures, time-stamps are statements about the log and make no records in it; what goes
wrong does.
"""

from __future__ import annotations

import datetime as dt

from audit.models import AttestorKind, Checkpoint, Timestamp
from audit.note import parse_note
from audit.timestamping import authority
from audit.timestamping.authority import StampRefused
from audit.timestamping.trust import Authority, asked, roots_in
from audit.witnessing import attestors
from core.actor import system
from core.errors import Misconfigured

TIMESTAMPING = system("timestamping")


def stamp_newest(*, now: dt.datetime) -> bool:
    """Have the newest checkpoint stamped when the authority's pause (LEDGER_TSA_MINUTES) has
    passed since the last stamp and the log has grown; returns whether it was.

    Never raises for an authority that fails: that is shown, logged, recorded and tried again.
    Must not run inside a transaction.
    """
    who = asked()
    if who is None:
        return False
    newest, last = Checkpoint.objects.first(), Timestamp.objects.filter(authority=who.name).first()
    if newest is None or not _is_due(who, newest, last, now):
        return False
    row = attestors.due(who.name, AttestorKind.AUTHORITY, now=now)
    if row is None:
        return False
    text = parse_note(newest.note.encode()).text.encode()
    try:
        stamp = authority.obtain(who.url, text, roots_in(who.roots), now=now)
    except (StampRefused, Misconfigured) as error:
        attestors.failed(row, str(error), actor=TIMESTAMPING, now=now)
        return False
    Timestamp.objects.bulk_create(
        [
            Timestamp(
                size=newest.size,
                authority=who.name,
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


def _is_due(who: Authority, newest: Checkpoint, last: Timestamp | None, now: dt.datetime) -> bool:
    return last is None or (newest.size > last.size and now - last.received_at >= who.pause)
