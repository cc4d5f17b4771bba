"""Ends: notices whose deliveries are all settled, and the open deliveries of cancelled ones."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import transaction

from audit.leaf import Subjects
from audit.record import record
from comms import bulk, journal, rules
from comms.journal import Happening
from comms.models import Notice
from comms.rules import OPEN, EventKind, NoticeState
from core.actor import system

BATCH = 2000
ACTOR = system("sender")

_CANCEL = """
UPDATE comms_delivery SET updated_at = %s,
    state = CASE WHEN state = 'queued' AND content_sealed IS NOT NULL THEN 'unconfirmed'
            ELSE 'cancelled' END
WHERE id IN (SELECT id FROM comms_delivery
    WHERE notice_id = %s AND state IN ('standby', 'held', 'queued') LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING id, investor_id, channel, attempts, state
"""


def finish_notices(*, now: dt.datetime) -> int:
    """Move planned notices without open deliveries to `done`; returns how many. Cancelled ones
    get their instant of finish."""
    finished = 0
    waiting = Notice.objects.filter(
        state__in=[NoticeState.SENDING.value, NoticeState.CANCELLED.value], finished_at=None
    ).exclude(state=NoticeState.SENDING.value, planned_at=None)
    for notice_id in waiting.values_list("pk", flat=True):
        with transaction.atomic():
            finished += _finish(notice_id, now)
    return finished


def cancel_open(*, now: dt.datetime) -> int:
    """Cancel what is still open of cancelled notices; returns how many deliveries.

    A queued delivery whose earlier attempt may have arrived ends as unconfirmed instead.
    """
    cancelled = 0
    for notice in Notice.objects.filter(state=NoticeState.CANCELLED.value, finished_at=None):
        while True:
            with transaction.atomic():
                count = _cancel(notice, now)
            cancelled += count
            if count < BATCH:
                break
    return cancelled


def _cancel(notice: Notice, now: dt.datetime) -> int:
    rows = bulk.fetch(_CANCEL, [now, notice.pk, BATCH])
    journal.write(
        [
            Happening(
                delivery=delivery,
                notice=notice.pk,
                investor=investor,
                channel=channel,
                kind=EventKind(state),
                at=now,
                attempt=attempts,
                version=notice.version_id,
            )
            for delivery, investor, channel, attempts, state in rows
        ],
        actor=ACTOR,
        now=now,
    )
    return len(rows)


def _finish(notice_id: UUID, now: dt.datetime) -> bool:
    notice = Notice.objects.select_for_update().get(pk=notice_id)
    if notice.finished_at is not None or open_deliveries(notice_id):
        return False
    if notice.state == NoticeState.SENDING and notice.planned_at is not None:
        rules.NOTICES.check(old=notice.state, new=NoticeState.DONE)
        notice.state = NoticeState.DONE.value
    elif notice.state != NoticeState.CANCELLED:
        return False
    notice.finished_at = now
    notice.save(update_fields=["state", "finished_at"])
    record(
        action="notice.finished",
        actor=ACTOR,
        now=now,
        subjects=Subjects(notice=notice.pk, version=notice.version_id),
        payload={"state": notice.state, "deliveries": _by_state(notice_id)},
    )
    return True


def open_deliveries(notice_id: UUID) -> int:
    """How many deliveries of a notice are not settled; exact, from the tallies."""
    states = [state.value for state in OPEN]
    return int(
        bulk.fetch(
            "SELECT coalesce(sum(delta), 0) FROM comms_tally WHERE notice = %s AND state = ANY(%s)",
            [notice_id, states],
        )[0][0]
    )


def _by_state(notice_id: UUID) -> dict[str, int]:
    rows = bulk.fetch(
        "SELECT state, sum(delta)::int FROM comms_tally WHERE notice = %s GROUP BY state "
        "HAVING sum(delta) <> 0 ORDER BY state",
        [notice_id],
    )
    return dict(rows)
