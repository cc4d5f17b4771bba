"""Ends: notices whose deliveries are all settled, and the open deliveries of cancelled ones."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from audit.leaf import Subjects
from audit.record import record
from comms import bulk, journal, rules
from comms.journal import Happening
from comms.models import Delivery, Notice
from comms.planning import Reason
from comms.rules import HANDED_OVER, OPEN, DeliveryState, EventKind, NoticeState
from core.actor import system
from templates_mgmt.rules import State

BATCH = 2000
RECENT = dt.timedelta(minutes=1)
CROWDED = 100  # tallies of one notice; one has at most a row per channel, state and evidence
ACTOR = system("sender")
_RUNNING = frozenset({NoticeState.RELEASED, NoticeState.SENDING, NoticeState.PAUSED})
_MAYBE = frozenset({DeliveryState.SENDING, DeliveryState.UNCONFIRMED})  # gone, for all we know

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


def stop_recalled(*, now: dt.datetime) -> int:
    """Cancel notices whose wording was recalled (T1), and say what had gone; returns how many.

    From the recall on no worker hands over another message (`frozen.lock`, `frozen.goes_on`), so
    all this adds is the end: `cancel_open` closes the deliveries that nobody has taken. A wording
    that was only retired stops nothing that was released.
    """
    running = [state.value for state in _RUNNING]
    recalled = Notice.objects.filter(state__in=running, version__state=State.RECALLED.value)
    stopped = 0
    for notice_id in recalled.values_list("pk", flat=True):
        with transaction.atomic():
            stopped += _stop(notice_id, now)
    return stopped


def _stop(notice_id: UUID, now: dt.datetime) -> bool:
    notice = Notice.objects.select_for_update().get(pk=notice_id)
    if notice.state not in _RUNNING:
        return False
    reason = str(_("The wording was recalled."))
    by_state = _by_state(notice_id)
    gone = sum(by_state.get(state.value, 0) for state in HANDED_OVER | _MAYBE)
    stopped = sum(by_state.get(state.value, 0) for state in OPEN - _MAYBE) + _refused(notice_id)
    old = notice.state
    rules.NOTICES.check(old=old, new=NoticeState.CANCELLED, reason=reason)
    notice.state, notice.state_reason = NoticeState.CANCELLED.value, reason
    notice.counts = {**notice.counts, "recalled": {"gone": gone, "stopped": stopped}}
    notice.save(update_fields=["state", "state_reason", "counts"])
    record(
        action="notice.recalled",
        actor=ACTOR,
        now=now,
        subjects=Subjects(notice=notice.pk, version=notice.version_id),
        payload={"from": old, "gone": gone, "stopped": stopped, "deliveries": by_state},
    )
    return True


def _refused(notice_id: UUID) -> int:
    """Deliveries that workers refused for want of the approval, before this came by."""
    return Delivery.objects.filter(
        notice=notice_id,
        state=DeliveryState.REFUSED.value,
        last_error=Reason.NOT_APPROVED.value,
    ).count()


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
    _compact(notice_id, before=dt.datetime.max.replace(tzinfo=dt.UTC))
    record(
        action="notice.finished",
        actor=ACTOR,
        now=now,
        subjects=Subjects(notice=notice.pk, version=notice.version_id),
        payload={"state": notice.state, "deliveries": _by_state(notice_id)},
    )
    return True


def compact_tallies(*, now: dt.datetime) -> int:
    """Roll up the tallies of notices that have collected many, but for those of the last minute,
    from which the rate is read; returns how many rows that saved. Sums stay exact at any
    instant, whatever else moves deliveries meanwhile."""
    before = now - RECENT
    crowded = bulk.fetch(
        "SELECT notice FROM comms_tally WHERE at < %s GROUP BY notice HAVING count(*) > %s",
        [before, CROWDED],
    )
    return sum(_compact(notice_id, before=before) for (notice_id,) in crowded)


def _compact(notice_id: UUID, *, before: dt.datetime) -> int:
    query = "SELECT comms_compact_tally(%s, %s)"
    return int(bulk.fetch(query, [notice_id, before])[0][0])


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
